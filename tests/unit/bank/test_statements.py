"""Statements and balances: what is posted, on which Japanese day, and how pages follow each other."""

from datetime import date, datetime

import pytest

from mock_gmo.bank.bank import Bank
from mock_gmo.bank.deposits import PayingBank
from mock_gmo.bank.postings import StatementLine
from mock_gmo.bank.refusals import AccountNotUsable, ForbiddenCharacterInText, NextItemKeyUnknown
from tests.unit.bank.building import (
    COMPANY,
    FEE_YEN,
    NEIGHBOUR,
    NEIGHBOUR_ACCOUNT,
    NOON,
    OPENED,
    OPENING_YEN,
    PAYER,
    TODAY,
    TOMORROW,
    jst,
    later,
    make_bank,
    make_line,
    request,
    to_neighbour,
)

APRIL_30, MAY_1 = date(2026, 4, 30), date(2026, 5, 1)


def told(line: StatementLine) -> tuple[str, int, str, int]:
    return line.transaction_type, line.amount_yen, line.remarks, line.balance_yen


def deposit(bank: Bank, yen: int, at: datetime) -> StatementLine:
    return bank.outside.deposit(PAYER, amount_yen=yen, remitter_name="ﾐﾎﾝ ﾀﾛｳ", at=at)


def keys(bank: Bank, *, after_key: str | None = None, at: datetime = NOON) -> tuple[list[str], str | None]:
    page = bank.statement(COMPANY, PAYER, date_to=TOMORROW, after_key=after_key, at=at)
    return [line.item_key for line in page.lines], page.next_item_key


def test_a_transfer_and_its_fee_are_two_postings_with_growing_keys() -> None:
    bank = make_bank()
    request(bank, make_line(edi_info="A1"))

    transfer, fee = bank.statement(COMPANY, PAYER, at=NOON).lines

    assert told(transfer) == ("2", 10_000, "振込 サンプル　ハナコ", OPENING_YEN - 10_000)
    assert told(fee) == ("2", FEE_YEN, "振込手数料", OPENING_YEN - 10_000 - FEE_YEN)
    assert (transfer.item_key, fee.item_key) == ("20260401120000000000", "20260401120000000001")
    assert transfer.transaction_date == transfer.value_date == TODAY


def test_outgoing_remarks_carry_the_edi_text_where_the_rules_say_so() -> None:
    bank = make_bank(rules={"outgoing_remarks_carry_edi_info": True})
    request(bank, make_line(edi_info="A1"))

    assert bank.statement(COMPANY, PAYER, at=NOON).lines[0].remarks == "振込 A1 サンプル　ハナコ"


def test_the_beneficiary_at_this_bank_reads_who_paid() -> None:
    bank = make_bank()
    request(bank, to_neighbour(edi_info="C-2026-1"))

    (line,) = bank.statement(NEIGHBOUR, NEIGHBOUR_ACCOUNT, at=NOON).lines

    assert told(line) == ("1", 10_000, "振込 C-2026-1 ミホンシヨウジ（カ", 10_000)
    assert (line.applicant_name, line.edi_info) == ("ﾐﾎﾝｼﾖｳｼﾞ(ｶ", "C-2026-1")
    assert (line.payment_bank_name, line.payment_branch_name) == ("ｼﾞ-ｴﾑｵ-ｱｵｿﾞﾗﾈﾂﾄ", "ﾎｳｼﾞﾝｴｲｷﾞﾖｳﾌﾞ")


@pytest.mark.parametrize(
    ("step", "postings"),
    [
        ("fail", [("1", 10_000, "振込 手続不成立"), ("1", FEE_YEN, "振込手数料 返金")]),
        ("return_funds", [("1", 10_000, "振込 資金返却")]),
        ("recall", [("2", 880, "組戻手数料")]),
    ],
)
def test_what_comes_back_is_told_apart(step: str, postings: list[tuple[str, int, str]]) -> None:
    bank = make_bank()
    apply_no = request(bank).apply_no
    at = NOON if step == "fail" else later(NOON, minutes=1)

    getattr(bank.outside, step)(apply_no, at=at)

    lines = bank.statement(COMPANY, PAYER, at=NOON).lines[2:]
    assert [told(line)[:3] for line in lines] == postings


