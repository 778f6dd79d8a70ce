"""From the gateway's port in the empty network to the Unix socket outside."""

import os
import signal
import socket
import threading

from cclocal_confine import kernel


def listen(port):
    door = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    door.bind(("127.0.0.1", port))
    door.listen(64)
    return door


def start(door, path):
    """In a process of its own, gone with this one; returns its number."""
    child = os.fork()
    if child != 0:
        return child
    try:
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        for name in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, signal.SIG_IGN)
        serve(door, path)
    finally:
        os._exit(1)


def serve(door, path):
    """Never returns; one connection outside for each within."""
    while True:
        inner, _ = door.accept()
        outer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            outer.connect(path)
        except OSError:
            inner.close()
            outer.close()
            continue
        inner.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for source, target in ((inner, outer), (outer, inner)):
            threading.Thread(target=copy, args=(source, target), daemon=True).start()


def copy(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        for each in (source, target):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # the other direction was first
