"""What the integrator's log looks like to the operator who reads it."""

import json
import logging
import sys

from integrator.logs import JSONLines
from integrator.secret import Secret


def line_of(message: str, *arguments: object, exc_info: bool = False) -> str:
    info = sys.exc_info() if exc_info else None
    record = logging.LogRecord("integrator.payout", logging.INFO, "", 0, message, arguments, info)
    return JSONLines().format(record)


def test_a_fact_is_one_json_object_on_one_line() -> None:
    line = line_of("payout.submitted submission=%s", "su_1\nforged")

    assert "\n" not in line
    assert json.loads(line)["message"] == "payout.submitted submission=su_1\nforged"


def test_a_line_that_is_already_json_passes_as_it_is() -> None:
    assert line_of("%s", '{"ts": "2026-04-01"}') == '{"ts": "2026-04-01"}'


def test_a_secret_does_not_print() -> None:
    assert "hunter2" not in line_of("token=%s %r", Secret("hunter2"), Secret("hunter2"))


def test_an_exception_stays_on_the_line() -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        line = line_of("worker.failed", exc_info=True)

    assert "\n" not in line
    assert "ValueError: broken" in json.loads(line)["exception"]
