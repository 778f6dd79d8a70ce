"""What a failure of huggingface_hub means, read from the names of its classes: they have moved between releases."""

import errno

from cclocal_host.events import Failed

BY_NAME = (
    ("GatedRepoError", "gated"),
    ("OfflineModeIsEnabled", "unreachable"),
    ("RevisionNotFoundError", "revision-gone"),
    ("RepositoryNotFoundError", "not-found"),
    ("RemoteEntryNotFoundError", "not-found"),
    ("HFValidationError", "not-found"),
)
UNUSABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.EFBIG)
NO_CONNECTION = ("Connect", "Timeout", "Proxy", "Network", "Protocol", "SSL", "ReadError", "WriteError", "Chunked")


def failed(error):
    """The Failed of a download that raised `error`, judged by the whole chain of causes."""
    causes = list(chain(error))
    kinds = [found for found in map(kind, causes) if found is not None]
    told = next((cause for cause in causes if kind(cause) is not None), error)
    name = kinds[0] if kinds else "other"
    if name == "not-found" and any(bad_token(cause) for cause in causes):
        name = "unauthorized"
    return Failed("fetch", name, words(told))


def words(error):
    code = status(error)
    if code == 429:
        wait = error.response.headers.get("Retry-After", "")
        asks = f" and wants to be left alone for {wait} s" if wait.isdigit() else ""
        return f"it says that it is asked too often (429){asks}"
    if code is not None and code >= 500:
        return f"it answered with an error of its own ({code})"
    return f"{type(error).__name__}: {error}"


def chain(error):
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def kind(error):
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "disk-full"
    if isinstance(error, OSError) and error.errno in UNUSABLE:
        return "cache-unusable"
    if isinstance(error, OSError) and "Consistency check failed" in str(error):
        return "damaged"
    names = [base.__name__ for base in type(error).__mro__]
    for name, meaning in BY_NAME:
        if name in names:
            return meaning
    code = status(error)
    if code is not None:
        return {401: "unauthorized", 403: "gated", 404: "not-found"}.get(code, "unreachable")
    if isinstance(error, (ConnectionError, TimeoutError)) or any(word in names[0] for word in NO_CONNECTION):
        return "unreachable"
    return None


def status(error):
    """HTTP status of the answer, or None: a response object without a verdict counts as none."""
    return getattr(getattr(error, "response", None), "status_code", None)


def bad_token(error):
    """A hub answers 401 to a wrong token even where the repository exists; the client says "not found" to both."""
    return status(error) == 401 and "invalid" in str(error).lower()
