"""What the integrator's log looks like to the operator who reads it."""

import json
import logging
import sys

from integrator import trail
from integrator.logs import JSONLines
from integrator.secret import Secret


def line_of(message: str, *arguments: object, exc_info: bool = False) -> str:
    info = sys.exc_info() if exc_info else None
    record = logging.LogRecord("integrator.payout", logging.INFO, "", 0, message, arguments, info)
    return JSONLines().format(record)


def test_a_fact_is_one_json_object_on_one_line() -> None:
    line = line_of("payout.submitted submission=%s", "su_1\nforged")

    assert "\n" not in line
    found = json.loads(line)
    assert (found["event"], found["level"], found["submission"]) == ("payout.submitted", "info", "su_1\nforged")
    assert found["ts"].endswith("+00:00")


def test_a_fact_keeps_its_numbers_and_its_fixed_words() -> None:
    found = json.loads(line_of("payout.needs_person submission=%s reason=work_fails attempts=%d", "su_1", 3.7))

    assert (found["reason"], found["attempts"]) == ("work_fails", 3)


def test_what_a_library_says_in_its_own_words_is_told_whole() -> None:
    found = json.loads(line_of("Connection %s is {broken}", 7))

    assert (found["event"], found["message"]) == ("log.other", "Connection 7 is {broken}")


def test_every_line_carries_the_ids_of_the_errand_until_it_ends() -> None:
    trail.take_up(["request-1", None, "request-1"], submission="su_1")
    one = json.loads(line_of("gate.turn waited_ms=%d", 5))
    trail.take_up(["request-1", "request-2"], submission="su_2")
    several = json.loads(line_of("gate.turn waited_ms=%d", 5))
    trail.lay_down()
    none = json.loads(line_of("gate.turn waited_ms=%d", 5))

    assert (one["request_id"], one["submission"]) == ("request-1", "su_1")
    assert (several["request_ids"], several["submission"]) == (["request-1", "request-2"], "su_2")
    assert not {"request_id", "request_ids", "submission"} & none.keys()


def test_a_line_that_is_already_json_passes_as_it_is() -> None:
    line = json.loads(line_of("%s", '{"ts": "2026-04-01", "event": "bank.called"}'))

    assert (line["ts"], line["event"], line["level"]) == ("2026-04-01", "bank.called", "info")


def test_a_secret_does_not_print() -> None:
    assert "hunter2" not in line_of("token=%s %r", Secret("hunter2"), Secret("hunter2"))


def test_an_exception_stays_on_the_line() -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        line = line_of("worker.failed", exc_info=True)

    assert "\n" not in line
    assert "ValueError: broken" in json.loads(line)["exception"]
