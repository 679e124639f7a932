"""What may be said of an unexpected failure: its kinds and its places, never the values that it carries.

A database's complaint quotes the row that it refused, and other messages quote what could not be read; rows hold
names and account numbers. So a message never reaches the log.
"""

import traceback

from sqlalchemy.exc import DBAPIError

CAUSES_MAX = 5
PLACES_MAX = 12


def told(error: BaseException) -> str:
    """Return the failure and its causes in one line: type, constraint if one was broken, and where, innermost last."""
    parts = []
    present: BaseException | None = error
    for _ in range(CAUSES_MAX):
        if present is None:
            break
        parts.append(f"{_kind(present)} at {_places(present)}")
        present = present.__cause__ or (None if present.__suppress_context__ else present.__context__)
    return " because of ".join(parts)


def _kind(error: BaseException) -> str:
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    if not isinstance(error, DBAPIError):
        return kind
    diagnosis = getattr(error.orig, "diag", None)
    names = ("sqlstate", "table_name", "column_name", "constraint_name")
    found = {name: getattr(diagnosis, name, None) for name in names}
    said = " ".join(f"{name}={value}" for name, value in found.items() if value)
    return f"{kind}({said})" if said else kind


def _places(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-PLACES_MAX:]
    return " > ".join(f"{_short(frame.filename)}:{frame.lineno}:{frame.name}" for frame in frames) or "nowhere"


def _short(path: str) -> str:
    return "/".join(path.rsplit("/", 2)[-2:])
