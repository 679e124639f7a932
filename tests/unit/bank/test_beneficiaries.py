"""The beneficiary directory: what becomes of a transfer to each kind of entry, when, and what a tester can still do."""

from datetime import datetime, time

import pytest

from mock_gmo.bank.bank import Bank
from mock_gmo.bank.beneficiaries import Beneficiary, Conduct
from mock_gmo.bank.days import instant
from mock_gmo.bank.refusals import ImpossibleStep
from tests.unit.bank.building import (
    FEE_YEN,
    FRIDAY,
    MONDAY,
    NOON,
    OPENING_YEN,
    RECALL_FEE_YEN,
    TOMORROW,
    balance,
    codes,
    later,
    make_bank,
    make_line,
    request,
    to_neighbour,
)
from tests.unit.bank.bulk_building import ask, bulk_code, make_bulk_line, request_bulk

NAME = "ｻﾝﾌﾟﾙ ﾊﾅｺ"
NUMBER = "9000001"
OTHER_NUMBER = "9000002"
SENT = OPENING_YEN - 10_000 - FEE_YEN
NEXT_MORNING = instant(TOMORROW, time(9, 0))

# An order to the entry, in the middle of the day: the conduct, its own seconds, then pairs of an instant and what the
# inquiry and the account show from that instant on.
COURSES = [
    (Conduct.TAKES, None, [(29, "12", SENT), (30, "20", SENT), (10**6, "20", SENT)]),
    (Conduct.SLOW, 90, [(30, "12", SENT), (89, "12", SENT), (90, "20", SENT), (10**6, "20", SENT)]),
    (Conduct.SLOW, None, [(3_600, "12", SENT), (75_599, "12", SENT), (75_600, "20", SENT)]),
    (Conduct.REFUSES, None, [(29, "12", SENT), (30, "40", OPENING_YEN), (10**6, "40", OPENING_YEN)]),
    (Conduct.REFUSES, 5, [(4, "12", SENT), (5, "40", OPENING_YEN)]),
    (Conduct.CLOSED, None, [(30, "20", SENT), (3_629, "20", SENT), (3_630, "22", SENT + 10_000)]),
    (Conduct.CLOSED, 0, [(29, "12", SENT), (30, "22", SENT + 10_000)]),
    (Conduct.NAME_DIFFERS, None, [(30, "20", SENT), (3_630, "22", SENT + 10_000)]),
    (Conduct.NAME_DIFFERS, 60, [(89, "20", SENT), (90, "22", SENT + 10_000), (10**6, "22", SENT + 10_000)]),
    (Conduct.AGREES_RECALL, None, [(30, "20", SENT), (10**6, "20", SENT)]),
    (Conduct.REFUSES_RECALL, None, [(30, "20", SENT), (10**6, "20", SENT)]),
]


def entry(conduct: Conduct, after_seconds: int | None = None, *, number: str = NUMBER, name: str = NAME) -> Beneficiary:
    return Beneficiary("0398", "111", "1", number, name, conduct, after_seconds)


def bank_with(*entries: Beneficiary) -> Bank:
    bank = make_bank()
    for listed in entries:
        bank.outside.list_beneficiary(listed)
    return bank


def settled_and_recalled(bank: Bank) -> tuple[str, datetime]:
    apply_no = request(bank, make_line(account_number=NUMBER)).apply_no
    at = later(NOON, seconds=30)
    bank.outside.recall(apply_no, at=at)
    return apply_no, at


@pytest.mark.parametrize(("conduct", "after_seconds", "course"), COURSES)
@pytest.mark.parametrize("in_one_leap", [False, True])
def test_an_entry_decides_what_becomes_of_a_transfer(
    conduct: Conduct, after_seconds: int | None, course: list[tuple[int, str, int]], in_one_leap: bool
) -> None:
    bank = bank_with(entry(conduct, after_seconds))
    apply_no = request(bank, make_line(account_number=NUMBER)).apply_no

    for seconds, code, yen in course[-1:] if in_one_leap else course:
        at = later(NOON, seconds=seconds)
        bank.tick(at=at)
        assert (codes(bank, apply_no, at=at), balance(bank, at=at)) == ([code], yen)

    assert bank.check_books().differing == ()


def test_every_conduct_has_its_course() -> None:
    assert {conduct for conduct, _, _ in COURSES} == set(Conduct)


