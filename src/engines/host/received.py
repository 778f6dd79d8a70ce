"""Tells the owner that bytes arrive: with Xet they stay in memory for a while, so the disk alone would look still."""

import threading
import time

SAY_EVERY = 1  # seconds


def bar(tell):
    """A progress bar class for the hub's downloader that shows nothing and tells {"event": "received", "bytes"}.

    `bytes` grow whenever any arrive; they are no size, as some are counted when received and again when written.
    """
    from huggingface_hub.utils import tqdm

    state = {"bytes": 0, "said": 0.0}
    lock = threading.Lock()

    class Received(tqdm):
        def __init__(self, *args, **options):
            self.counts = options.get("unit") == "B"
            super().__init__(*args, **{**options, "disable": True})

        def update(self, n=1):
            if self.counts and n and n > 0:
                count(n)
            return super().update(n)

    def count(n):
        with lock:
            state["bytes"] += int(n)
            now = time.monotonic()
            if now - state["said"] < SAY_EVERY:
                return
            state["said"] = now
            total = state["bytes"]
        tell({"event": "received", "bytes": total})

    return Received
