"""What the bank refuses, and in which order: an order that is wrong twice hears of the earlier check."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time
from itertools import combinations
from typing import Any

import pytest

from mock_gmo.bank.bank import Bank
from mock_gmo.bank.refusals import (
    REFUSALS,
    AccountNotUsable,
    BankOrBranchUnknown,
    BankRefusal,
    BeneficiaryIsDebitedAccount,
    DateInPast,
    DateTooFar,
    ForbiddenCharacterInText,
    InsufficientFunds,
    ItemIdMissing,
    ItemIdsNotConsecutive,
    LimitExceeded,
    LineRefusal,
    NotABusinessDay,
    OutsideHours,
    TotalAmountMissing,
    TotalCountMissing,
    TotalsDiffer,
)
from mock_gmo.bank.rules import ClosedHours
from mock_gmo.bank.transfers import OrderLine, TransferOrder
from tests.unit.bank.building import (
    COMPANY,
    FEE_YEN,
    FRIDAY,
    HOLIDAY,
    MONDAY,
    NEIGHBOUR_ACCOUNT,
    NOON,
    PAYER,
    SATURDAY,
    TODAY,
    TOMORROW,
    items_of,
    jst,
    later,
    make_bank,
    make_line,
    make_order,
    request,
    to_neighbour,
    to_payer,
    to_side_account,
)
from tests.unit.bank.fingerprint import fingerprint

Spoil = Callable[[TransferOrder], TransferOrder]
Row = tuple[type[BankRefusal], Spoil]

CLOSED = ClosedHours("wed", time(11), time(13))


def quoting(order: TransferOrder, bank: Bank) -> None:
    bank.quote(COMPANY, order, at=NOON)


def first_line(**changes: object) -> Spoil:
    def spoil(order: TransferOrder) -> TransferOrder:
        return replace(order, lines=(replace(order.lines[0], **changes), *order.lines[1:]))  # type: ignore[arg-type]

    return spoil


def whole(**changes: object) -> Spoil:
    return lambda order: replace(order, **changes)  # type: ignore[arg-type]


# The checks in the bank's order, each with what makes a good order fail it; the checks after these need another bank,
# not another order, and have a table of their own below.
ROWS: list[Row] = [
    (AccountNotUsable, whole(account_id=NEIGHBOUR_ACCOUNT)),
    (ItemIdsNotConsecutive, first_line(item_id="2")),
    (TotalsDiffer, whole(total_count=2)),
    (ForbiddenCharacterInText, whole(remitter_name="見本")),
    (BankOrBranchUnknown, lambda order: replace(order, lines=(*order.lines, make_line(branch_code="999")))),
    (BeneficiaryIsDebitedAccount, lambda order: replace(order, lines=(*order.lines, to_payer(amount_yen=1)))),
    (DateInPast, whole(designated_date=date(2026, 3, 31))),
]


def complaint(order: TransferOrder, bank: Bank) -> type[BankRefusal]:
    with pytest.raises(BankRefusal) as refused:
        quoting(order, bank)
    return type(refused.value)


def renumbered(order: TransferOrder) -> TransferOrder:
    """Give added lines their numbers and totals, unless the order was spoilt exactly there."""
    lines = tuple(
        line if line.item_id or len(order.lines) == 1 else replace(line, item_id=str(n))
        for n, line in enumerate(order.lines, start=1)
    )
    if len(lines) == 1:
        return order
    count = len(lines) if order.total_count is None else order.total_count + 7
    return replace(order, lines=lines, total_count=count, total_amount_yen=sum(line.amount_yen for line in lines))


@pytest.mark.parametrize(("refusal", "spoil"), ROWS, ids=lambda row: getattr(row, "__name__", ""))
def test_an_order_that_is_wrong_once_hears_of_it(refusal: type[BankRefusal], spoil: Spoil) -> None:
    assert complaint(renumbered(spoil(make_order())), make_bank()) is refusal


@pytest.mark.parametrize(("earlier", "later_row"), list(combinations(ROWS, 2)), ids=lambda row: row[0].__name__)
def test_an_order_that_is_wrong_twice_hears_of_the_earlier_check(earlier: Row, later_row: Row) -> None:
    order = renumbered(earlier[1](later_row[1](make_order())))

    assert complaint(order, make_bank()) is earlier[0]


@pytest.mark.parametrize(
    ("rules", "order", "limit_yen", "opening_yen", "refusal"),
    [
        # Far ahead comes before the holiday rule, which comes before hours, limit and funds.
        ({"date_ahead_days": 2}, make_order(designated_date=SATURDAY, holiday_code="3"), 0, 0, DateTooFar),
        ({"date_ahead_days": 3}, make_order(designated_date=SATURDAY, holiday_code="3"), 0, 0, NotABusinessDay),
        ({"closed_hours": (CLOSED,)}, make_order(), 0, 0, OutsideHours),
        ({}, make_order(), 0, 0, LimitExceeded),
        ({}, make_order(), 10_000, 10_000 + FEE_YEN - 1, InsufficientFunds),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_later_checks_keep_their_order_too(
    rules: dict[str, Any], order: TransferOrder, limit_yen: int, opening_yen: int, refusal: type[BankRefusal]
) -> None:
    bank = make_bank(rules=rules, limit_yen=limit_yen, opening_yen=opening_yen)

    assert complaint(order, bank) is refusal


def test_the_last_yen_suffices() -> None:
    bank = make_bank(limit_yen=10_000, opening_yen=10_000 + FEE_YEN)

    assert request(bank).result_code == "1"


@pytest.mark.parametrize(
    "order",
    [
        make_order(account_id=NEIGHBOUR_ACCOUNT),
        make_order(designated_date=date(2026, 3, 31)),
        make_order(make_line(amount_yen=2_000_000)),
    ],
)
def test_a_refused_request_changes_nothing(order: TransferOrder) -> None:
    bank = make_bank()
    before = fingerprint(bank)

    with pytest.raises(BankRefusal):
        bank.request_transfer(COMPANY, order, key=None, at=NOON)

    assert fingerprint(bank) == before


# Line numbers and totals


@pytest.mark.parametrize("item_id", [None, "1", "01"])
def test_a_single_line_may_be_numbered_or_not(item_id: str | None) -> None:
    bank = make_bank()

    assert bank.quote(COMPANY, make_order(make_line(item_id=item_id)), at=NOON).lines == (("1", FEE_YEN),)


@pytest.mark.parametrize("numbers", [("1", "3"), ("2", "1"), ("1", "1"), ("0", "1"), ("1", "x"), ("1", "２")])
def test_several_lines_are_numbered_without_gaps_from_one(numbers: tuple[str, ...]) -> None:
    lines = tuple(make_line(item_id=number) for number in numbers)
    order = make_order(lines=lines, total_count=2, total_amount_yen=20_000)

    assert complaint(order, make_bank()) is ItemIdsNotConsecutive


@pytest.mark.parametrize("numbers", [(None, "2"), ("1", None), (None, None)])
def test_several_lines_all_have_a_number(numbers: tuple[str | None, ...]) -> None:
    lines = tuple(make_line(item_id=number) for number in numbers)

    assert complaint(make_order(lines=lines, total_count=2, total_amount_yen=20_000), make_bank()) is ItemIdMissing


@pytest.mark.parametrize(("count", "accepted"), [(99, True), (100, False)])
def test_a_request_has_99_lines_at_most(count: int, accepted: bool) -> None:
    order = make_order(*(make_line(amount_yen=1) for _ in range(count)))

    if accepted:
        quoting(order, make_bank())
    else:
        assert complaint(order, make_bank()) is ItemIdsNotConsecutive


@pytest.mark.parametrize(
    ("totals", "refusal"),
    [
        ({"total_count": None}, TotalCountMissing),
        ({"total_amount_yen": None}, TotalAmountMissing),
        ({"total_count": None, "total_amount_yen": None}, TotalCountMissing),
        ({"total_count": 3}, TotalsDiffer),
        ({"total_amount_yen": 19_999}, TotalsDiffer),
    ],
)
def test_totals_of_several_lines_must_be_there_and_right(
    totals: dict[str, int | None], refusal: type[BankRefusal]
) -> None:
    assert complaint(make_order(make_line(), make_line(), **totals), make_bank()) is refusal


@pytest.mark.parametrize(
    "totals", [{}, {"total_count": 1}, {"total_amount_yen": 10_000}, {"total_count": 1, "total_amount_yen": 10_000}]
)
def test_totals_of_one_line_may_be_left_out(totals: dict[str, int]) -> None:
    quoting(make_order(**totals), make_bank())


def test_a_total_beyond_the_field_is_refused_even_where_no_limit_counts() -> None:
    order = make_order(to_side_account(amount_yen=10**12), designated_date=TOMORROW)

    assert complaint(order, make_bank()) is LimitExceeded


# Texts, banks, beneficiaries


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (make_line(beneficiary_name="山田"), "beneficiary_name"),
        (make_line(beneficiary_name="   "), "beneficiary_name"),
        (make_line(beneficiary_name="ﾔﾏﾀﾞ&ｻﾝｽﾞ"), "beneficiary_name"),
        (make_line(edi_info="a-1"), "edi_info"),
        (make_line(edi_info="#1"), "edi_info"),
    ],
)
def test_a_text_that_cannot_travel_names_line_and_field(line: OrderLine, field: str) -> None:
    with pytest.raises(ForbiddenCharacterInText) as refused:
        quoting(make_order(make_line(), line), make_bank())

    assert (refused.value.item_id, refused.value.field) == ("2", field)


def test_names_are_kept_converted_and_cut_after_the_conversion() -> None:
    bank = make_bank()

    sent = make_line(beneficiary_name="ガ" * 30, edi_info="ABC-1")
    apply_no = request(bank, sent, remitter_name="ミホンショウジ（カ").apply_no

    (item,) = items_of(bank, apply_no)
    assert item.application.remitter_name == "ﾐﾎﾝｼﾖｳｼﾞ(ｶ"
    assert item.line.beneficiary_name == "ｶﾞ" * 24
    assert item.line.edi_info == "ABC-1"


def test_a_remitter_without_a_name_is_the_account() -> None:
    bank = make_bank()

    (item,) = items_of(bank, request(bank).apply_no)

    assert item.application.remitter_name == "ﾐﾎﾝｼﾖｳｼﾞ(ｶ"


def test_edi_text_is_converted_where_the_rules_say_so() -> None:
    bank = make_bank(rules={"edi_info_converted": True})

    (item,) = items_of(bank, request(bank, make_line(edi_info="ショ-1")).apply_no)

    assert item.line.edi_info == "ｼﾖ-1"


@pytest.mark.parametrize("place", [{"bank_code": "9999"}, {"branch_code": "999"}, {"bank_code": "0310"}])
def test_an_unknown_bank_or_branch_names_its_line(place: dict[str, str]) -> None:
    with pytest.raises(BankOrBranchUnknown) as refused:
        quoting(make_order(make_line(), make_line(**place)), make_bank())

    assert refused.value.item_id == "2"


def test_an_account_cannot_pay_itself_but_another_account_with_its_number_elsewhere_is_fine() -> None:
    with pytest.raises(BeneficiaryIsDebitedAccount) as refused:
        quoting(make_order(to_side_account(), to_payer()), make_bank())

    assert refused.value.item_id == "2"
    quoting(make_order(to_payer(branch_code="102")), make_bank())


# Days


@pytest.mark.parametrize(
    ("at", "day", "refusal"),
    [
        (jst(23, 59, 59), date(2026, 4, 1), None),
        (jst(0, day=TOMORROW), date(2026, 4, 1), DateInPast),
        # 00:30 in Japan is still the day before in UTC: a UTC date would accept yesterday.
        (jst(0, 30), date(2026, 3, 31), DateInPast),
        (NOON, date(2027, 4, 1), None),
        (NOON, date(2027, 4, 2), DateTooFar),
    ],
)
def test_days_are_those_of_japan(at: datetime, day: date, refusal: type[BankRefusal] | None) -> None:
    order = make_order(designated_date=day)

    if refusal is None:
        make_bank().quote(COMPANY, order, at=at)
    else:
        with pytest.raises(refusal):
            make_bank().quote(COMPANY, order, at=at)


@pytest.mark.parametrize(
    ("line", "day", "code", "paid_on"),
    [
        (make_line(), SATURDAY, None, MONDAY),
        (make_line(), SATURDAY, "1", MONDAY),
        (make_line(), SATURDAY, "2", FRIDAY),
        (make_line(), HOLIDAY, "1", date(2026, 4, 30)),
        (make_line(), FRIDAY, "3", FRIDAY),
        (to_neighbour(), SATURDAY, "3", SATURDAY),
    ],
)
def test_a_closed_day_moves_a_request_that_leaves_the_bank(
    line: OrderLine, day: date, code: str | None, paid_on: date
) -> None:
    bank = make_bank()

    apply_no = request(bank, line, designated_date=day, holiday_code=code).apply_no

    (item,) = items_of(bank, apply_no)
    assert (item.application.designated_date, item.application.stated_date) == (paid_on, day)


def test_one_line_to_another_bank_moves_the_whole_request() -> None:
    bank = make_bank()

    apply_no = request(bank, to_neighbour(), make_line(), designated_date=SATURDAY).apply_no

    assert {item.application.designated_date for item in items_of(bank, apply_no)} == {MONDAY}


def test_a_closed_day_refuses_with_code_3_and_when_the_day_before_is_over() -> None:
    saturday_noon = jst(12, day=SATURDAY)

    with pytest.raises(NotABusinessDay):
        quoting(make_order(designated_date=SATURDAY, holiday_code="3"), make_bank())
    with pytest.raises(DateInPast):
        make_bank().quote(COMPANY, make_order(designated_date=SATURDAY, holiday_code="2"), at=saturday_noon)


def test_a_bank_that_pays_every_day_moves_nothing() -> None:
    bank = make_bank(rules={"holiday_rule_for_other_banks": False})

    (item,) = items_of(bank, request(bank, designated_date=SATURDAY).apply_no)

    assert item.application.designated_date == SATURDAY


@pytest.mark.parametrize(
    ("order", "at", "refused"),
    [
        (make_order(), jst(11), True),
        (make_order(), jst(10, 59, 59), False),
        (make_order(), jst(13), False),
        (make_order(to_neighbour()), NOON, False),
        (make_order(designated_date=TOMORROW), NOON, False),
    ],
)
def test_closed_hours_stop_what_would_leave_the_bank_now(order: TransferOrder, at: datetime, refused: bool) -> None:
    bank = make_bank(rules={"closed_hours": (CLOSED,)})

    if refused:
        with pytest.raises(OutsideHours):
            bank.quote(COMPANY, order, at=at)
    else:
        bank.quote(COMPANY, order, at=at)


# Limit and funds


def test_the_limit_counts_what_is_planned_and_paid_on_the_designated_day() -> None:
    bank = make_bank(limit_yen=30_000)

    request(bank)
    request(bank, to_neighbour())
    with pytest.raises(LimitExceeded):
        request(bank, make_line(amount_yen=10_001))
    request(bank)
    request(bank, make_line(amount_yen=30_000), designated_date=TOMORROW)
    with pytest.raises(LimitExceeded):
        request(bank, make_line(amount_yen=1), designated_date=TOMORROW)


def test_own_accounts_do_not_count_against_the_limit_unless_the_rules_say_so() -> None:
    request(make_bank(limit_yen=0), to_side_account())
    with pytest.raises(LimitExceeded):
        request(make_bank(limit_yen=0, rules={"own_account_moves_count_against_limit": True}), to_side_account())


def test_what_was_cancelled_or_never_executed_frees_the_limit() -> None:
    bank = make_bank(limit_yen=10_000)
    reserved = request(bank, designated_date=TOMORROW).apply_no
    executed = request(bank).apply_no

    bank.outside.withdraw(reserved, at=NOON)
    bank.outside.fail(executed, at=NOON)

    request(bank, designated_date=TOMORROW)
    request(bank)


def test_what_came_back_later_still_counts_on_its_day() -> None:
    bank = make_bank(limit_yen=10_000)
    apply_no = request(bank).apply_no
    bank.tick(at=later(NOON, minutes=1))
    bank.outside.return_funds(apply_no, at=later(NOON, minutes=1))

    with pytest.raises(LimitExceeded):
        request(bank, at=later(NOON, minutes=2))


def test_funds_matter_today_only() -> None:
    bank = make_bank(opening_yen=0)

    request(bank, designated_date=TOMORROW)
    with pytest.raises(InsufficientFunds):
        request(bank)


def test_rules_may_leave_funds_and_limit_to_the_execution() -> None:
    bank = make_bank(opening_yen=0, limit_yen=0, rules={"funds_and_limit_checked_at_request": False})

    (item,) = items_of(bank, request(bank).apply_no)

    assert item.line.status.code == "13"


def test_a_quote_adds_up_the_fees_of_its_lines_and_moves_nothing() -> None:
    bank = make_bank()
    before = fingerprint(bank)

    quote = bank.quote(COMPANY, make_order(make_line(), to_neighbour(), make_line(), designated_date=TODAY), at=NOON)

    assert (quote.total_fee_yen, quote.lines) == (2 * FEE_YEN, (("1", FEE_YEN), ("2", 0), ("3", FEE_YEN)))
    assert fingerprint(bank) == before


def test_a_comment_is_kept_only_with_business_id_management() -> None:
    for business_id, kept in ((False, None), (True, "4月分")):
        bank = make_bank(business_id=business_id)
        (item,) = items_of(bank, request(bank, apply_comment="4月分").apply_no)
        assert item.application.apply_comment == kept


# The family of refusals


def test_every_refusal_with_an_id_is_listed_once() -> None:
    found = {*BankRefusal.__subclasses__(), *LineRefusal.__subclasses__()} - {LineRefusal}

    assert set(REFUSALS) == found
    assert len({refusal.refusal_id for refusal in REFUSALS}) == len(REFUSALS)


def test_orders_without_lines_or_yen_are_no_orders() -> None:
    with pytest.raises(ValueError, match="1 line or more"):
        make_order(lines=())
    with pytest.raises(ValueError, match="1 yen or more"):
        make_line(amount_yen=0)


def test_the_account_of_somebody_else_cannot_be_used_anywhere() -> None:
    bank = make_bank()

    for use in (
        lambda: bank.get_own_account(COMPANY, NEIGHBOUR_ACCOUNT),
        lambda: bank.get_own_account(COMPANY, "999"),
        lambda: bank.balance_of("999", at=NOON),
        lambda: bank.statement(COMPANY, NEIGHBOUR_ACCOUNT, at=NOON),
        lambda: bank.request_result(COMPANY, NEIGHBOUR_ACCOUNT, "1", at=NOON),
        lambda: bank.cancel_transfer(COMPANY, NEIGHBOUR_ACCOUNT, "1", "2", at=NOON),
        lambda: bank.outside.deposit("999", amount_yen=1, remitter_name="ﾐﾎﾝ", at=NOON),
    ):
        with pytest.raises(AccountNotUsable):
            use()
    assert bank.get_own_account(COMPANY, PAYER).account_id == PAYER
