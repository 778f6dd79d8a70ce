"""Lets the hub's own downloader wait as long as its owner does, and write what it gets at once.

Its own rules: a connection lost for five seconds, or silent for a minute, ends a download and throws away a file that
may be all but here. How long silence is borne is the owner's rule (it ends this process), so here it is borne longer.
And it writes ten megabytes at a time: on a slow line nothing seems to arrive for minutes.
"""

import time

CHUNK = 16_384  # bytes
RECONNECTS = 10_000
ASKED_TO_WAIT = 90  # seconds, the most that is waited for a hub that is asked too often, all in all


def apply():
    """Changes the downloader of this process; a release of the hub without these names keeps its own."""
    from huggingface_hub import constants, file_download

    constants.DOWNLOAD_CHUNK_SIZE = CHUNK
    begin = getattr(file_download, "http_stream_backoff", None)
    lost = lost_connections(file_download)
    if begin is None or not lost:
        return

    def patient(*args, **options):
        if options.get("retry_on_exceptions") == ():
            options.update(retry_on_exceptions=lost, max_retries=RECONNECTS)
        return begin(*args, **options)

    file_download.http_stream_backoff = patient


def lost_connections(module):
    """Classes of the HTTP library in use for a connection that cannot be made or says nothing."""
    library = getattr(module, "httpx2", None) or getattr(module, "httpx", None)
    return (library.ConnectError, library.TimeoutException) if library else ()


def asked(question):
    """The hub's answer; where it says that it is asked too often, it is asked again after the time it names."""
    deadline = time.monotonic() + ASKED_TO_WAIT
    while True:
        try:
            return question()
        except Exception as error:
            wait = waiting_time(error)
            if wait is None or time.monotonic() + wait > deadline:
                raise
            time.sleep(wait)


def waiting_time(error):
    """Seconds that an answer 429 asks to wait, None for any other."""
    answer = getattr(error, "response", None)
    if getattr(answer, "status_code", None) != 429:
        return None
    said = answer.headers.get("Retry-After", "")
    return int(said) + 1 if said.isdigit() else 5
