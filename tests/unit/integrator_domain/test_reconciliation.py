"""The table of decision 0014, row by row: which lines and payouts agree, and what is said of the rest."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from integrator.domain.reconciliation import Difference, DifferenceKind, Line, LineKind, Paid, reconcile

D1 = date(2026, 4, 1)
D2 = D1 + timedelta(days=1)
K = DifferenceKind


def paid(payout_id: str = "po_1", **changed: object) -> Paid:
    found = Paid(
        payout_id=payout_id,
        marks=frozenset({f"R{payout_id.upper().replace('_', ''):0>19}"}),
        amount_yen=50_000,
        name="ﾔﾏﾀﾞ ﾀﾛｳ",
        first_day=D1,
        last_day=D1,
        fee_yen=0,
        is_owed=True,
    )
    return replace(found, **changed)  # type: ignore[arg-type]


def debit(key: str = "1", **changed: object) -> Line:
    line = Line(key=key, day=D1, is_credit=False, amount_yen=50_000, remarks="振込 ヤマダ　タロウ")
    return replace(line, **changed)  # type: ignore[arg-type]


def fee(key: str = "f1", **changed: object) -> Line:
    return debit(key, **{"amount_yen": 143, "remarks": "振込手数料", **changed})


def back(key: str = "b1", **changed: object) -> Line:
    return debit(key, **{"is_credit": True, "remarks": "振込 資金返却", **changed})


def kinds(differences: tuple[Difference, ...]) -> list[DifferenceKind]:
    return sorted(difference.kind for difference in differences)


@pytest.mark.parametrize(
    ("remarks", "is_credit", "kind"),
    [
        ("振込 ヤマダ　タロウ", False, LineKind.TRANSFER),
        ("振込 RABCDEFGHIJ123456789 ヤマダ　タロウ", False, LineKind.TRANSFER),
        ("振込手数料", False, LineKind.FEE),
        ("組戻手数料", False, LineKind.FEE),
        ("ATM セブン", False, LineKind.OTHER_DEBIT),
        ("", False, LineKind.OTHER_DEBIT),
        ("振込 ミホン　タロウ", True, LineKind.OTHER_CREDIT),
        ("振込手数料 返金", True, LineKind.FEE_BACK),
        ("振込 手続不成立", True, LineKind.RETURN),
        ("振込 資金返却", True, LineKind.RETURN),
        ("組戻 資金返却", True, LineKind.RETURN),
    ],
)
def test_what_a_line_is_follows_from_its_direction_and_words(remarks: str, is_credit: bool, kind: LineKind) -> None:
    assert Line("1", D1, is_credit, 1, remarks).kind is kind


@pytest.mark.parametrize(
    ("remarks", "name"),
    [
        ("振込 ヤマダ　タロウ", "ﾔﾏﾀﾞ ﾀﾛｳ"),
        ("振込 アオゾラショウジ（カ", "ｱｵｿﾞﾗｼﾖｳｼﾞ(ｶ"),
        ("振込 ジーエムオー", "ｼﾞ-ｴﾑｵ-"),
        ("振込 RABCDEFGHIJ123456789 ＡＢＣ", "ABC"),
        ("振込 山田", "山田"),
    ],
)
def test_a_name_of_the_statement_is_read_in_the_characters_of_transfers(remarks: str, name: str) -> None:
    assert Line("1", D1, False, 1, remarks).name == name


def test_one_payout_and_its_line_agree() -> None:
    found = reconcile([debit(), fee()], [paid(fee_yen=143)])

    assert (found.debited, found.differences) == ({"po_1": D1}, ())


def test_equal_payouts_with_as_many_lines_are_all_matched() -> None:
    found = reconcile([debit("1"), debit("2")], [paid("po_1"), paid("po_2")])

    assert (set(found.debited), found.differences) == ({"po_1", "po_2"}, ())


def test_of_equal_payouts_with_a_line_too_few_none_is_matched_and_nobody_guesses() -> None:
    found = reconcile([debit("1")], [paid("po_1"), paid("po_2")])

    assert found.debited == {}
    assert kinds(found.differences) == [K.MISSING]
    assert found.differences[0].facts["payout_ids"] == ["po_1", "po_2"]


def test_a_line_more_than_equal_payouts_is_unexpected_and_the_payouts_are_matched() -> None:
    found = reconcile([debit("1"), debit("2")], [paid("po_1")])

    assert set(found.debited) == {"po_1"}
    assert kinds(found.differences) == [K.UNEXPECTED]


def test_days_keep_equal_payouts_apart() -> None:
    second = paid("po_2", first_day=D2, last_day=D2)
    found = reconcile([debit("1"), debit("2", day=D2)], [paid("po_1"), second])
    short = reconcile([debit("1")], [paid("po_1"), second])

    assert found.debited == {"po_1": D1, "po_2": D2}
    assert (short.debited, kinds(short.differences)) == ({"po_1": D1}, [K.MISSING])


def test_days_that_overlap_are_matched_if_there_is_a_way_for_all() -> None:
    wide = paid("po_1", last_day=D2)
    found = reconcile([debit("1"), debit("2", day=D2)], [wide, paid("po_2")])

    assert (set(found.debited), found.differences) == ({"po_1", "po_2"}, ())


@pytest.mark.parametrize(
    ("line", "differs"),
    [
        (debit(amount_yen=50_001), "amount"),
        (debit(remarks="振込 ヤマダ　ハナコ"), "name"),
        (debit(day=D2), "date"),
    ],
    ids=["amount", "name", "date"],
)
def test_one_payout_and_one_line_that_agree_but_for_one_thing_are_different(line: Line, differs: str) -> None:
    found = reconcile([line], [paid()])

    assert found.debited == {}
    assert kinds(found.differences) == [K.DIFFERENT]
    assert found.differences[0].facts["differs"] == differs


def test_two_lines_that_could_be_the_same_payout_are_not_paired() -> None:
    lines = [debit("1", amount_yen=50_001), debit("2", amount_yen=50_002)]

    assert kinds(reconcile(lines, [paid()]).differences) == sorted([K.MISSING, K.UNEXPECTED, K.UNEXPECTED])


def test_a_line_that_differs_in_two_things_is_not_paired() -> None:
    found = reconcile([debit(amount_yen=1, day=D2)], [paid()])

    assert kinds(found.differences) == sorted([K.MISSING, K.UNEXPECTED])


def test_a_payout_that_may_be_there_takes_its_line_and_is_not_missed() -> None:
    under_way = paid(is_owed=False)

    assert reconcile([], [under_way]).differences == ()
    assert reconcile([debit()], [under_way]).differences == ()


def test_a_line_is_the_owed_payouts_before_it_is_of_one_under_way() -> None:
    found = reconcile([debit()], [paid("po_1", is_owed=False), paid("po_2")])

    assert (found.debited, found.differences) == ({"po_2": D1}, ())


def test_a_mark_in_the_remarks_tells_equal_payouts_apart() -> None:
    first, second = paid("po_1"), paid("po_2")
    mark = next(iter(second.marks))
    found = reconcile([debit(remarks=f"振込 {mark} ヤマダ　タロウ")], [first, second])

    assert found.debited == {"po_2": D1}
    assert found.differences[0].facts["payout_ids"] == ["po_1"]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([debit()], [K.FEE_MISSING]),
        ([debit(), fee(), fee("f2")], [K.FEE_UNEXPECTED]),
        ([debit(), fee(amount_yen=129)], [K.FEE_MISSING, K.FEE_UNEXPECTED]),
        ([debit(), fee(day=D2)], [K.FEE_MISSING, K.FEE_UNEXPECTED]),
    ],
    ids=["no fee", "one too many", "another fee", "another day"],
)
def test_fees_are_counted_by_day_and_amount(lines: list[Line], expected: list[DifferenceKind]) -> None:
    assert kinds(reconcile(lines, [paid(fee_yen=143)]).differences) == expected


def test_a_fee_without_any_payout_is_unexpected() -> None:
    assert kinds(reconcile([fee()], []).differences) == [K.FEE_UNEXPECTED]


RETURNED = {"may_return": True, "is_return_owed": True, "return_last_day": D2}


def test_a_return_is_matched_with_its_payout() -> None:
    found = reconcile([debit(), back(day=D2)], [paid(**RETURNED)])

    assert (found.debited, found.returned, found.differences) == ({"po_1": D1}, {"po_1": D2}, ())


def test_a_payout_said_to_be_returned_whose_money_did_not_come_is_missed() -> None:
    assert kinds(reconcile([debit()], [paid(**RETURNED)]).differences) == [K.RETURN_MISSING]


def test_money_that_came_back_without_a_payout_that_says_so_is_unexpected() -> None:
    assert kinds(reconcile([debit(), back()], [paid()]).differences) == [K.RETURN_UNEXPECTED]


def test_of_equal_returns_with_one_too_few_none_is_matched() -> None:
    payouts = [paid("po_1", **RETURNED), paid("po_2", **RETURNED)]
    found = reconcile([debit("1"), debit("2"), back()], payouts)

    assert found.returned == {}
    assert kinds(found.differences) == [K.RETURN_MISSING]


def test_what_never_left_has_nothing_to_come_back() -> None:
    not_executed = paid(**{**RETURNED, "is_owed": False})

    assert reconcile([], [not_executed]).differences == ()
    assert reconcile([debit(), back()], [not_executed]).returned == {"po_1": D1}


def test_a_return_of_a_payout_debited_before_these_days_is_matched() -> None:
    before = paid(**{**RETURNED, "is_owed": False, "was_debited": True, "first_day": date(2026, 3, 1)}, last_day=D1)

    assert reconcile([back(day=D2)], [before]).returned == {"po_1": D2}


def test_any_other_debit_is_unexpected_and_other_credits_are_none_of_our_business() -> None:
    lines = [debit(remarks="ATM セブン"), debit("2", is_credit=True, remarks="振込 キャク")]

    assert kinds(reconcile(lines, []).differences) == [K.UNEXPECTED]


def test_the_same_difference_has_the_same_subject_whatever_the_order_of_the_lines() -> None:
    lines = [debit("1"), debit("2", amount_yen=7), fee()]
    one, two = reconcile(lines, [paid("po_1"), paid("po_2")]), reconcile(lines[::-1], [paid("po_2"), paid("po_1")])

    assert {(d.kind, d.subject) for d in one.differences} == {(d.kind, d.subject) for d in two.differences}


D3 = D2 + timedelta(days=1)


def shown(line: Line) -> dict[str, object]:
    return {
        "item_key": line.key,
        "day": line.day.isoformat(),
        "amount_yen": line.amount_yen,
        "remarks": line.remarks,
    }


def said(lines: list[Line], payouts: list[Paid]) -> Difference:
    [difference] = reconcile(lines, payouts).differences
    return difference


def test_a_missing_debit_names_its_payouts_and_the_first_day_on_which_it_was_due() -> None:
    later = paid("po_2", last_day=D2)

    assert said([debit()], [later, paid("po_1")]) == Difference(
        K.MISSING, "po_1 po_2", D1, 50_000, {"payout_ids": ["po_1", "po_2"], "lines": []}
    )


def test_an_unexpected_debit_is_known_by_its_line() -> None:
    line = debit("7", day=D2)

    assert said([line], []) == Difference(K.UNEXPECTED, "7", D2, 50_000, {"payout_ids": [], "lines": [shown(line)]})


def test_what_agrees_but_for_one_thing_names_payout_and_line_and_the_thing() -> None:
    line = debit("7", amount_yen=50_001)

    facts = {"payout_ids": ["po_1"], "lines": [shown(line)], "differs": "amount"}
    assert said([line], [paid()]) == Difference(K.DIFFERENT, "po_1 7", D1, 50_001, facts)


def test_differing_fees_are_told_by_day_and_amount_with_their_numbers() -> None:
    two = [paid("po_1", fee_yen=143), paid("po_2", fee_yen=143)]
    lines = [debit("1"), debit("2")]

    assert said(lines, two) == Difference(
        K.FEE_MISSING, "2026-04-01 143", D1, 286, {"count": 2, "expected": 2, "shown": 0}
    )
    assert said([*lines, *(fee(f"f{number}") for number in range(5))], two) == Difference(
        K.FEE_UNEXPECTED, "2026-04-01 143", D1, 429, {"count": 3, "expected": 2, "shown": 5}
    )


def test_a_missing_return_names_its_payouts_and_the_first_day_on_which_it_was_due() -> None:
    payouts = [paid("po_2", **{**RETURNED, "return_last_day": D3}), paid("po_1", **RETURNED)]

    assert said([debit("1"), debit("2")], payouts) == Difference(
        K.RETURN_MISSING, "po_1 po_2", D2, 50_000, {"payout_ids": ["po_1", "po_2"], "lines": []}
    )


def test_a_missing_return_without_a_last_day_of_its_own_was_due_on_that_of_the_debit() -> None:
    payout = paid(**{**RETURNED, "return_last_day": None, "last_day": D2})

    assert said([debit()], [payout]).day == D2


def test_an_unexpected_return_is_known_by_its_line() -> None:
    line = back("9", day=D2)

    assert said([line], []) == Difference(
        K.RETURN_UNEXPECTED, "9", D2, 50_000, {"payout_ids": [], "lines": [shown(line)]}
    )


def test_differences_of_the_same_subject_are_one_whatever_is_known_of_them() -> None:
    one, other = said([debit()], []), said([debit(remarks="ATM")], [])

    assert hash(one) == hash(other)


def test_payouts_of_another_amount_or_name_are_no_group() -> None:
    dearer, other = paid("po_2", amount_yen=60_000), paid("po_3", name="ｽｽﾞｷ")
    lines = [debit("1"), debit("2", amount_yen=60_000), debit("3", remarks="振込 スズキ")]

    assert reconcile(lines, [paid(), dearer, other]).debited == {"po_1": D1, "po_2": D1, "po_3": D1}


def test_days_that_overlap_in_a_chain_are_one_group_whatever_its_order() -> None:
    long = paid("po_1", last_day=D3)
    payouts = [long, paid("po_2", first_day=D2, last_day=D2), paid("po_3", first_day=D3, last_day=D3)]

    for ordered in (payouts, payouts[::-1]):
        found = reconcile([debit(day=D2)], ordered)
        assert (found.debited, kinds(found.differences)) == ({}, [K.MISSING])
        assert found.differences[0].facts["payout_ids"] == ["po_1", "po_2", "po_3"]


def test_the_days_of_a_group_reach_from_its_first_to_its_last_whatever_the_order_of_the_lines() -> None:
    payouts = [paid("po_1", last_day=D2), paid("po_2", first_day=D2, last_day=D2)]
    lines = [debit("1"), debit("2", day=D2)]

    for ordered in (lines, lines[::-1]):
        found = reconcile(ordered, payouts)
        assert (found.debited, found.differences) == ({"po_1": D1, "po_2": D2}, ())


def test_of_equal_days_the_first_payout_takes_the_first_line() -> None:
    payouts = [paid("po_2", last_day=D2), paid("po_1", last_day=D2)]

    assert reconcile([debit("1"), debit("2", day=D2)], payouts).debited == {"po_1": D1, "po_2": D2}


def test_of_two_under_way_with_one_line_nobody_says_which_was_debited() -> None:
    found = reconcile([debit()], [paid("po_1", is_owed=False), paid("po_2", is_owed=False)])

    assert (found.debited, found.differences) == ({}, ())


def test_a_return_that_is_not_owed_is_matched_when_there_is_one_for_all() -> None:
    may = paid(may_return=True)

    assert reconcile([debit(), back(day=D2)], [may]).returned == {"po_1": D2}
    assert reconcile([debit()], [may]).differences == ()


def test_a_single_return_is_that_of_the_payout_that_is_owed_one() -> None:
    found = reconcile([debit("1"), debit("2"), back(day=D2)], [paid("po_1", may_return=True), paid("po_2", **RETURNED)])

    assert (found.returned, found.differences) == ({"po_2": D2}, ())


def test_more_returns_than_payouts_leave_the_last_line_unexplained() -> None:
    found = reconcile([debit(), back("b1", day=D2), back("b2", day=D3)], [paid(**RETURNED)])

    assert found.returned == {"po_1": D2}
    assert [(difference.kind, difference.subject) for difference in found.differences] == [(K.RETURN_UNEXPECTED, "b2")]


def test_neither_a_line_nor_a_payout_prints_a_name() -> None:
    printed = repr(debit()) + repr(paid())

    assert "ヤマダ" not in printed
    assert "ﾔﾏﾀﾞ" not in printed
