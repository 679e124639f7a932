"""The Visa statement: order, pages, periods, the bound, and which accounts have one."""

from datetime import date
from typing import Any

import pytest

from mock_gmo.bank.bank import Bank
from mock_gmo.bank.refusals import AccountNotUsable, NextItemKeyUnknown, VisaCardMissing, VisaItemsTooMany
from mock_gmo.bank.statements import StatementQuery, VisaPage
from mock_gmo.bank.visa import UseAbroad, VisaUse
from tests.unit.bank.building import COMPANY, NEIGHBOUR, NOON, PAYER, SIDE_ACCOUNT, TODAY, make_bank

MARCH_31, MARCH_30, OPENED_ON = date(2026, 3, 31), date(2026, 3, 30), date(2026, 1, 5)
USES_MAX = 99_999


def make_use(day: date = TODAY, number: int = 1, **changes: Any) -> VisaUse:
    return VisaUse(**{
        "use_date": day, "use_content": "見本文具店", "amount_yen": 100, "approval_number": f"{number:06}", **changes,
    })  # fmt: skip


def make_holder(*uses: VisaUse, **rules: Any) -> Bank:
    bank = make_bank(rules=rules)
    bank.note_visa_uses(PAYER, uses)
    return bank


def ask(bank: Bank, **asked: Any) -> VisaPage:
    return bank.visa_statement(COMPANY, StatementQuery(PAYER, **asked), at=NOON)


def numbers(page: VisaPage) -> list[int]:
    return [int(use.approval_number) for use in page.uses]


@pytest.mark.parametrize(("newest_first", "expected"), [(True, [5, 2, 4, 1, 3]), (False, [3, 1, 4, 2, 5])])
def test_uses_come_by_day_and_within_a_day_as_they_were_noted(newest_first: bool, expected: list[int]) -> None:
    bank = make_holder(
        make_use(MARCH_31, 1),
        make_use(TODAY, 2),
        make_use(MARCH_30, 3),
        make_use(MARCH_31, 4),
        make_use(TODAY, 5),
        visa_newest_first=newest_first,
    )

    assert numbers(ask(bank, date_to=TODAY)) == expected


@pytest.mark.parametrize(
    ("date_from", "date_to", "expected", "told_from", "told_to"),
    [
        (None, None, [3], TODAY, TODAY),
        (MARCH_31, None, [3, 2], MARCH_31, TODAY),
        (None, MARCH_31, [2, 1], OPENED_ON, MARCH_31),
        (MARCH_30, MARCH_31, [2, 1], MARCH_30, MARCH_31),
        (MARCH_31, MARCH_31, [2], MARCH_31, MARCH_31),
        (date(2020, 1, 1), date(2020, 1, 2), [], date(2020, 1, 1), date(2020, 1, 2)),
    ],
)
def test_the_four_period_cases(
    date_from: date | None, date_to: date | None, expected: list[int], told_from: date, told_to: date
) -> None:
    bank = make_holder(make_use(MARCH_30, 1), make_use(MARCH_31, 2), make_use(TODAY, 3))

    page = ask(bank, date_from=date_from, date_to=date_to)

    assert numbers(page) == expected
    assert (page.date_from, page.date_to) == (told_from, told_to)


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize(
    ("count", "pages"), [(0, [0]), (1, [1]), (500, [500]), (501, [500, 1]), (1_001, [500, 500, 1])]
)
def test_pages_hold_500_and_join_without_gap_or_repetition(count: int, pages: list[int], newest_first: bool) -> None:
    days = (MARCH_30, MARCH_31, TODAY)
    bank = make_holder(*(make_use(days[number % 3], number) for number in range(count)), visa_newest_first=newest_first)
    found, sizes, key = [], [], None
    for _ in range(4):
        page = ask(bank, date_from=MARCH_30, after_key=key)
        found += numbers(page)
        sizes.append(len(page.uses))
        key = page.next_item_key
        if key is None:
            break

    by_day = sorted(range(count), key=lambda number: (number % 3, number), reverse=newest_first)
    assert found == by_day
    assert sizes == pages


def test_a_use_noted_between_two_pages_shifts_nothing() -> None:
    bank = make_holder(*(make_use(MARCH_31, number) for number in range(600)))
    first = ask(bank, date_from=MARCH_31)
    bank.note_visa_uses(PAYER, [make_use(TODAY, 999)])

    second = ask(bank, date_from=MARCH_31, after_key=first.next_item_key)

    assert numbers(first) + numbers(second) == list(range(599, -1, -1))


@pytest.mark.parametrize(
    "key",
    ["1", "20260401000000000002", "20260331000000000001", "20261301000000000001", "00000000000000000000", "９" * 20],
)
def test_a_key_of_no_use_is_refused(key: str) -> None:
    with pytest.raises(NextItemKeyUnknown):
        ask(make_holder(make_use(TODAY)), after_key=key)


def test_99_999_uses_can_be_told_and_one_more_cannot_whatever_the_page() -> None:
    bank = make_holder(*(make_use(TODAY, number) for number in range(USES_MAX)))

    page = ask(bank)
    assert len(page.uses) == 500
    bank.note_visa_uses(PAYER, [make_use(MARCH_31)])
    assert ask(bank).next_item_key == page.next_item_key
    for asked in ({"date_from": MARCH_31}, {"date_from": MARCH_31, "after_key": page.next_item_key}):
        with pytest.raises(VisaItemsTooMany):
            ask(bank, **asked)


def test_an_account_without_a_card_somebody_elses_and_an_unknown_one_are_refused() -> None:
    bank = make_holder()

    assert ask(bank).uses == ()
    with pytest.raises(VisaCardMissing):
        bank.visa_statement(COMPANY, StatementQuery(SIDE_ACCOUNT), at=NOON)
    for customer, account in ((NEIGHBOUR, PAYER), (COMPANY, "9" * 12)):
        with pytest.raises(AccountNotUsable):
            bank.visa_statement(customer, StatementQuery(account), at=NOON)
    with pytest.raises(AccountNotUsable):
        bank.note_visa_uses("9" * 12)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"use_content": ""}, "1 to 120"),
        ({"use_content": "x" * 121}, "1 to 120"),
        ({"approval_number": "12345"}, "six digits"),
        ({"approval_number": "１２３４５６"}, "six digits"),
        ({"status": "4"}, "one of 1, 2, 3"),
    ],
)
def test_a_use_that_could_not_be_told_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        make_use(**changes)


@pytest.mark.parametrize("currency", ["JPY", "usd", "US", "USDT"])
def test_abroad_is_not_japan(currency: str) -> None:
    with pytest.raises(ValueError, match="not JPY"):
        UseAbroad(currency, 1, 1)
