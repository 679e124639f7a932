"""The request limit counts in any second that passes, not in the seconds of a clock face."""

import pytest

from mock_gmo.rate_limit import RequestLimiter

CLIENT = "client-1"


class Timer:
    """A monotonic clock that a test sets."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def passed(arrivals: list[float], *, requests_per_second: int) -> list[bool]:
    """Return which of these calls a limiter lets through."""
    timer = Timer()
    limiter = RequestLimiter(timer)
    answers = []
    for timer.seconds in arrivals:
        answers.append(limiter.lets_through(CLIENT, requests_per_second=requests_per_second))
    return answers


@pytest.mark.parametrize(
    ("arrivals", "requests_per_second", "expected"),
    [
        ([0.0, 0.999], 1, [True, False]),
        ([0.0, 1.0], 1, [True, True]),
        ([0.9, 1.1], 1, [True, False]),  # two clock seconds, and 0.2 s apart
        ([0.75, 1.0, 1.75], 1, [True, False, True]),  # what was refused counts for nothing
        ([0.0, 0.5, 0.9, 1.0, 1.4, 1.5], 2, [True, True, False, True, False, True]),
        ([0.5, 0.6, 1.0, 1.49, 1.5], 2, [True, True, False, False, True]),
    ],
)
def test_no_second_wherever_it_begins_has_more_calls_than_allowed(
    arrivals: list[float], requests_per_second: int, expected: list[bool]
) -> None:
    assert passed(arrivals, requests_per_second=requests_per_second) == expected


def test_clients_do_not_count_for_each_other_and_one_without_a_limit_has_none() -> None:
    limiter = RequestLimiter(Timer())

    assert limiter.lets_through("client-1", requests_per_second=1)
    assert limiter.lets_through("client-2", requests_per_second=1)
    assert all(limiter.lets_through("client-3", requests_per_second=None) for _ in range(5))