def test_an_incoming_transfer_shows_its_payer() -> None:
    bank = make_bank()

    line = bank.outside.deposit(
        PAYER,
        amount_yen=50_000,
        remitter_name="ミホンショウジ（カ",
        edi_info="ABC123",
        paying_bank=PayingBank("ｱｵｿﾞﾗ", "ﾎﾝﾃﾝ"),
        at=NOON,
    )

    assert told(line) == ("1", 50_000, "振込 ABC123 ミホンシヨウジ（カ", OPENING_YEN + 50_000)
    assert line.applicant_name == "ﾐﾎﾝｼﾖｳｼﾞ(ｶ"
    assert (line.payment_bank_name, line.payment_branch_name, line.edi_info) == ("ｱｵｿﾞﾗ", "ﾎﾝﾃﾝ", "ABC123")


@pytest.mark.parametrize(
    ("particulars", "field"),
    [({"remitter_name": "見本"}, "remitter_name"), ({"remitter_name": "ﾐﾎﾝ", "edi_info": "見"}, "edi_info")],
)
def test_a_deposit_that_could_not_travel_is_refused(particulars: dict[str, str], field: str) -> None:
    with pytest.raises(ForbiddenCharacterInText) as refused:
        make_bank().outside.deposit(PAYER, amount_yen=1, at=NOON, **particulars)  # type: ignore[arg-type]

    assert (refused.value.field, refused.value.item_id) == (field, None)


@pytest.mark.parametrize("yen", [0, -1, 10**12])
def test_a_deposit_is_one_yen_to_a_trillion(yen: int) -> None:
    with pytest.raises(ValueError, match="a deposit is"):
        deposit(make_bank(), yen, NOON)


# The four period cases

DAYS = [date(2026, 1, 5), date(2026, 3, 31), TODAY, TOMORROW]


@pytest.mark.parametrize(
    ("date_from", "date_to", "first", "last", "found"),
    [
        (None, None, TODAY, TODAY, [TODAY]),
        (DAYS[1], None, DAYS[1], TODAY, [DAYS[1], TODAY]),
        (None, DAYS[1], DAYS[0], DAYS[1], [DAYS[0], DAYS[1]]),
        (DAYS[1], DAYS[1], DAYS[1], DAYS[1], [DAYS[1]]),
        (TOMORROW, None, TOMORROW, TODAY, []),
        (date(2026, 2, 1), date(2026, 2, 2), date(2026, 2, 1), date(2026, 2, 2), []),
    ],
)
def test_the_four_period_cases(
    date_from: date | None, date_to: date | None, first: date, last: date, found: list[date]
) -> None:
    bank = make_bank()
    for day in DAYS[1:]:
        deposit(bank, 1_000, jst(0, day=day))

    page = bank.statement(COMPANY, PAYER, date_from=date_from, date_to=date_to, at=NOON)

    assert (page.date_from, page.date_to) == (first, last)
    assert [line.transaction_date for line in page.lines] == found


def test_a_posting_belongs_to_its_day_in_japan_not_in_utc() -> None:
    bank = make_bank()

    lines = [deposit(bank, 1, at) for at in (jst(23, 59, 59), jst(0, day=TOMORROW), jst(8, 59, day=TOMORROW))]

    assert [line.transaction_date for line in lines] == [TODAY, TOMORROW, TOMORROW]
    assert bank.statement(COMPANY, PAYER, at=jst(0, 1, day=TOMORROW)).lines == (lines[1], lines[2])


def test_postings_of_one_instant_keep_their_day_although_their_keys_grow() -> None:
    bank = make_bank()
    last_instant = later(jst(0, day=TOMORROW), microseconds=-1)

    lines = [deposit(bank, 1, last_instant) for _ in range(3)]

    assert [line.transaction_date for line in lines] == [TODAY] * 3
    assert len({line.item_key for line in lines}) == 3
    assert bank.statement(COMPANY, PAYER, at=NOON).lines == tuple(lines)


