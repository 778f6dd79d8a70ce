"""The filter of system calls: no socket but of the Internet families (the network namespace has nothing but loopback),
so no Unix socket of anybody else's and no way to the machine that hosts this one; no typing into the terminal."""

import ctypes
import errno
import platform
import socket

from cclocal_confine import kernel

LOAD, EQUAL, AT_LEAST, AND, RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
NUMBER, ARCH, ARGUMENT = 0, 4, (16, 24, 32)  # offsets of the lower halves, little-endian
TIOCSTI, TIOCLINUX = 0x5412, 0x541C
FAMILIES = (socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK)
# audit's name of the architecture; socket, socketpair, ioctl, io_uring_setup
KNOWN = {
    "x86_64": (0xC000003E, 41, 53, 16, 425),
    "aarch64": (0xC00000B7, 198, 199, 29, 425),
}


class Instruction(ctypes.Structure):
    _fields_ = [("code", ctypes.c_ushort), ("jt", ctypes.c_ubyte), ("jf", ctypes.c_ubyte), ("k", ctypes.c_uint)]


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.POINTER(Instruction))]


def known():
    return platform.machine() in KNOWN


def program(machine):
    """The filter as (code, jump if true, jump if false, constant). Pure."""
    arch, open_socket, pair, ioctl, ring = KNOWN[machine]
    deny, missing = (RETURN, 0, 0, ERRNO | errno.EPERM), (RETURN, 0, 0, ERRNO | errno.ENOSYS)
    allow = (RETURN, 0, 0, ALLOW)
    of_family = [(EQUAL, len(FAMILIES) - at, 0, family) for at, family in enumerate(FAMILIES)]
    check_socket = [(LOAD, 0, 0, ARGUMENT[0]), *of_family, deny, allow]
    # A pair of datagram sockets could still be sent from to any address.
    check_pair = [(LOAD, 0, 0, ARGUMENT[1]), (AND, 0, 0, 0xF), (EQUAL, 0, 1, socket.SOCK_DGRAM), deny, allow]
    check_ioctl = [(LOAD, 0, 0, ARGUMENT[1]), (EQUAL, 1, 0, TIOCSTI), (EQUAL, 0, 1, TIOCLINUX), deny, allow]
    made = [
        *[(LOAD, 0, 0, ARCH), (EQUAL, 1, 0, arch), missing],
        *[(LOAD, 0, 0, NUMBER), (AT_LEAST, 0, 1, 0x40000000), missing],
        *[(EQUAL, 0, 1, ring), missing],
    ]
    for number, check in ((open_socket, check_socket), (pair, check_pair), (ioctl, check_ioctl)):
        made += [(EQUAL, 0, len(check), number), *check]
    return [*made, allow]


def enforce():
    """For this process and all that it starts; it can give it up no more."""
    steps = program(platform.machine())
    array = (Instruction * len(steps))(*[Instruction(*step) for step in steps])
    filled = Program(len(steps), array)
    kernel.prctl(kernel.PR_SET_SECCOMP, kernel.SECCOMP_MODE_FILTER, ctypes.addressof(filled))
