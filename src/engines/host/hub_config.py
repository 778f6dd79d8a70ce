"""Brings a model's config.json before anything else of it, as how to serve the model is read from it.

    python -I -B hub_config.py REPO

Its environment is that of a fetch. Prints one event (events.py): `described` with the snapshot's folder, its commit and
the bytes of its weights by the hub's list of files, or `failed`. The index of the weights comes too, where there is one.
"""

import os
import runpy
import sys


def main(repo):
    here = os.path.dirname(os.path.abspath(__file__))
    runpy.run_path(os.path.join(here, "main.py"), run_name="host")["load_package"]()
    from cclocal_host import events, hub_errors

    try:
        event = config(repo)
    except events.Failed as failure:
        event = failure.event
    except Exception as error:
        event = hub_errors.failed(error).event
    os.write(1, events.encode(event))


def config(repo):
    from cclocal_host import fetch, pin
    from huggingface_hub import hf_hub_download

    # Where there is no hub this fails at once; the download would try for half a minute.
    commit, files = fetch.listed(repo, "main")
    names = fetch.needed(repo, commit, list(files), False)
    weights = sum(files[name]["bytes"] for name in names if name.endswith(".safetensors"))
    snapshot = os.path.dirname(hf_hub_download(repo, "config.json", revision=commit))
    pin.write(os.path.dirname(os.path.dirname(snapshot)), "main", commit)
    return {"event": "described", "snapshot": snapshot, "revision": commit, "weightsBytes": weights}


if __name__ == "__main__":
    main(sys.argv[1])
