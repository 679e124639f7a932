"""The audit's chain: what a row's hash stands for, and which row is the first that does not hold."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from integrator.domain.audit import FIRST_HASH, Broken, Entry, entry_hash, first_broken

AT = datetime(2026, 4, 1, 3, 0, 0, 5, tzinfo=UTC)
FIRST = Entry("c1", 1, AT, "worker", "payout.placed", "店", None, '{"state":"accepted"}')
SECOND = replace(FIRST, number=2, what="payout.changed", before='{"state":"accepted"}', after='{"state":"settled"}')
FIRST_JSON = (
    '{"after":"{\\"state\\":\\"accepted\\"}","at":"2026-04-01T03:00:00.000005Z","before":null,"chain":"c1",'
    '"number":1,"subject":"店","what":"payout.placed","who":"worker"}'
)
HASH_1 = entry_hash(FIRST_HASH, FIRST)
HASH_2 = entry_hash(HASH_1, SECOND)
CHAIN = [(FIRST, FIRST_HASH, HASH_1), (SECOND, HASH_1, HASH_2)]


def test_a_hash_is_that_of_the_hash_before_and_the_row_with_its_names_in_order() -> None:
    assert hashlib.sha256(f"{'0' * 64}\n{FIRST_JSON}".encode()).hexdigest() == HASH_1


def test_the_zone_in_which_an_instant_comes_changes_no_hash() -> None:
    in_japan = replace(FIRST, at=AT.astimezone(timezone(timedelta(hours=9))))

    assert entry_hash(FIRST_HASH, in_japan) == HASH_1


@pytest.mark.parametrize(
    ("rows", "head", "broken"),
    [
        ([], None, None),
        (CHAIN, (2, HASH_2), None),
        (CHAIN[:1], (1, HASH_1), None),
        ([], (1, HASH_1), Broken("c1", 1, "the rows up to the head are missing")),
        (CHAIN[:1], (2, HASH_2), Broken("c1", 2, "the rows up to the head are missing")),
        (CHAIN[1:], (2, HASH_2), Broken("c1", 1, "the row is missing")),
        (CHAIN[:1] * 2, (2, HASH_2), Broken("c1", 2, "the row is missing")),
        (CHAIN, (2, HASH_1), Broken("c1", 2, "the head names another row")),
        (CHAIN, None, Broken("c1", 2, "the head of the chain is missing")),
        (
            [CHAIN[0], (SECOND, FIRST_HASH, HASH_2)],
            (2, HASH_2),
            Broken("c1", 2, "it does not follow the row before it"),
        ),
        (
            [(replace(FIRST, after='{"state":"settled"}'), FIRST_HASH, HASH_1), CHAIN[1]],
            (2, HASH_2),
            Broken("c1", 1, "it was changed after it was written"),
        ),
    ],
)
def test_the_first_row_that_does_not_hold_is_named_with_the_reason(
    rows: list[tuple[Entry, str, str]], head: tuple[int, str] | None, broken: Broken | None
) -> None:
    assert first_broken("c1", rows, head=head) == broken
