"""Events: one JSON object a line.

{"event": "fetching", "repo", "revision", "bytes", "files": [{"path", "bytes", "blob"}]}   before the first byte
{"event": "received", "bytes"}                      grows as long as bytes arrive, on the disk or not yet
{"event": "verifying", "done", "total"}             bytes read of what has arrived, to compare their checksums
{"event": "fetched", "snapshot", "revision"}        the weights are here and whole, fetched or not; revision may be null
{"event": "engine", "pid"}                          the engine's process (and process group) has started
{"event": "exited", "code": n | null, "signal": "SIGKILL" | null}
{"event": "failed", "stage": "config" | "fetch" | "check", "kind", "message"}
Kinds: not-found, revision-gone, gated, unauthorized, unreachable, disk-full, cache-unusable, not-a-model, code-refused,
model-file, incomplete, damaged, other.
"""

import json
import os


class Failed(Exception):
    """A stage that failed; carries its event."""

    def __init__(self, stage, kind, message):
        super().__init__(message)
        self.event = {"event": "failed", "stage": stage, "kind": kind, "message": one_line(message)}


def one_line(message):
    """At most 500 characters on a single line, for a screen."""
    return " ".join(str(message).split())[:500]


def encode(event):
    return json.dumps(event).encode("ascii") + b"\n"


class Outbox:
    """Sends events to the owner without ever waiting for it: what a full pipe does not take is kept for later."""

    def __init__(self, fd):
        self.fd = fd
        self.waiting = b""
        os.set_blocking(fd, False)

    def send(self, event):
        self.waiting += encode(event)
        self.flush()

    def flush(self):
        try:
            while self.waiting:
                self.waiting = self.waiting[os.write(self.fd, self.waiting) :]
        except BlockingIOError:
            pass
        except OSError:  # the owner no longer reads; the end of fd 0 says so too
            self.waiting = b""