def test_a_slow_bank_settles_on_the_next_business_day_not_on_a_saturday() -> None:
    bank = bank_with(entry(Conduct.SLOW))
    friday = instant(FRIDAY, time(12, 0))
    apply_no = request(bank, make_line(account_number=NUMBER), designated_date=FRIDAY, at=friday).apply_no

    bank.tick(at=instant(MONDAY, time(8, 59)))
    assert codes(bank, apply_no) == ["12"]
    bank.tick(at=instant(MONDAY, time(9, 0)))
    assert codes(bank, apply_no) == ["20"]


def test_a_reserved_transfer_is_answered_from_its_own_day_on() -> None:
    bank = bank_with(entry(Conduct.REFUSES))
    apply_no = request(bank, make_line(account_number=NUMBER), designated_date=TOMORROW).apply_no

    bank.tick(at=NEXT_MORNING)
    assert codes(bank, apply_no) == ["12"]
    bank.tick(at=later(NEXT_MORNING, seconds=30))
    assert codes(bank, apply_no) == ["40"]


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (NAME, "20"),
        ("サンプル　ハナコ", "20"),
        (" ｻﾝﾌﾟﾙ ﾊﾅｺ ", "20"),
        ("ｻﾝﾌﾟﾙﾊﾅｺ", "22"),
        ("ｻﾝﾌﾟﾙ ﾀﾛｳ", "22"),
    ],
)
@pytest.mark.parametrize("conduct", [Conduct.TAKES, Conduct.SLOW, Conduct.AGREES_RECALL, Conduct.REFUSES_RECALL])
def test_money_for_another_name_is_returned_and_names_are_compared_as_converted(
    sent: str, code: str, conduct: Conduct
) -> None:
    bank = bank_with(entry(conduct))
    apply_no = request(bank, make_line(account_number=NUMBER, beneficiary_name=sent)).apply_no

    bank.tick(at=later(NOON, days=7))

    assert codes(bank, apply_no) == [code]


def test_a_bulk_line_is_compared_by_the_thirty_characters_that_count() -> None:
    long_name = "ｻﾝﾌﾟﾙ" * 8
    bank = bank_with(entry(Conduct.TAKES, name=long_name))
    apply_no = request_bulk(bank, make_bulk_line(account_number=NUMBER, beneficiary_name=long_name)).apply_no

    bank.tick(at=later(NOON, days=7))

    assert bulk_code(bank, apply_no, at=later(NOON, days=7)) == "20"


@pytest.mark.parametrize(
    ("conduct", "code", "back_yen"), [(Conduct.AGREES_RECALL, "25", 10_000), (Conduct.REFUSES_RECALL, "26", 0)]
)
@pytest.mark.parametrize(("after_seconds", "waits"), [(None, 86_400), (600, 600), (0, 0)])
def test_a_recall_is_answered_after_its_time(
    conduct: Conduct, code: str, back_yen: int, after_seconds: int | None, waits: int
) -> None:
    bank = bank_with(entry(conduct, after_seconds))
    apply_no, asked_at = settled_and_recalled(bank)

    if waits:
        bank.tick(at=later(asked_at, seconds=waits - 1))
        assert codes(bank, apply_no) == ["24"]
    answered_at = later(asked_at, seconds=waits)
    bank.tick(at=answered_at)

    assert codes(bank, apply_no) == [code]
    assert balance(bank, at=answered_at) == SENT - RECALL_FEE_YEN + back_yen


@pytest.mark.parametrize(("conduct", "after_seconds"), [(Conduct.TAKES, None), (Conduct.SLOW, 10)])
def test_whoever_does_not_answer_recalls_leaves_that_to_the_tester(conduct: Conduct, after_seconds: int | None) -> None:
    bank = bank_with(entry(conduct, after_seconds))
    apply_no, asked_at = settled_and_recalled(bank)

    bank.tick(at=later(asked_at, days=30))
    assert codes(bank, apply_no) == ["24"]
    bank.outside.recall_agree(apply_no, at=later(asked_at, days=30))
    assert codes(bank, apply_no) == ["25"]


def test_an_account_that_is_not_listed_takes_the_money_under_any_name() -> None:
    bank = bank_with(entry(Conduct.REFUSES))
    apply_no = request(bank, make_line(account_number=OTHER_NUMBER, beneficiary_name="ﾀﾞﾚﾃﾞﾓ")).apply_no

    bank.tick(at=later(NOON, days=7))

    assert codes(bank, apply_no) == ["20"]


@pytest.mark.parametrize(
    "change", [{"account_type": "2"}, {"account_number": OTHER_NUMBER}, {"bank_code": "0310", "branch_code": "101"}]
)
def test_an_entry_is_found_by_the_whole_account_only(change: dict[str, str]) -> None:
    bank = bank_with(entry(Conduct.REFUSES))
    apply_no = request(bank, make_line(**({"account_number": NUMBER} | change))).apply_no

    bank.tick(at=later(NOON, days=7))

    assert codes(bank, apply_no) == ["20"]


