"""Says what fetching models would bring, before anything is fetched. Writes nothing into the cache.

    python -I -B hub_look.py '[{"repo", "revision": commit | null, "trustCode"}]'

Its environment is that of a fetch. Prints one event (events.py) for each model: `failed`, or

{"event": "looked", "repo", "revision", "bytes", "files", "missingBytes", "whole",   of the commit asked for, or of main
 "main": {"revision", "missingBytes"} | null}   where main is another commit than the one asked for
"""

import json
import os
import runpy
import sys
import tempfile


def main(wanted):
    here = os.path.dirname(os.path.abspath(__file__))
    runpy.run_path(os.path.join(here, "main.py"), run_name="host")["load_package"]()
    from cclocal_host import events, hub_errors

    for one in wanted:
        try:
            event = look(**one)
        except events.Failed as failure:
            event = failure.event
        except Exception as error:
            event = hub_errors.failed(error).event
        os.write(1, events.encode(event))


def look(repo, revision, trustCode):
    from cclocal_host import fetch

    main_commit, main_files = fetch.listed(repo, "main")
    if revision is None or revision == main_commit:
        files = chosen(repo, main_commit, main_files, trustCode)
        return {"event": "looked", "repo": repo, **found(repo, main_commit, files), "main": None}
    commit, files = fetch.listed(repo, revision)
    asked = chosen(repo, commit, files, trustCode)
    brought = {file["blob"] for file in asked}
    new = [file for file in chosen(repo, main_commit, main_files, trustCode) if file["blob"] not in brought]
    offer = {"revision": main_commit, "missingBytes": size(fetch.missing(repo, new))}
    return {"event": "looked", "repo": repo, **found(repo, commit, asked), "main": offer}


def chosen(repo, commit, files, trust_code):
    """The files that an engine needs. Reads the few that say so; refuses what an engine would."""
    from cclocal_host import check, fetch

    with tempfile.TemporaryDirectory(prefix="look-") as scratch:
        names = fetch.needed(repo, commit, list(files), trust_code, scratch)
        config = fetch.small_file(repo, "config.json", commit, scratch)
        check.code(os.path.dirname(config), trust_code)
    return [files[name] for name in names]


def found(repo, commit, files):
    from cclocal_host import fetch

    snapshot = os.path.join(fetch.folder_of(repo), "snapshots", commit)
    return {
        "revision": commit,
        "bytes": size(files),
        "files": len(files),
        "missingBytes": size(fetch.missing(repo, files)),
        "whole": all(os.path.isfile(os.path.join(snapshot, file["path"])) for file in files),
    }


def size(files):
    return sum(file["bytes"] for file in files)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
