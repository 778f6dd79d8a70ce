"""What this machine allows, found by doing it."""

import os
import sys
import tempfile

from cclocal_confine import files, kernel, namespaces, syscalls


def probe():
    if not syscalls.known():
        sys.stderr.write(f"the filter of system calls is not written for {os.uname().machine}\n")
        return 1
    why = tried(True)
    if why is None:
        print("files")
        return 0
    why = tried(False)
    if why is None:
        print("network")
        return 0
    sys.stderr.write(f"{why}\n")
    return 1


def tried(whole):
    """Why it does not work, or None; in a child, because it cannot be undone."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        attempt(whole, writing)
    os.close(writing)
    with os.fdopen(reading, encoding="ascii") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return None if said == "yes" else said or "it was killed"


def attempt(whole, writing):
    try:
        with tempfile.TemporaryDirectory() as folder:
            namespaces.enter(whole)
            if whole:
                namespaces.own_processes()
            child = os.fork()
            if child == 0:
                within(whole, folder, writing)
            os.waitpid(child, 0)
    except OSError as error:
        os.write(writing, str(error).encode("ascii", "replace"))
    finally:
        os._exit(0)


def within(whole, folder, writing):
    try:
        if whole:
            files.arrange([folder], [])
        kernel.give_up_rights()
        syscalls.enforce()
        os.write(writing, b"yes")
    except OSError as error:
        os.write(writing, str(error).encode("ascii", "replace"))
    finally:
        os._exit(0)
