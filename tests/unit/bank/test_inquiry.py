"""What inquiries find: one application or a search, by which day, in which order, page by page."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from mock_gmo.bank.bank import Bank
from mock_gmo.bank.inquiry import StatusPage, StatusQuery
from mock_gmo.bank.outside_desk import OutsideDesk
from mock_gmo.bank.refusals import ImpossibleStep, NextItemKeyUnknown, TransferClassNeedsBusinessId
from mock_gmo.bank.states import TransferStatus
from mock_gmo.bank.transfers import RequestKind
from tests.unit.bank.building import (
    COMPANY,
    FRIDAY,
    NEIGHBOUR,
    NOON,
    PAYER,
    SIDE_ACCOUNT,
    TODAY,
    TOMORROW,
    jst,
    later,
    make_bank,
    make_line,
    make_order,
    request,
    to_neighbour,
)
from tests.unit.bank.fingerprint import fingerprint
from tests.unit.bank.reaching import REACH, Reached

MARCH_31 = date(2026, 3, 31)


def search(bank: Bank, *, at: datetime = NOON, account_id: str = PAYER, **terms: Any) -> StatusPage:
    return bank.transfer_status(COMPANY, StatusQuery(account_id, "2", **terms), at=at)


def numbers(page: StatusPage) -> list[str]:
    return [item.application.apply_no for item in page.items]


@pytest.fixture
def bank() -> Bank:
    """Three requests on three days: for Friday, for the next day, for the same day."""
    bank = make_bank()
    for asked_on, day in ((MARCH_31, FRIDAY), (TODAY, TOMORROW), (TOMORROW, TOMORROW)):
        request(bank, at=jst(12, day=asked_on), designated_date=day)
    return bank


FIRST, SECOND, THIRD = "2026033100000001", "2026040100000001", "2026040200000001"


@pytest.mark.parametrize(
    ("terms", "found"),
    [
        ({}, [SECOND]),
        ({"date_from": MARCH_31}, [FIRST, SECOND]),
        ({"date_to": TODAY}, [FIRST, SECOND]),
        ({"date_from": TOMORROW, "date_to": TOMORROW}, [THIRD]),
        ({"date_to": FRIDAY}, [FIRST, SECOND, THIRD]),
        ({"transfer_term": "1"}, [SECOND]),
        ({"transfer_term": "2"}, []),
        ({"transfer_term": "2", "date_to": FRIDAY}, [SECOND, THIRD, FIRST]),
        ({"transfer_term": "2", "date_from": TOMORROW, "date_to": TOMORROW}, [SECOND, THIRD]),
        ({"transfer_term": "2", "date_from": FRIDAY, "date_to": FRIDAY}, [FIRST]),
        ({"account_id": SIDE_ACCOUNT, "date_to": FRIDAY}, []),
    ],
)
def test_a_search_goes_by_one_of_two_days_in_ascending_order(
    bank: Bank, terms: dict[str, Any], found: list[str]
) -> None:
    assert numbers(search(bank, **terms)) == found


def test_the_day_of_a_request_is_that_of_japan() -> None:
    bank = make_bank()
    apply_no = request(bank, at=jst(0, 5, day=TOMORROW), designated_date=FRIDAY).apply_no

    assert numbers(search(bank, at=jst(0, 6, day=TOMORROW))) == [apply_no]
    assert numbers(search(bank, at=jst(9, day=TOMORROW), date_to=TODAY)) == []


def test_the_page_names_the_days_searched(bank: Bank) -> None:
    page = search(bank)
    open_end = search(bank, date_to=TODAY)

    assert (page.date_from, page.date_to) == (TODAY, TODAY)
    assert (open_end.date_from, open_end.date_to) == (None, TODAY)


@pytest.mark.parametrize(
    ("statuses", "found"), [(("20",), [FIRST]), (("11", "20"), [FIRST, SECOND]), (("2",), []), ((), [FIRST, SECOND])]
)
def test_states_asked_for_are_alternatives(statuses: tuple[str, ...], found: list[str]) -> None:
    bank = make_bank()
    request(bank, to_neighbour(), at=jst(12, day=MARCH_31), designated_date=MARCH_31)
    request(bank, designated_date=FRIDAY)

    assert numbers(search(bank, statuses=statuses, date_from=MARCH_31)) == found


@pytest.mark.parametrize("status", list(TransferStatus), ids=lambda status: status.label)
def test_what_has_no_code_is_found_by_no_inquiry(status: TransferStatus) -> None:
    reached = REACH[status]()
    by_number = reached.bank.transfer_status(COMPANY, StatusQuery(PAYER, "1", reached.apply_no), at=reached.at)
    by_search = search(reached.bank, date_to=FRIDAY, at=reached.at)

    assert len(by_number.items) == len(by_search.items) == (1 if status.code else 0)


@pytest.mark.parametrize("status", [s for s in TransferStatus if s.code], ids=lambda status: status.label)
def test_a_class_of_2_means_applications_and_3_what_has_an_accept_number(status: TransferStatus) -> None:
    reached = REACH[status]()
    reached.bank.change_customer(COMPANY, business_id_management=True)
    in_class = {wanted: bool(search(reached.bank, transfer_class=wanted, date_to=FRIDAY).items) for wanted in "123"}

    application = status.code in ("2", "3", "4", "5")
    assert in_class == {"1": True, "2": application, "3": not application}


@pytest.mark.parametrize("transfer_class", ["1", "2", "3"])
def test_a_class_needs_business_id_management(transfer_class: str) -> None:
    with pytest.raises(TransferClassNeedsBusinessId):
        search(make_bank(), transfer_class=transfer_class)


def test_an_unknown_or_foreign_number_finds_nothing(bank: Bank) -> None:
    for account_id, apply_no in ((PAYER, "2026040199999999"), (SIDE_ACCOUNT, FIRST)):
        assert bank.transfer_status(COMPANY, StatusQuery(account_id, "1", apply_no), at=NOON).items == ()


# Paging


@pytest.mark.parametrize("term", ["1", "2"])
@pytest.mark.parametrize("count", [499, 500, 501, 1003])
def test_pages_of_500_lines_miss_and_repeat_nothing(term: str, count: int) -> None:
    bank = make_bank(opening_yen=100_000_000)
    lines_left = count
    while lines_left:
        lines = min(7, lines_left)
        day = TOMORROW if lines_left % 2 else FRIDAY
        request(bank, *(make_line(amount_yen=1) for _ in range(lines)), designated_date=day)
        lines_left -= lines

    found, sizes, key = [], [], None
    while True:
        page = search(bank, transfer_term=term, date_to=FRIDAY, next_item_key=key)
        found += [
            (item.application.designated_date, item.application.apply_no, int(item.line.item_id)) for item in page.items
        ]
        sizes.append(len(page.items))
        key = page.next_item_key
        if key is None:
            break
        assert len(key) <= 24

    wanted = sorted(found) if term == "2" else sorted(found, key=lambda place: place[1:])
    assert found == wanted
    assert len(set(found)) == sum(sizes) == count
    assert sizes[:-1] == [500] * (len(sizes) - 1)


@pytest.mark.parametrize("key", ["", "1", FIRST, FIRST + "02", FIRST + "1", "202604019999999901", FIRST + "01x"])
def test_a_key_of_no_line_is_refused(bank: Bank, key: str) -> None:
    with pytest.raises(NextItemKeyUnknown):
        search(bank, next_item_key=key)


def test_a_key_of_another_account_is_refused(bank: Bank) -> None:
    with pytest.raises(NextItemKeyUnknown):
        search(bank, account_id=SIDE_ACCOUNT, next_item_key=FIRST + "01")


# An inquiry changes nothing


INQUIRIES: dict[str, Callable[[Reached], object]] = {
    "customers": lambda r: r.bank.customers(),
    "get_customer": lambda r: r.bank.get_customer(COMPANY),
    "accounts_of": lambda r: r.bank.accounts_of(COMPANY),
    "get_own_account": lambda r: r.bank.get_own_account(COMPANY, PAYER),
    "balance_of": lambda r: r.bank.balance_of(PAYER, at=r.at),
    "statement": lambda r: r.bank.statement(COMPANY, PAYER, at=r.at),
    "status_of_one": lambda r: r.bank.transfer_status(COMPANY, StatusQuery(PAYER, "1", r.apply_no), at=r.at),
    "status_by_apply_date": lambda r: search(r.bank, date_to=FRIDAY, at=r.at),
    "status_by_designated_date": lambda r: search(r.bank, transfer_term="2", date_to=FRIDAY, at=r.at),
    "request_result": lambda r: r.bank.request_result(COMPANY, PAYER, r.apply_no, at=r.at),
    "quote": lambda r: r.bank.quote(COMPANY, make_order(designated_date=FRIDAY), at=r.at),
    "pending_confirmations": lambda r: r.bank.outside.pending_confirmations(COMPANY, at=r.at),
    "pending_approvals": lambda r: r.bank.outside.pending_approvals(COMPANY, at=r.at),
    "possible_steps": lambda r: r.bank.outside.possible_steps(r.apply_no),
    "payments": lambda r: r.bank.payments(),
    "check_books": lambda r: r.bank.check_books(),
}


@pytest.mark.parametrize("name", list(INQUIRIES))
@pytest.mark.parametrize("status", list(TransferStatus), ids=lambda status: status.label)
def test_an_inquiry_changes_nothing_not_even_what_is_long_due(status: TransferStatus, name: str) -> None:
    reached = REACH[status]()
    before = fingerprint(reached.bank)

    for at in (reached.at, jst(23, day=TOMORROW)):
        asked = replace(reached, at=at)
        assert INQUIRIES[name](asked) == INQUIRIES[name](asked)

    assert fingerprint(reached.bank) == before


def test_the_fingerprint_sees_every_kind_of_change() -> None:
    def changed(act: Callable[[Bank], object]) -> bool:
        bank = make_bank(confirmation=True)
        before = fingerprint(bank)
        act(bank)
        return bool(fingerprint(bank) != before)

    assert changed(request)
    assert changed(lambda bank: bank.outside.deposit(PAYER, amount_yen=1, remitter_name="ﾐﾎﾝ", at=NOON))
    assert changed(lambda bank: bank.change_customer(COMPANY, confirmation_required=False))
    assert changed(lambda bank: bank.change_customer(COMPANY, transfer_limit_yen={PAYER: 1}))
    assert not changed(lambda bank: bank.tick(at=jst(12, day=FRIDAY)))


# What waits for the holder


def test_pending_confirmations_say_what_would_be_paid_and_until_when_it_can_be() -> None:
    bank = make_bank(confirmation=True)
    apply_no = request(bank, make_line(), make_line(amount_yen=5_000)).apply_no
    request(bank, at=later(NOON, minutes=5))

    first, second = bank.outside.pending_confirmations(COMPANY, at=later(NOON, minutes=9))

    assert (first.apply_no, first.kind, first.account_id) == (apply_no, RequestKind.TRANSFER, PAYER)
    assert (first.amount_yen, first.fee_yen, first.line_count) == (15_000, 286, 2)
    assert (first.beneficiary_bank, first.beneficiary_branch) == ("あおぞら銀行", "本店")
    assert (first.beneficiary_account_type, first.beneficiary_account_number) == ("1", "7654321")
    assert (first.beneficiary_name, first.designated_date) == ("ｻﾝﾌﾟﾙ ﾊﾅｺ", TODAY)
    assert (first.requested_at, first.expires_at) == (NOON, later(NOON, minutes=10))
    # The limit counts at once, also before anything has ticked.
    assert bank.outside.pending_confirmations(COMPANY, at=later(NOON, minutes=10)) == [second]
    assert bank.outside.pending_confirmations(NEIGHBOUR, at=NOON) == []


def test_a_request_confirmed_once_waits_no_more() -> None:
    bank = make_bank(confirmation=True)
    apply_no = request(bank).apply_no

    bank.outside.confirm(apply_no, at=NOON)

    assert bank.outside.pending_confirmations(COMPANY, at=NOON) == []
    with pytest.raises(ImpossibleStep):
        bank.outside.confirm(apply_no, at=NOON)


# What waits for the approver


def test_pending_approvals_say_what_would_be_paid_and_until_when_it_can_be() -> None:
    bank = make_bank(business_id=True)
    lines = make_line(), make_line(amount_yen=5_000)
    apply_no = request(bank, *lines, designated_date=TOMORROW, apply_comment="4月分").apply_no
    second_no = request(bank, at=later(NOON, minutes=5)).apply_no

    first, second = bank.outside.pending_approvals(COMPANY, at=later(NOON, minutes=9))

    assert (first.apply_no, first.account_id, first.apply_comment) == (apply_no, PAYER, "4月分")
    assert (first.amount_yen, first.fee_yen, first.line_count) == (15_000, 286, 2)
    assert (first.beneficiary_bank, first.beneficiary_branch) == ("あおぞら銀行", "本店")
    assert (first.beneficiary_account_type, first.beneficiary_account_number) == ("1", "7654321")
    assert (first.beneficiary_name, first.designated_date) == ("ｻﾝﾌﾟﾙ ﾊﾅｺ", TOMORROW)
    assert (first.requested_at, first.expires_at) == (NOON, jst(0, day=date(2026, 4, 3)))
    assert (second.apply_no, second.apply_comment) == (second_no, None)
    # The day's end counts at once, also before anything has ticked.
    assert bank.outside.pending_approvals(COMPANY, at=jst(23, 59, 59)) == [first, second]
    assert bank.outside.pending_approvals(COMPANY, at=jst(0, day=TOMORROW)) == [first]
    assert bank.outside.pending_approvals(NEIGHBOUR, at=NOON) == bank.outside.pending_approvals("nobody", at=NOON) == []


@pytest.mark.parametrize("status", list(TransferStatus), ids=lambda status: status.label)
def test_only_an_application_waits_for_an_approver(status: TransferStatus) -> None:
    reached = REACH[status]()

    waiting = [pending.apply_no for pending in reached.bank.outside.pending_approvals(COMPANY, at=reached.at)]

    assert waiting == ([reached.apply_no] if status is TransferStatus.APPLIED else [])


@pytest.mark.parametrize("step", [OutsideDesk.approve, OutsideDesk.send_back])
def test_what_the_approver_decided_waits_no_more(step: Callable[..., object]) -> None:
    bank = make_bank(confirmation=True, business_id=True)
    apply_no = request(bank).apply_no
    assert bank.outside.pending_approvals(COMPANY, at=NOON) == []

    bank.outside.confirm(apply_no, at=NOON)
    (waiting,) = bank.outside.pending_approvals(COMPANY, at=NOON)
    step(bank.outside, waiting.apply_no, at=NOON)

    assert bank.outside.pending_approvals(COMPANY, at=NOON) == []
