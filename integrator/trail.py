"""Whose errand this thread is on: the ids that every line of the log carries until the errand ends.

An id comes in with ReCORE's request, is stored with the payout or the question, and is taken up again by the worker
that carries it to the bank. Nothing is decided by it.
"""

import re
from collections.abc import Iterable
from contextvars import ContextVar

REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")

Members = dict[str, str | list[str]]

_present: ContextVar[Members | None] = ContextVar("integrator_trail", default=None)


def take_up(request_ids: Iterable[str | None], **subjects: str) -> None:
    """From now on this thread works for these requests; `subjects` are further ids, by their names in the log."""
    known = list(dict.fromkeys(request_id for request_id in request_ids if request_id is not None))
    members: Members = {**subjects}
    if len(known) == 1:
        members["request_id"] = known[0]
    elif known:
        members["request_ids"] = known
    _present.set(members)


def lay_down() -> None:
    """The errand has ended."""
    _present.set(None)


def members() -> Members:
    """Return the ids as members of a log line: `request_id`, or `request_ids` for a batch of several."""
    return dict(_present.get() or {})


def request_id() -> str | None:
    """Return the id of the one request that this thread works for."""
    found = members().get("request_id")
    return found if isinstance(found, str) else None
