"""Which commit of a model is in use here, written down as the hub writes down its branches: a file in `refs`.

`main` is moved by every program that asks the hub for the model, with or without its weights. Ours is moved only by a
fetch of our own that came to its end, so that a newer version is offered and never fetched unasked. As a ref of the
cache it goes with the model, and no `hf cache prune` takes the version in use for an abandoned one.
"""

import os
import re

from cclocal_host import check
from cclocal_host.events import Failed

OWN = "cclocal"
COMMIT = re.compile(r"[0-9a-f]{40}")


def write(repository, name, commit):
    """Points a ref of a repository's folder in the cache at the commit: whole or not at all."""
    path = os.path.join(repository, "refs", *name.split("/"))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    fresh = f"{path}.{os.getpid()}"
    with open(fresh, "w", encoding="ascii") as file:
        file.write(commit)
    os.replace(fresh, path)


def begin(snapshot, commit):
    """A fetch begins: where nothing whole is here yet, its next run goes on with this commit."""
    repository = os.path.dirname(os.path.dirname(snapshot))
    here = current(repository)
    if here is None or not is_whole(os.path.join(repository, "snapshots", here)):
        write(repository, OWN, commit)


def finish(snapshot, wanted, commit):
    """A fetch of `wanted` is whole: from now on this is the commit in use, and what the branch stands for."""
    repository = os.path.dirname(os.path.dirname(snapshot))
    if not COMMIT.fullmatch(wanted):
        write(repository, wanted, commit)
    write(repository, OWN, commit)


def current(repository):
    """The commit in use: our own ref where its snapshot is there, else `main`; None = neither."""
    own = read(repository, OWN)
    if own is not None and os.path.isdir(os.path.join(repository, "snapshots", own)):
        return own
    return read(repository, "main")


def read(repository, name):
    try:
        with open(os.path.join(repository, "refs", name), encoding="ascii") as file:
            commit = file.read().strip()
    except (OSError, ValueError):
        return None
    return commit if COMMIT.fullmatch(commit) else None


def is_whole(snapshot):
    try:
        check.whole(snapshot)
    except Failed:
        return False
    return True
