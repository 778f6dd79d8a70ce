"""Starts a child of the host: own session, own environment, a lifeline to the host, nothing else inherited."""

import os
import signal
import sys
from collections import namedtuple

Child = namedtuple("Child", "role pid lifeline")

TO_DEFAULT = ("SIGTERM", "SIGINT", "SIGHUP", "SIGPIPE", "SIGCHLD", "SIGQUIT", "SIGUSR1", "SIGUSR2")


def start(program, role, config_line, env, output, errors):
    """Forks and executes `program role`; `output` and `errors` become its fds 1 and 2. Returns a Child.

    The lifeline's writing end stays with the host alone: whatever ends the host closes it.
    """
    reading, writing = os.pipe()
    # A signal before the child has its own dispositions waits: the host's handlers would take it, and exec forget it.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [getattr(signal, name) for name in TO_DEFAULT])
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()  # own process group, and no terminal to read from
            for name in TO_DEFAULT:
                signal.signal(getattr(signal, name), signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, [])
            nothing = os.open(os.devnull, os.O_RDONLY)
            os.dup2(nothing, 0)
            # Both may be the descriptor that the other one replaces, so go by way of copies above the first three.
            output, errors = os.dup(output), os.dup(errors)
            os.dup2(output, 1)
            os.dup2(errors, 2)
            os.set_inheritable(reading, True)
            flags = ["-I", "-B", "-u"]
            os.execve(sys.executable, [sys.executable, *flags, program, role, str(reading)], env)
        finally:
            os._exit(127)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    os.close(reading)
    write_all(writing, config_line)
    return Child(role, pid, writing)


def write_all(fd, data):
    """A configuration is far smaller than a pipe holds, so this does not wait."""
    try:
        while data:
            data = data[os.write(fd, data) :]
    except BrokenPipeError:  # the child is gone already; its exit tells
        pass


def signal_group(pid, number):
    """Signals the child's whole group; before it has made one, the child itself."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass
    except PermissionError:  # macOS says so of a group that holds only zombies
        pass
