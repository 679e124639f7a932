"""What a bulk order may hold, how its names are cut, and what it shares with single transfers."""

from dataclasses import replace
from typing import Any

import pytest

from mock_gmo.bank.bulk import BULK_LINE_COUNT_MAX
from mock_gmo.bank.refusals import (
    BankOrBranchUnknown,
    BeneficiaryIsDebitedAccount,
    DuplicateKeyOtherBody,
    ForbiddenCharacterInText,
    InsufficientFunds,
    ItemIdsNotConsecutive,
    LimitExceeded,
    LineRefusal,
    NotABusinessDay,
    TotalsDiffer,
)
from mock_gmo.bank.transfers import BulkMarks, IdempotencyKey, OrderLine, TransferKind
from tests.unit.bank.building import (
    COMPANY,
    FEE_YEN,
    NEIGHBOUR_ACCOUNT,
    NOON,
    OPENING_YEN,
    SATURDAY,
    TOMORROW,
    balance,
    later,
    make_account,
    make_bank,
    make_order,
    request,
    to_neighbour,
    to_payer,
    to_side_account,
)
from tests.unit.bank.bulk_building import ask, make_bulk_line, make_bulk_order, request_bulk
from tests.unit.bank.fingerprint import fingerprint

# Line numbers as sent, and the number of the line at fault or None.
NUMBERS: dict[tuple[str, ...], str | None] = {
    ("1",): None,
    ("1", "2", "3"): None,
    ("9999",): None,
    ("3", "1", "2"): None,
    ("1", "5", "900"): None,
    ("007",): None,
    ("0",): "0",
    ("10000",): "10000",
    ("1", "1"): "1",
    ("7", "07"): "07",
    ("1", "x"): "x",
    ("１",): "１",
}


def numbered(*numbers: str) -> tuple[OrderLine, ...]:
    return tuple(replace(make_bulk_line(), item_id=number, amount_yen=1_000) for number in numbers)


@pytest.mark.parametrize("numbers", list(NUMBERS), ids=str)
def test_lines_have_numbers_from_1_to_9999_each_once(numbers: tuple[str, ...]) -> None:
    bank = make_bank()

    if NUMBERS[numbers] is None:
        assert request_bulk(bank, *numbered(*numbers)).result_code == "1"
    else:
        with pytest.raises(ItemIdsNotConsecutive) as refused:
            request_bulk(bank, *numbered(*numbers))
        assert refused.value.item_id == NUMBERS[numbers]


def test_lines_sent_in_any_order_are_kept_and_paid_by_their_numbers() -> None:
    bank = make_bank()
    apply_no = request_bulk(bank, *numbered("30", "2", "11")).apply_no

    page = ask(bank, apply_no, at=later(NOON, minutes=10), with_lines=True)

    assert [line.item_id for line in page.items[0].lines or ()] == ["2", "11", "30"]
    assert [payment.item_id for payment in bank.payments()] == ["2", "11", "30"]


def test_9999_lines_are_taken_in_one_order() -> None:
    bank = make_bank(opening_yen=10_000_000)
    lines = (make_bulk_line(n, amount_yen=1) for n in range(1, BULK_LINE_COUNT_MAX + 1))

    apply_no = request_bulk(bank, *lines).apply_no

    (item,) = ask(bank, apply_no).items
    assert (len(item.application.lines), item.application.amount_yen) == (9_999, 9_999)
    assert balance(bank) == 10_000_000 - 9_999 * (1 + FEE_YEN)
    assert bank.check_books().sum_yen == 0


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"total_count": 2}, TotalsDiffer),
        ({"total_amount_yen": 9_999}, TotalsDiffer),
        ({"designated_date": SATURDAY, "holiday_code": "3"}, NotABusinessDay),
        ({"remitter_name": "見本"}, ForbiddenCharacterInText),
    ],
)
def test_an_order_as_a_whole_is_refused_like_a_single_one(changes: dict[str, Any], refusal: type[Exception]) -> None:
    bank = make_bank()
    before = fingerprint(bank)

    with pytest.raises(refusal):
        request_bulk(bank, **changes)
    assert fingerprint(bank) == before


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        (make_bulk_line(branch_code="999"), BankOrBranchUnknown),
        (make_bulk_line(beneficiary_name="見本"), ForbiddenCharacterInText),
        (make_bulk_line(edi_info="見本"), ForbiddenCharacterInText),
        (to_payer(), BeneficiaryIsDebitedAccount),
    ],
    ids=["branch", "name", "edi without identification", "own account"],
)
def test_a_line_at_fault_is_told_by_its_own_number(line: OrderLine, refusal: type[LineRefusal]) -> None:
    with pytest.raises(refusal) as refused:
        request_bulk(make_bank(), make_bulk_line(7), replace(line, item_id="0400", marks=BulkMarks()))

    assert refused.value.item_id == "400"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("ｱ" * 40, "ｱ" * 40),
        ("ｱ" * 41, "ｱ" * 40),
        ("ｱ" * 48, "ｱ" * 40),
        ("ガ" * 24, "ｶﾞ" * 20),
        ("ｱ" * 39 + "ガ", "ｱ" * 39 + "ｶ"),
    ],
)
def test_the_name_of_the_remitter_is_converted_then_cut_at_40(sent: str, kept: str) -> None:
    bank = make_bank()

    apply_no = request_bulk(bank, remitter_name=sent).apply_no

    assert ask(bank, apply_no).items[0].application.remitter_name == kept


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("ｻ" * 30, "ｻ" * 30), ("ｻ" * 31, "ｻ" * 30), ("ガ" * 16, "ｶﾞ" * 15), ("ｻﾝﾌﾟﾙ ﾊﾅｺ", "ｻﾝﾌﾟﾙ ﾊﾅｺ")],
)
def test_the_name_of_a_beneficiary_is_converted_then_cut_at_30(sent: str, kept: str) -> None:
    bank = make_bank()

    apply_no = request_bulk(bank, make_bulk_line(beneficiary_name=sent)).apply_no

    assert ask(bank, apply_no).items[0].application.lines[0].beneficiary_name == kept