def test_a_posting_with_an_earlier_instant_still_follows_the_one_before() -> None:
    bank = make_bank()
    first = deposit(bank, 1, jst(0, day=TOMORROW))

    second = deposit(bank, 1, NOON)

    assert second.item_key > first.item_key
    assert second.transaction_date == TOMORROW


# Paging


@pytest.mark.parametrize(
    ("count", "pages"), [(0, [0]), (499, [499]), (500, [500]), (501, [500, 1]), (1000, [500, 500])]
)
def test_a_statement_comes_in_pages_of_500_that_miss_and_repeat_nothing(count: int, pages: list[int]) -> None:
    bank = make_bank(opening_yen=0)
    sent = [deposit(bank, n + 1, NOON).item_key for n in range(count)]

    found, sizes, key = [], [], None
    while True:
        page, key = keys(bank, after_key=key)
        found += page
        sizes.append(len(page))
        assert (key is not None) is (len(found) < count)
        if key is None:
            break
        assert key == page[-1]

    assert found == sent
    assert sizes == pages


def test_what_is_posted_between_two_pages_appears_on_a_later_one_and_shifts_nothing() -> None:
    bank = make_bank(opening_yen=0)
    sent = [deposit(bank, 1, NOON).item_key for _ in range(501)]
    first, key = keys(bank)
    new = deposit(bank, 1, later(NOON, seconds=1)).item_key

    second, end = keys(bank, after_key=key)

    assert first + second == [*sent, new]
    assert end is None


@pytest.mark.parametrize(
    "key", ["", "1", "20260401120000000001", "2026040112000000000x", "20261301120000000000", "９" * 20, "0" * 20]
)
def test_a_key_of_no_line_is_refused(key: str) -> None:
    bank = make_bank()
    deposit(bank, 1, NOON)

    with pytest.raises(NextItemKeyUnknown):
        keys(bank, after_key=key)


# Balances


@pytest.mark.parametrize(
    ("at", "now_yen", "day_yen", "month_yen"),
    [
        (jst(23, 59, 59, day=APRIL_30), 1_100, 0, 0),
        (jst(0, day=MAY_1), 1_100, 1_100, 1_100),
        (jst(12, day=MAY_1), 1_100, 1_100, 1_100),
    ],
)
def test_yesterday_and_last_month_end_at_midnight_in_japan(
    at: datetime, now_yen: int, day_yen: int, month_yen: int
) -> None:
    bank = make_bank(opening_yen=0)
    deposit(bank, 1_000, jst(0, 1, day=APRIL_30))
    deposit(bank, 100, jst(23, 59, day=APRIL_30))

    balance = bank.balance_of(PAYER, at=at)

    assert (balance.balance_yen, balance.withdrawable_yen) == (now_yen, now_yen)
    assert (balance.previous_day_yen, balance.previous_month_yen) == (day_yen, month_yen)
    assert balance.account.account_id == PAYER


def test_until_the_bank_has_closed_a_day_the_closing_before_still_counts() -> None:
    bank = make_bank(opening_yen=0, rules={"day_close_seconds": 3_600})
    deposit(bank, 1_000, jst(12, day=APRIL_30))

    before, after = (bank.balance_of(PAYER, at=at) for at in (jst(0, 59, 59, day=MAY_1), jst(1, day=MAY_1)))

    assert (before.previous_day_yen, before.previous_month_yen) == (0, 0)
    assert (after.previous_day_yen, after.previous_month_yen) == (1_000, 1_000)


def test_an_account_opens_with_one_posting_or_none() -> None:
    bank = make_bank()

    (line,) = bank.statement(COMPANY, PAYER, date_to=TODAY, at=NOON).lines
    assert told(line) == ("1", OPENING_YEN, "口座開設", OPENING_YEN)
    assert line.transaction_date == date(2026, 1, 5)
    assert bank.statement(NEIGHBOUR, NEIGHBOUR_ACCOUNT, date_to=TODAY, at=NOON).lines == ()
    assert bank.balance_of(PAYER, at=OPENED).previous_day_yen == 0
    with pytest.raises(AccountNotUsable):
        bank.statement(NEIGHBOUR, PAYER, at=NOON)
