"""Deletes from the Hugging Face cache with the hub's own code, which alone keeps shared blobs and other revisions right.

    python -I hub_delete.py CACHE_DIR locked '["models--owner--name", ...]'
    python -I hub_delete.py CACHE_DIR delete '{"repos": [FOLDER...], "revisions": {FOLDER: [COMMIT...]},
                                               "leftovers": BOOLEAN}'

Prints one JSON line. `locked`: {"locked": [FOLDER...]}, those that a download holds a lock of; needs no hub. `delete`:
{"freed": BYTES, "deleted": [FOLDER...], "left": {FOLDER: REASON}}; `freed` is what the disk gained, measured before and
after, not what was hoped for. Leftovers are partial downloads that nobody has written to for two minutes and whose lock
is free, and payloads of the shared store that nothing links to any more.
"""

import fcntl
import json
import os
import sys
import time
from dataclasses import fields
from pathlib import Path

FRESH_SECONDS = 120


def delete(cache, order):
    from huggingface_hub import scan_cache_dir

    for name in (*order["repos"], *order["revisions"]):
        if not name.startswith("models--") or "/" in name:
            raise ValueError(f"{name!r} is not the folder of a model")
    tops = sorted({*order["repos"], *order["revisions"], *(partials(cache) if order["leftovers"] else ())})
    before = disk_bytes(cache, tops)
    info = scan_cache_dir(cache)
    found = {repo.repo_path.name: repo for repo in info.repos}
    left = {}
    for name in sorted({*order["repos"], *order["revisions"]}):
        held = []
        try:
            left.update(remove(info, found.get(name), cache / name, order, held))
        except Exception as error:  # the next one can still go
            left[name] = f"{type(error).__name__}: {error}"
        finally:
            for lock in held:
                os.close(lock)
    if order["leftovers"]:
        left.update(clear_partials(cache))
        clear_shared(cache)
    deleted = [name for name in sorted({*order["repos"], *order["revisions"]}) if name not in left]
    return {"freed": before - disk_bytes(cache, tops), "deleted": deleted, "left": left}


def remove(info, repo, folder, order, held):
    """Deletes one repository or some revisions of it, under all of its locks. Returns why it is still there, if it is."""
    whole = folder.name in order["repos"]
    if not os.path.lexists(folder):
        return {folder.name: "it is not in the cache"}
    if not take_locks(folder, held):
        return {folder.name: "a download of it is running"}
    if whole:
        strategy(info, repo, folder).execute()
        return {folder.name: "it could not be removed"} if os.path.lexists(folder) else {}
    commits = order["revisions"][folder.name]
    known = {revision.commit_hash for revision in repo.revisions} if repo is not None else set()
    if not known.issuperset(commits):
        return {folder.name: "the hub cannot read that revision"}
    info.delete_revisions(*commits).execute()
    stay = [commit for commit in commits if (folder / "snapshots" / commit).exists()]
    return {folder.name: f"{', '.join(stay)} could not be removed"} if stay else {}


def strategy(info, repo, folder):
    """What to delete. The scan passes over a repository without a whole revision: then its folder goes as one."""
    if repo is not None and repo.revisions:
        return info.delete_revisions(*(revision.commit_hash for revision in repo.revisions))
    empty = info.delete_revisions()
    given = {field.name: getattr(empty, field.name) for field in fields(empty)}
    return type(empty)(**{**given, "repos": frozenset({folder})})


def partials(cache):
    return {path.parent.parent.name for path in cache.glob("models--*/blobs/*.incomplete")}


def clear_partials(cache):
    """Removes partial downloads that nobody writes to any more; returns those that resisted."""
    left = {}
    for path in cache.glob("models--*/blobs/*.incomplete"):
        repo = path.parent.parent
        held = []
        try:
            if time.time() - path.lstat().st_mtime < FRESH_SECONDS:
                continue
            # The name begins with that of the blob, and so does its lock's.
            if take_lock(cache / ".locks" / repo.name / f"{path.name.split('.')[0]}.lock", held):
                path.unlink()
        except OSError as error:
            left[repo.name] = f"{type(error).__name__}: {error}"
        finally:
            for lock in held:
                os.close(lock)
    return left


def clear_shared(cache):
    try:
        from huggingface_hub.utils import _shared_blobs
    except ImportError:  # before 1.33 there is no such store
        return
    for payload in _shared_blobs.unreferenced_shared_blobs(cache):
        _shared_blobs.sweep_shared_blob(payload, cache_dir=cache)


def take_locks(folder, held):
    """Takes every lock that downloads of a repository have used; False where one is held by somebody."""
    try:
        names = os.listdir(folder.parent / ".locks" / folder.name)
    except OSError:
        return True
    return all(take_lock(folder.parent / ".locks" / folder.name / name, held) for name in names)


def take_lock(path, held):
    """The hub's downloads hold flock(2) on these files. What cannot be opened is no lock that could be held."""
    try:
        lock = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return True
    held.append(lock)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def locked(cache, names):
    found = []
    for name in names:
        held = []
        if not take_locks(cache / name, held):
            found.append(name)
        for lock in held:
            os.close(lock)
    return {"locked": found}


def disk_bytes(cache, names):
    """Bytes that folders of the cache and the shared store take on the disk; a file with two names counts once."""
    seen = {}

    def count(path):
        stat = os.lstat(path)
        seen[stat.st_dev, stat.st_ino] = stat.st_blocks * 512

    for top in (*(cache / name for name in names), cache / "blobs"):
        if not os.path.lexists(top):
            continue
        count(top)
        if top.is_symlink():  # a model on another disk, where nothing is deleted
            continue
        for path, folders, files in os.walk(top):
            for name in (*folders, *files):
                count(os.path.join(path, name))
    return sum(seen.values())


def main(cache, action, order):
    cache = Path(cache).resolve()
    if action == "locked":
        return locked(cache, json.loads(order))
    return delete(cache, json.loads(order))


if __name__ == "__main__":
    try:
        print(json.dumps(main(*sys.argv[1:])))
    except Exception as error:
        print(json.dumps({"error": f"{type(error).__name__}: {error}"}))