def test_the_accounts_own_long_name_is_cut_too_and_a_single_transfer_keeps_all_48() -> None:
    bank = make_bank()
    long = make_account(account_id="101010077777", number="0077777", primary=False, name_kana="ﾐ" * 48)
    bank.open_account(long, opening_balance_yen=100_000, at=NOON)

    bulk = request_bulk(bank, account_id=long.account_id).apply_no
    single = request(bank, account_id=long.account_id, remitter_name="ｱ" * 48).apply_no

    names = {number: bank._state.applications[number].remitter_name for number in (bulk, single)}
    assert names == {bulk: "ﾐ" * 40, single: "ｱ" * 48}


@pytest.mark.parametrize(("identification", "told"), [("Y", "ABC123"), (" ", None), (None, None)])
def test_edi_text_reaches_the_beneficiary_only_with_identification_y(identification: str, told: str | None) -> None:
    bank = make_bank()
    line = to_neighbour(item_id="1", edi_info="ABC123", marks=BulkMarks(identification=identification))

    request_bulk(bank, line)

    arrival = bank.statement("sample", NEIGHBOUR_ACCOUNT, at=NOON).lines[-1]
    assert arrival.edi_info == told
    assert [payment.edi_info for payment in bank.payments()] == [told]


def test_bulk_and_single_transfers_share_the_limit_of_the_day() -> None:
    bank = make_bank(limit_yen=25_000)
    request(bank)
    request_bulk(bank)

    with pytest.raises(LimitExceeded):
        request_bulk(bank)
    assert request_bulk(bank, to_side_account(item_id="1")).result_code == "1"


def test_funds_must_cover_all_lines_and_their_fees() -> None:
    bank = make_bank(opening_yen=20_000 + FEE_YEN)
    before = fingerprint(bank)

    with pytest.raises(InsufficientFunds):
        request_bulk(bank, make_bulk_line(1), make_bulk_line(2))

    assert fingerprint(bank) == before


def test_a_fee_is_told_line_by_line_and_moves_nothing() -> None:
    bank = make_bank()
    order = make_bulk_order(make_bulk_line(20), to_neighbour(item_id="3"))

    quote = bank.quote(COMPANY, order, at=NOON)

    assert (quote.total_fee_yen, quote.lines) == (FEE_YEN, (("3", 0), ("20", FEE_YEN)))
    assert balance(bank) == OPENING_YEN


def test_a_key_answers_the_first_reply_again_and_no_other_order() -> None:
    bank = make_bank()
    key = IdempotencyKey("client", COMPANY, "K-1", kind=TransferKind.BULK)
    first = bank.request_transfer(COMPANY, make_bulk_order(), key=key, at=NOON)

    assert bank.request_transfer(COMPANY, make_bulk_order(), key=key, at=later(NOON, hours=23)) == first
    with pytest.raises(DuplicateKeyOtherBody):
        bank.request_transfer(COMPANY, make_bulk_order(data_name="5月分"), key=key, at=NOON)
    assert len(bank.payments()) == 1


def test_the_same_key_at_the_operation_for_single_transfers_is_another_key() -> None:
    bank = make_bank()
    bulk, single = (IdempotencyKey("client", COMPANY, "K-1", kind=kind) for kind in reversed(TransferKind))

    first = bank.request_transfer(COMPANY, make_bulk_order(), key=bulk, at=NOON)
    second = bank.request_transfer(COMPANY, make_order(), key=single, at=NOON)

    assert first.apply_no != second.apply_no
    assert len(bank.payments()) == 2


def test_an_order_for_tomorrow_takes_one_number_for_its_reservation() -> None:
    bank = make_bank()

    apply_no = request_bulk(bank, make_bulk_line(1), make_bulk_line(2), designated_date=TOMORROW).apply_no

    (item,) = ask(bank, apply_no).items
    assert {line.accept_no for line in item.application.lines} == {"2026040100000002"}
    assert request(bank).apply_no == "2026040100000003"
