"""Clears away half-written files of downloads that were killed, which huggingface_hub >= 1.18 never takes up again."""

import os
import re

from cclocal_host import partial


def clear(repository, blobs):
    """Removes them for these blobs of a repository's folder in the cache. Returns the bytes that were freed.

    Whoever downloads a blob holds the hub's lock on it, and the system frees that lock however its holder ends. So what
    lies there while nobody has the lock belongs to nobody.
    """
    freed = 0
    for blob in blobs:
        if not re.fullmatch(r"[0-9a-f]{40,64}", blob):
            continue
        left = leftovers(repository, blob)
        if left:
            freed += cleared(repository, blob, left)
    return freed


def leftovers(repository, blob):
    folder = os.path.join(repository, "blobs")
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    mine = [name for name in names if name.startswith(f"{blob}.") and partial.NEVER_RESUMED.search(name)]
    return [os.path.join(folder, name) for name in mine]


def cleared(repository, blob, left):
    from filelock import FileLock, Timeout

    cache, name = os.path.split(repository)
    lock = os.path.join(cache, ".locks", name, f"{blob}.lock")
    freed = 0
    try:
        os.makedirs(os.path.dirname(lock), exist_ok=True)
        with FileLock(lock, timeout=0, mode=0o664):
            for path in left:
                freed += os.stat(path).st_blocks * 512
                os.unlink(path)
    except (Timeout, OSError, NotImplementedError):  # somebody downloads it, or nobody can tell
        pass
    return freed
