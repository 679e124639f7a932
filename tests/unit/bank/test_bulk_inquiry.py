"""What inquiries into bulk transfers find: lines after their delay, pages, searches, and nothing of the other kind."""

from typing import Any

import pytest

from mock_gmo.bank.bulk_inquiry import BulkQuery
from mock_gmo.bank.inquiry import PAGE_SIZE, StatusQuery
from mock_gmo.bank.refusals import (
    AccountNotUsable,
    DetailsNeedApplyNo,
    NextItemKeyUnknown,
    TransferClassNeedsBusinessId,
)
from mock_gmo.bank.transfers import TransferKind
from tests.unit.bank.building import (
    COMPANY,
    FRIDAY,
    NEIGHBOUR,
    NOON,
    PAYER,
    SIDE_ACCOUNT,
    TODAY,
    TOMORROW,
    codes,
    jst,
    later,
    make_bank,
    request,
)
from tests.unit.bank.bulk_building import ask, bulk_code, make_bulk_line, request_bulk, search
from tests.unit.bank.fingerprint import fingerprint

READY = later(NOON, minutes=10)


def test_lines_can_be_had_ten_minutes_after_the_request_was_complete() -> None:
    bank = make_bank(confirmation=True)
    apply_no = request_bulk(bank).apply_no
    confirmed_at = later(NOON, minutes=5)
    bank.outside.confirm(apply_no, at=confirmed_at)

    for at, has_lines in (
        (confirmed_at, False),
        (later(confirmed_at, seconds=599), False),
        (later(READY, minutes=5), True),
    ):
        page = ask(bank, apply_no, at=at, with_lines=True)
        assert (page.has_lines, page.count) == (has_lines, 1)
        assert (page.items[0].lines is not None) is has_lines
    assert ask(bank, apply_no, at=later(NOON, hours=1)).has_lines is False


def test_the_delay_is_a_setting_and_a_cancel_does_not_begin_it_anew() -> None:
    bank = make_bank(rules={"bulk_detail_seconds": 60})
    apply_no = request_bulk(bank, designated_date=TOMORROW).apply_no
    bank.cancel_transfer(COMPANY, PAYER, apply_no, "4", kind=TransferKind.BULK, at=later(NOON, minutes=5))

    assert ask(bank, apply_no, at=later(NOON, seconds=59), with_lines=True).has_lines is False
    assert ask(bank, apply_no, at=later(NOON, minutes=5), with_lines=True).has_lines is True


def test_an_application_without_its_confirmation_tells_no_lines_however_long_ago() -> None:
    bank = make_bank(confirmation=True)
    apply_no = request_bulk(bank).apply_no

    page = ask(bank, apply_no, at=later(NOON, hours=1), with_lines=True)

    assert (page.items, page.has_lines, page.count) == ((), False, 0)


@pytest.mark.parametrize(
    ("first_line", "numbers"),
    [(1, (1, 500)), (501, (501, 1000)), (1001, (1001, 1200)), (700, (700, 1199)), (1201, None), (999_999, None)],
)
def test_lines_come_in_pages_of_500_from_the_one_asked_for(first_line: int, numbers: tuple[int, int] | None) -> None:
    bank = make_bank()
    lines = (make_bulk_line(number, amount_yen=1) for number in range(1, 1201))
    apply_no = request_bulk(bank, *lines).apply_no

    page = ask(bank, apply_no, at=READY, with_lines=True, first_line=first_line)

    found = [int(line.item_id) for line in page.items[0].lines or ()]
    assert found == (list(range(numbers[0], numbers[1] + 1)) if numbers else [])
    assert (page.count, page.has_lines) == (len(found), True)


def test_lines_with_gaps_in_their_numbers_are_all_reached_page_by_page() -> None:
    bank = make_bank()
    numbers = list(range(1_000, 9_999, 15))[:600]
    apply_no = request_bulk(bank, *(make_bulk_line(number, amount_yen=1) for number in numbers)).apply_no

    pages = [ask(bank, apply_no, at=READY, with_lines=True, first_line=first) for first in (1, 501)]

    assert [int(line.item_id) for page in pages for line in page.items[0].lines or ()] == numbers


