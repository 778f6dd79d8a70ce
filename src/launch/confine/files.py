"""The view of the files from within: all to be read, little to be written, no temporary folder of anybody else's."""

import os

from cclocal_confine import kernel

TEMPORARY = ("/tmp", "/var/tmp", "/dev/shm")


def arrange(writable, readonly):
    """For the first process of the namespaces. `writable`: whole paths of folders; `readonly`: what in them stays as it
    is. Every other folder is read-only, and the temporary ones are empty and this session's own, in memory."""
    kernel.unshare(kernel.CLONE_NEWNS)
    kernel.mount("proc", "/proc", "proc", kernel.MS_NOSUID | kernel.MS_NODEV)
    # Held open, because a folder that is kept may lie below one that is emptied.
    # The outer ones first, so that what is said of the inner ones counts.
    paths = sorted({*writable, *readonly}, key=len)
    kept = [(path, os.open(path, os.O_PATH | os.O_CLOEXEC), path in readonly) for path in paths]
    for path, door, _ in kept:
        kernel.mount(f"/proc/self/fd/{door}", path, None, kernel.MS_BIND | kernel.MS_REC)
    kernel.read_only("/", True)
    emptied = [path for path in TEMPORARY if os.path.isdir(path) and not os.path.islink(path)]
    for path in emptied:
        kernel.mount("tmpfs", path, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=0700")
    for path, door, stays in kept:
        if any(path.startswith(f"{folder}/") for folder in emptied):
            make_place(path, door)
            kernel.mount(f"/proc/self/fd/{door}", path, None, kernel.MS_BIND | kernel.MS_REC)
        kernel.read_only(path, stays)
    for _, door, _ in kept:
        os.close(door)


def make_place(path, door):
    """Something to mount on, of the same kind."""
    if os.path.lexists(path):
        return
    if os.path.isdir(f"/proc/self/fd/{door}"):
        os.makedirs(path, mode=0o700, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
