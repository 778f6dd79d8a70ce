"""Reads what a download has brought and compares it with the hub's own checksums."""

import hashlib
import os
import time

from cclocal_host.events import Failed

STEP = 1 << 20
SAY_EVERY = 0.5  # seconds


def files(snapshot, fresh, tell):
    """Fails with `damaged` where files are not what the hub has; these are removed, so that the next run brings them.

    `fresh` are the files that were not here before (fetch.described). What lies in the store shared by all repositories
    came through Xet, which verifies each piece by itself, and is not read again.
    """
    blobs = os.path.join(os.path.dirname(os.path.dirname(snapshot)), "blobs")
    pairs = [(file, os.path.join(blobs, file["blob"])) for file in fresh if len(file["blob"]) in (40, 64)]
    pairs = [(file, path) for file, path in pairs if os.path.isfile(path) and not os.path.islink(path)]
    total, done, said = sum(file["bytes"] for file, _ in pairs), 0, time.monotonic()
    damaged = []
    tell({"event": "verifying", "done": 0, "total": total})
    for file, path in pairs:
        digest = hashlib.sha256() if len(file["blob"]) == 64 else hashlib.sha1(b"blob %d\0" % os.path.getsize(path))
        with open(path, "rb", buffering=0) as content:
            while part := content.read(STEP):
                digest.update(part)
                done += len(part)
                if time.monotonic() - said >= SAY_EVERY:
                    said = time.monotonic()
                    tell({"event": "verifying", "done": min(done, total), "total": total})
        if digest.hexdigest() != file["blob"]:
            damaged.append(file["path"])
            for name in (path, os.path.join(snapshot, file["path"])):
                os.unlink(name)
    if damaged:
        verb = "was" if len(damaged) == 1 else "were"
        raise Failed("fetch", "damaged", f"{', '.join(damaged[:3])} {verb} not what the hub has, and removed again")
