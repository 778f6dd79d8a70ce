"""Runs a program in namespaces of its own: `python -I -B main.py SPEC.json`, started by cclocal in the agent's place.

    main.py --probe      what this machine allows: prints `files` or `network`, or fails with the reason
    main.py SPEC.json    {"argv", "port", "relay", "writable", "readonly", "files", "report"}

Four processes. The outer one and its relay keep the user's own view of the files and cannot be seen from within; the
relay listens on the gateway's port in the empty network and passes what comes on to the Unix socket `relay`. The first inner one makes the
view of the files, gives up every right to change it and puts the filter of system calls in force. The last becomes the
program. Signals that end (SIGTERM, SIGHUP) are handed on; if one process is killed, those within it go too. The exit
code or signal is the program's own. At the end `report` holds what was enforced and how often a way out was refused.
"""

import importlib.util
import json
import os
import sys


def load_package():
    """Makes this folder importable as `cclocal_confine` without touching sys.path."""
    folder = os.path.dirname(os.path.abspath(__file__))
    spec = importlib.util.spec_from_file_location(
        "cclocal_confine", os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    package = importlib.util.module_from_spec(spec)
    sys.modules["cclocal_confine"] = package
    spec.loader.exec_module(package)


def main(arguments):
    load_package()
    from cclocal_confine import probe, session

    if arguments == ["--probe"]:
        return probe.probe()
    with open(arguments[0], encoding="utf-8") as file:
        return session.run(json.load(file))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
