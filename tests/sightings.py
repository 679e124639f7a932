"""Which test saw which operation answer with which status and error: what the matrix of the whole run is made of.

`observed` stands around an application's WSGI callable and notes every reply; nothing here changes or judges one.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask

from mock_gmo.contract import Operation, read_operations
from mock_gmo.gateway.explaining import HEADER
from mock_gmo.profiles import PROFILES

OWN_DOCUMENTS: Final = ("sandbox", "integrator")
METHOD_NOT_ALLOWED: Final = 405
ERRORS_FROM: Final = 400
CURRENT_TEST: Final = "PYTEST_CURRENT_TEST"  # pytest's own word of where it is


@dataclass(frozen=True, slots=True, order=True)
class Sighting:
    """One kind of reply: operation, status, and the id of the refusal or the code of the problem, if it had one."""

    operation_id: str
    status: int
    error: str = ""


SEEN: Final[dict[Sighting, str]] = {}
"""By kind of reply the first test, in alphabetical order, that saw it in this process."""


def observed(app: Flask) -> Flask:
    """Return the application; from now on its replies are noted."""
    inner = app.wsgi_app

    def wsgi_app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        told: list[Any] = []

        def started(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            told[:] = status, headers
            return start_response(status, headers, *rest)

        replied = inner(environ, started)
        test = os.environ.get(CURRENT_TEST)
        if not told or test is None:
            return replied
        status, headers = int(told[0][:3]), dict(told[1])
        body = _read(replied) if status >= ERRORS_FROM and HEADER not in headers else replied
        _note(environ, status, headers, body, test.rpartition(" (")[0])
        return body

    app.wsgi_app = wsgi_app  # type: ignore[method-assign]  # Flask's own place for what stands around it
    return app


def _read(replied: Iterable[bytes]) -> Iterable[bytes]:
    content = b"".join(replied)
    if (close := getattr(replied, "close", None)) is not None:
        close()
    return (content,)


def _note(environ: WSGIEnvironment, status: int, headers: dict[str, str], body: Iterable[bytes], test: str) -> None:
    error = error_of(headers, b"".join(body) if status >= ERRORS_FROM and HEADER not in headers else b"")
    for operation_id in operations_at(environ["REQUEST_METHOD"], environ["PATH_INFO"], status):
        sighting = Sighting(operation_id, status, error)
        if sighting not in SEEN or test < SEEN[sighting]:
            SEEN[sighting] = test


def error_of(headers: Mapping[str, str], body: bytes) -> str:
    """Return what a reply says is wrong: a refusal by its rule or by redirect, or the code of a problem document."""
    if rule := headers.get(HEADER, "").partition(";")[0]:
        return rule
    if told := parse_qs(urlsplit(headers.get("Location", "")).query).get("error"):
        return f"oauth_{told[0]}"
    try:
        members = json.loads(body)
    except ValueError:
        return ""
    code = members.get("code") if isinstance(members, dict) else None
    return code if isinstance(code, str) else ""


def operations_at(method: str, path: str, status: int) -> tuple[str, ...]:
    """Return which operations a call was about; one that its path does not have is about all that it has."""
    found = _by_path().get(path)
    if found is None:
        found = next((operations for form, operations in _forms() if form.fullmatch(path)), {})
    if method in found:
        return (found[method],)
    return tuple(found.values()) if status == METHOD_NOT_ALLOWED else ()


def declared() -> Iterator[tuple[str, Operation]]:
    """Yield every operation of every document with the name of its document."""
    for name in ("auth", "corporation", "personal", "webhooks", *OWN_DOCUMENTS):
        yield from ((name, operation) for operation in read_operations(name))


@cache
def _by_path() -> dict[str, dict[str, str]]:
    """The bank's operations by every path that some profile answers to."""
    found: dict[str, dict[str, str]] = {}
    for profile in PROFILES.values():
        for prefix, documents in profile.paths.items():
            for operation in read_operations(documents[0]):
                by_method = found.setdefault(prefix + operation.relative_path, {})
                for method in (operation.method, *operation.other_methods):
                    by_method[method] = operation.operation_id
    return found


@cache
def _forms() -> tuple[tuple[re.Pattern[str], dict[str, str]], ...]:
    """The operations of our own documents by the form of their paths."""
    found: dict[str, dict[str, str]] = {}
    for operation in (operation for name in OWN_DOCUMENTS for operation in read_operations(name)):
        found.setdefault(operation.path.replace("//", "/"), {})[operation.method] = operation.operation_id
    return tuple((re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))), ids) for path, ids in found.items())
