"""Brings a model's weights with the hub's own downloader: exactly the needed files, at exactly one commit."""

import glob
import json
import os
import shutil
import signal

from cclocal_host import check, choose, hub_errors, kinds, orphans, partial, patience, pin, received, verify
from cclocal_host.events import Failed


def snapshot(weights, tell):
    """Folder and commit of the fetched snapshot. Tells `fetching` before the first byte of the weights."""
    partial.watch()
    signal.signal(signal.SIGTERM, partial.leave)
    signal.signal(signal.SIGINT, partial.leave)
    try:
        return download(weights, tell)
    except Failed:
        raise
    except Exception as error:
        raise hub_errors.failed(error) from error


def download(weights, tell):
    from huggingface_hub import hf_hub_download, snapshot_download

    patience.apply()
    repo, wanted = weights["repo"], weights["revision"] or "main"
    commit, files = listed(repo, wanted)
    names = needed(repo, commit, list(files), weights["trustCode"])
    # Before gigabytes are fetched that would then be refused.
    snapshot = os.path.dirname(hf_hub_download(repo, "config.json", revision=commit))
    check.code(snapshot, weights["trustCode"])
    chosen = [files[name] for name in names]
    orphans.clear(folder_of(repo), [file["blob"] for file in chosen])
    fresh = missing(repo, chosen)
    room(repo, fresh)
    pin.begin(snapshot, commit)
    tell(
        {
            "event": "fetching",
            "repo": repo,
            "revision": commit,
            "bytes": sum(file["bytes"] for file in chosen),
            "files": chosen,
        }
    )
    # A name is a pattern to the hub, so its own brackets must not be read as one.
    patterns = [glob.escape(name) for name in names]
    folder = snapshot_download(repo, revision=commit, allow_patterns=patterns, tqdm_class=received.bar(tell))
    left_out = [name for name in names if not os.path.isfile(os.path.join(folder, name))]
    if left_out:
        raise Failed("fetch", "incomplete", f"the download left out {', '.join(left_out[:3])}")
    verify.files(folder, fresh, tell)
    pin.finish(folder, wanted, commit)
    return folder, commit


def listed(repo, wanted):
    """The commit that `wanted` stands for, and its files by name."""
    from huggingface_hub import HfApi

    info = patience.asked(lambda: HfApi().model_info(repo, revision=wanted, files_metadata=True))
    return info.sha, {item.rfilename: described(item) for item in info.siblings or []}


def described(item):
    """Path, size and name in the cache of one of the hub's files: the sha256 of large files, git's id of small ones."""
    large = item.lfs if isinstance(item.lfs, dict) else vars(item.lfs) if item.lfs else {}
    return {
        "path": item.rfilename,
        "bytes": large.get("size") or item.size or 0,
        "blob": large.get("sha256") or item.blob_id or "",
    }


def needed(repo, commit, names, trust_code, scratch=None):
    """Names of the files to fetch. The index of the weights is read first, as it says which ones there are.

    With a `scratch` folder nothing is added to the cache: what has to be read and is not there yet lies in it.
    """
    if "config.json" not in names:
        raise Failed("fetch", "not-a-model", kinds.no_config(names))
    texts, shards = choose.text_files(names, trust_code), set()
    if choose.INDEX in names:
        path = small_file(repo, choose.INDEX, commit, scratch)
        with open(path, encoding="utf-8") as file:
            shards = choose.shards_of(json.load(file))
        if shards <= set(names):
            texts.append(choose.INDEX)
        else:  # names files that the repository no longer has: engines that know better ignore it
            if scratch is None:
                os.unlink(path)
            shards = set()
    weights = choose.weight_files(names, shards)
    if not weights:
        raise Failed("fetch", "not-a-model", kinds.no_weights(names))
    return [*texts, *weights]


def small_file(repo, name, commit, scratch):
    """Path of a file of the repository, in the cache or, with a `scratch` folder, perhaps there."""
    from huggingface_hub import hf_hub_download, try_to_load_from_cache

    if scratch is None:
        return hf_hub_download(repo, name, revision=commit)
    here = try_to_load_from_cache(repo, name, revision=commit)
    return here if isinstance(here, str) else hf_hub_download(repo, name, revision=commit, cache_dir=scratch)


def folder_of(repo):
    """The repository's folder in the cache."""
    from huggingface_hub import constants

    return os.path.join(constants.HF_HUB_CACHE, f"models--{repo.replace('/', '--')}")


def missing(repo, files):
    """Those that are not in the cache yet, each content once."""
    blobs = os.path.join(folder_of(repo), "blobs")
    absent = [file for file in files if not os.path.exists(os.path.join(blobs, file["blob"] or "unknown"))]
    return list({file["blob"] or file["path"]: file for file in absent}.values())


def room(repo, files):
    """Fails before the download where its files cannot fit."""
    cache = os.path.dirname(folder_of(repo))
    needed = sum(file["bytes"] for file in files)
    os.makedirs(cache, exist_ok=True)
    free = shutil.disk_usage(cache).free
    if needed > free:
        raise Failed("fetch", "disk-full", f"{needed} bytes to fetch and {free} free in {cache}")