def test_status_of_single_transfers_shows_no_bulk_one_and_the_other_way_round() -> None:
    bank = make_bank()
    bulk, single = request_bulk(bank).apply_no, request(bank).apply_no

    assert (codes(bank, bulk), bulk_code(bank, single)) == ([], None)
    for term in ("1", "2"):
        query = StatusQuery(PAYER, "2", transfer_term=term)
        found = bank.transfer_status(COMPANY, query, at=NOON).items
        assert [item.application.apply_no for item in found] == [single]
        assert [item.application.apply_no for item in search(bank, transfer_term=term).items] == [bulk]


def test_lines_are_told_of_one_application_only() -> None:
    bank = make_bank()
    request_bulk(bank)

    with pytest.raises(DetailsNeedApplyNo):
        bank.bulk_status(COMPANY, BulkQuery(StatusQuery(PAYER, "2"), with_lines=True), at=NOON)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["settled", "reserved"]),
        ({"statuses": ("20",)}, ["settled"]),
        ({"statuses": ("11", "20")}, ["settled", "reserved"]),
        ({"statuses": ("30", "40")}, []),
        ({"transfer_term": "2"}, ["settled"]),
        ({"transfer_term": "2", "date_from": TODAY, "date_to": FRIDAY}, ["settled", "reserved"]),
        ({"date_from": TOMORROW, "date_to": FRIDAY}, []),
        ({"date_to": TODAY}, ["settled", "reserved"]),
    ],
    ids=str,
)
def test_a_search_finds_applications_by_day_and_state(asked: dict[str, Any], found: list[str]) -> None:
    bank = make_bank()
    names = {
        request_bulk(bank).apply_no: "settled",
        request_bulk(bank, designated_date=TOMORROW).apply_no: "reserved",
    }
    at = later(NOON, seconds=30)
    bank.tick(at=at)
    before = fingerprint(bank)

    assert [names[item.application.apply_no] for item in search(bank, at=at, **asked).items] == found
    assert fingerprint(bank) == before


@pytest.mark.parametrize(("transfer_class", "found"), [("1", 2), ("2", 1), ("3", 1)])
def test_a_search_by_class_tells_applications_from_accepted_ones(transfer_class: str, found: int) -> None:
    bank = make_bank(business_id=True)
    request_bulk(bank)
    bank.outside.approve(request_bulk(bank).apply_no, at=NOON)

    assert len(search(bank, transfer_class=transfer_class).items) == found
    bank.change_customer(COMPANY, business_id_management=False)
    with pytest.raises(TransferClassNeedsBusinessId):
        search(bank, transfer_class=transfer_class)


@pytest.mark.parametrize("term", ["1", "2"])
def test_a_search_comes_in_pages_of_500_applications(term: str) -> None:
    bank = make_bank()
    numbers = [request_bulk(bank, make_bulk_line(amount_yen=1)).apply_no for _ in range(PAGE_SIZE + 2)]

    first = search(bank, transfer_term=term)
    second = search(bank, transfer_term=term, next_item_key=first.next_item_key)

    assert [item.application.apply_no for item in (*first.items, *second.items)] == numbers
    assert (first.count, first.next_item_key, second.count, second.next_item_key) == (500, numbers[499], 2, None)


def test_a_key_of_nothing_of_a_single_transfer_or_of_another_account_is_unknown() -> None:
    bank = make_bank()
    keys = ["1", request(bank).apply_no, "2026040199999999"]

    for key in keys:
        with pytest.raises(NextItemKeyUnknown):
            search(bank, next_item_key=key)


def test_another_account_or_another_customer_sees_nothing() -> None:
    bank = make_bank()
    apply_no = request_bulk(bank).apply_no

    assert bank.bulk_status(COMPANY, BulkQuery(StatusQuery(SIDE_ACCOUNT, "1", apply_no)), at=NOON).items == ()
    with pytest.raises(AccountNotUsable):
        bank.bulk_status(NEIGHBOUR, BulkQuery(StatusQuery(PAYER, "1", apply_no)), at=NOON)


def test_yesterdays_applications_are_found_by_their_days() -> None:
    bank = make_bank()
    apply_no = request_bulk(bank).apply_no
    tomorrow = jst(9, day=TOMORROW)

    assert search(bank, at=tomorrow).items == ()
    (item,) = search(bank, at=tomorrow, date_from=TODAY).items
    assert item.application.apply_no == apply_no