def test_the_lines_of_one_order_go_their_own_ways() -> None:
    bank = bank_with(entry(Conduct.REFUSES), entry(Conduct.CLOSED, 60, number=OTHER_NUMBER))
    lines = (
        make_line(account_number=NUMBER),
        make_line(account_number=OTHER_NUMBER),
        make_line(account_number="1234567"),
        to_neighbour(),
    )
    apply_no = request(bank, *lines).apply_no

    seen = []
    for seconds in (0, 30, 90):
        bank.tick(at=later(NOON, seconds=seconds))
        seen.append(codes(bank, apply_no))

    assert seen == [["12", "12", "12", "20"], ["40", "20", "20", "20"], ["40", "22", "20", "20"]]


def test_a_bulk_transfer_with_an_entry_that_fails_becomes_30() -> None:
    bank = bank_with(entry(Conduct.CLOSED, 60))
    apply_no = request_bulk(bank, make_bulk_line(1), make_bulk_line(2, account_number=NUMBER)).apply_no

    seen = []
    for seconds in (0, 30, 90, 600):
        at = later(NOON, seconds=seconds)
        bank.tick(at=at)
        seen.append(bulk_code(bank, apply_no, at=at))

    assert seen == ["12", "20", "30", "30"]
    lines = ask(bank, apply_no, at=later(NOON, seconds=600), with_lines=True).items[0].lines
    assert lines is not None
    assert [line.status.code for line in lines] == ["20", "22"]


@pytest.mark.parametrize("conduct", [Conduct.TAKES, Conduct.SLOW, Conduct.CLOSED, Conduct.NAME_DIFFERS])
def test_what_a_tester_does_first_counts_and_the_answer_is_dropped(conduct: Conduct) -> None:
    bank = bank_with(entry(conduct))
    apply_no = request(bank, make_line(account_number=NUMBER)).apply_no

    bank.outside.fail(apply_no, at=NOON)
    bank.tick(at=later(NOON, days=7))

    assert codes(bank, apply_no) == ["40"]
    assert balance(bank) == OPENING_YEN


@pytest.mark.parametrize("conduct", [Conduct.CLOSED, Conduct.NAME_DIFFERS])
def test_a_recall_before_the_return_takes_the_place_of_the_return(conduct: Conduct) -> None:
    bank = bank_with(entry(conduct))
    apply_no, asked_at = settled_and_recalled(bank)

    bank.tick(at=later(asked_at, days=7))
    assert codes(bank, apply_no) == ["24"]
    with pytest.raises(ImpossibleStep):
        bank.outside.return_funds(apply_no, at=later(asked_at, days=7))


def test_a_tester_may_answer_a_recall_before_the_beneficiary_does() -> None:
    bank = bank_with(entry(Conduct.AGREES_RECALL, 600))
    apply_no, asked_at = settled_and_recalled(bank)

    bank.outside.recall_refuse(apply_no, at=later(asked_at, seconds=1))
    bank.tick(at=later(asked_at, seconds=600))

    assert codes(bank, apply_no) == ["26"]


def test_an_account_is_listed_once() -> None:
    bank = bank_with(entry(Conduct.TAKES))

    with pytest.raises(ValueError, match="0398-111-1-9000001 is listed already"):
        bank.outside.list_beneficiary(entry(Conduct.CLOSED))
    assert bank.outside.beneficiaries() == [entry(Conduct.TAKES)]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"bank_code": "0310"}, "at another bank"),
        ({"account_type": "3"}, "account_type is one of 1, 2, 4, 9"),
        ({"name_kana": "サンプル"}, "characters of transfers"),
        ({"name_kana": "ｻﾝﾌﾟﾙ "}, "characters of transfers"),
        ({"name_kana": "ｱ" * 49}, "1 to 48"),
        ({"name_kana": "&"}, "characters of transfers"),
        ({"conduct": Conduct.SLOW, "after_seconds": -1}, "after_seconds is 0 to"),
        ({"conduct": Conduct.TAKES, "after_seconds": 5}, "no time of its own"),
    ],
)
def test_an_entry_that_no_transfer_can_reach_is_refused(change: dict[str, object], expected: str) -> None:
    values: dict[str, object] = {
        "bank_code": "0398",
        "branch_code": "111",
        "account_type": "1",
        "account_number": NUMBER,
        "name_kana": NAME,
    }
    with pytest.raises(ValueError, match=expected):
        Beneficiary(**(values | change))  # type: ignore[arg-type]
