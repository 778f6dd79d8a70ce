"""Makes the namespaces: an own network with nothing but loopback in it, own process numbers, an own view of files."""

import fcntl
import os
import socket
import struct

from cclocal_confine import kernel

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1


def enter(whole):
    """`whole` = with an own view of files and IPC; process numbers come last, see `own_processes`."""
    user, group = os.getuid(), os.getgid()
    flags = kernel.CLONE_NEWUSER | kernel.CLONE_NEWNET
    if whole:
        flags |= kernel.CLONE_NEWIPC | kernel.CLONE_NEWNS
    kernel.unshare(flags)
    kernel.own_user()
    for name, number in (("uid_map", user), ("gid_map", group)):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(f"{number} {number} 1")
    if whole:
        kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    loopback_up()


def own_processes():
    """The next child is the first of them. From here on this process itself can start no thread."""
    kernel.unshare(kernel.CLONE_NEWPID)


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        request = struct.pack("16sh", b"lo", 0)
        flags = struct.unpack("16sh", fcntl.ioctl(door, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(door, SIOCSIFFLAGS, struct.pack("16sh", b"lo", flags | IFF_UP))
