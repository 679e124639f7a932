"""The verdict: every row of its tables, how debits find their claims, and what a person reads."""

from datetime import UTC, datetime, timedelta

import pytest

from mock_gmo.testing.verdict import BAD, FINDINGS, Belief, BeneficiaryKey, Claim, Debit, Finding, Kept, judge

NOON = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
YAMADA = BeneficiaryKey("0001", "001", "1", "1234567")
SUZUKI = BeneficiaryKey("0001", "001", "1", "7654321")
APPLY = "2026040100000001"
COUNTS = {Kept.NONE: 0, Kept.ONE: 1, Kept.MORE: 2}


def claim(belief=Belief.PAID, **given):
    names = {"marks": frozenset({"R1"})} if not {"marks", "items", "apply_numbers"} & given.keys() else {}
    return Claim(
        **{
            "claim_id": "po_1",
            "amount_yen": 500,
            "beneficiary": YAMADA,
            "reason": "a reason",
            **names,
            **given,
            "belief": belief,
        }
    )


def debit(mark="R1", **given):
    return Debit(
        **{
            "mark": mark,
            "apply_no": APPLY,
            "item_id": "1",
            "amount_yen": 500,
            "came_back_yen": 0,
            "at": NOON,
            "beneficiary": YAMADA,
            **given,
        }
    )


def found(claims, debits, **given):
    return [row.finding for row in judge(claims, debits, at=NOON, **given).rows]


LITERALLY = {
    (Belief.PAID, 0): Finding.LOST,
    (Belief.PAID, 1): Finding.PAID_ONCE,
    (Belief.PAID, 2): Finding.PAID_TWICE,
    (Belief.DEAD, 0): Finding.NOT_PAID,
    (Belief.DEAD, 1): Finding.BELIEVED_FAILED_BUT_PAID,
    (Belief.DEAD, 2): Finding.PAID_TWICE,
    (Belief.OPEN, 0): Finding.OPEN,
    (Belief.OPEN, 1): Finding.OPEN,
    (Belief.OPEN, 2): Finding.PAID_TWICE,
    (Belief.PERSON, 0): Finding.WITH_A_PERSON,
    (Belief.PERSON, 1): Finding.WITH_A_PERSON,
    (Belief.PERSON, 2): Finding.PAID_TWICE,
}
GOOD = {Finding.PAID_ONCE, Finding.NOT_PAID, Finding.OPEN, Finding.WITH_A_PERSON}


@pytest.mark.parametrize(("belief", "count"), LITERALLY)
def test_a_belief_and_the_number_of_its_debits_are_found_to_be_this(belief, count):
    verdict = judge([claim(belief)], [debit(item_id=str(nth)) for nth in range(count)], at=NOON)

    assert [row.finding for row in verdict.rows] == [LITERALLY[belief, count]]
    assert verdict.is_good is (LITERALLY[belief, count] in GOOD)


def test_a_debit_that_nobody_claims_is_bad_and_whatever_is_not_good_is():
    assert not judge([], [debit()], at=NOON).is_good
    assert set(Finding) - GOOD == BAD


def test_the_words_of_beliefs_and_findings_stand_in_files_and_never_change():
    assert [belief.value for belief in Belief] == ["paid", "dead", "open", "person"]
    assert [kept.value for kept in Kept] == ["none", "one", "more"]
    assert [finding.value for finding in Finding] == [
        "paid_once",
        "not_paid",
        "open",
        "with_a_person",
        "wrong_amount",
        "wrong_beneficiary",
        "lost",
        "believed_failed_but_paid",
        "paid_twice",
        "debit_without_claim",
    ]


def test_a_single_yen_that_did_not_come_back_is_a_debit_that_is_kept():
    assert found([claim(Belief.DEAD)], [debit(came_back_yen=499)]) == [Finding.BELIEVED_FAILED_BUT_PAID]


def test_verdicts_of_the_same_rows_are_the_same():
    verdict = judge([claim()], [debit()], at=NOON)
    other = judge([claim()], [debit()], at=NOON)
    object.__setattr__(other, "counts", {})

    assert verdict == other


def test_of_claims_equally_near_the_first_one_gets_the_debit():
    number = {"apply_numbers": frozenset({APPLY})}
    others = [claim(Belief.DEAD, claim_id=f"po_x{nth}", marks=frozenset({f"X{nth}"})) for nth in range(7)]

    nameless = [claim(claim_id="po_1", beneficiary=None, **number), claim(claim_id="po_2", **number)]
    assert judge(nameless, [debit()], at=NOON).of("po_1").debits == (debit(),)
    # The first and the ninth: a set of numbers would give the ninth before the second.
    far_apart = [others[0], claim(claim_id="po_1", **number), *others[1:], claim(claim_id="po_2", **number)]
    assert judge(far_apart, [debit()], at=NOON).of("po_1").debits == (debit(),)


@pytest.mark.parametrize(
    ("given", "paid", "says"),
    [
        (claim(), [], "told paid; a reason; no debit"),
        (claim(since=NOON - HOUR), [], "told paid since 2026-04-01 02:00:00+00:00; a reason; no debit"),
        (
            claim(Belief.PERSON, since=NOON - 61 * timedelta(minutes=1)),
            [],
            "told person since 2026-04-01 01:59:00+00:00 (0 d 1 h 1 min); a reason; no debit",
        ),
        (claim(Belief.PERSON, reason=" "), [], "told person;  ; no debit; waits for a person without a reason"),
        (
            claim(Belief.OPEN, since=NOON - 25 * HOUR),
            [],
            "told open since 2026-03-31 02:00:00+00:00 (1 d 1 h 0 min); a reason; no debit; open for too long",
        ),
        (
            claim(),
            [debit(came_back_yen=7, at=NOON + timedelta(milliseconds=5))],
            "told paid; a reason; 500 yen debited 2026-04-01 03:00:00+00:00 as 2026040100000001/1, 7 came back; "
            "493 yen are away, 500 were ordered",
        ),
        (
            claim(),
            [debit(beneficiary=SUZUKI)],
            "told paid; a reason; 500 yen debited 2026-04-01 03:00:00+00:00 as 2026040100000001/1; "
            "paid to another account than ordered",
        ),
    ],
)
def test_a_row_says_what_is_known_in_these_words(given, paid, says):
    [row] = judge([given], paid, at=NOON, open_for_at_most=HOUR).rows

    assert row.says == says


def test_a_debit_without_a_payout_is_shown_by_its_mark():
    verdict = judge([], [debit("R9")], at=NOON)

    assert verdict.rows[0].debits == (debit("R9"),)
    assert verdict.as_table() == (
        "     finding              payout  ordered  away  what is known\n"
        "BAD  debit_without_claim  (R9)             500   "
        "500 yen debited 2026-04-01 03:00:00+00:00 as 2026040100000001/1; no payout names it\n"
        "BAD: debit_without_claim 1\n"
    )


def test_the_table_has_a_row_for_every_belief_and_number_of_debits():
    assert FINDINGS.keys() == {(belief, kept) for belief in Belief for kept in Kept}


@pytest.mark.parametrize(("belief", "kept"), FINDINGS)
def test_what_is_believed_and_what_the_books_keep_give_the_finding(belief, kept):
    debits = [debit(item_id=str(nth)) for nth in range(COUNTS[kept])]

    verdict = judge([claim(belief)], [*debits, debit(came_back_yen=500)], at=NOON)

    assert [row.finding for row in verdict.rows] == [FINDINGS[belief, kept]]
    assert verdict.is_good is (FINDINGS[belief, kept] not in BAD)
    assert verdict.rows[0].away_yen == 500 * COUNTS[kept]
    assert verdict.counts[FINDINGS[belief, kept]] == 1
    assert sum(verdict.counts.values()) == 1


def test_more_than_two_debits_are_twice_as_well():
    assert found([claim()], [debit(), debit(), debit()]) == [Finding.PAID_TWICE]


def test_a_debit_that_nobody_names_is_found_after_the_claims():
    verdict = judge(
        [claim(), claim(Belief.DEAD, claim_id="po_2", marks=frozenset({"R2"}))], [debit("X"), debit()], at=NOON
    )

    assert [row.finding for row in verdict.rows] == [Finding.PAID_ONCE, Finding.NOT_PAID, Finding.DEBIT_WITHOUT_CLAIM]
    assert [row.claim for row in verdict.bad] == [None]
    assert not verdict.is_good


def test_even_a_debit_given_back_needs_a_claim():
    assert found([], [debit(came_back_yen=500)]) == [Finding.DEBIT_WITHOUT_CLAIM]


def test_nothing_at_all_is_good_and_says_so():
    verdict = judge([], [], at=NOON)

    assert verdict.is_good
    assert verdict.as_table() == "GOOD: no payout, no debit\n"


@pytest.mark.parametrize("belief", [Belief.PAID, Belief.OPEN, Belief.PERSON])
@pytest.mark.parametrize(
    ("paid", "finding"),
    [
        (debit(amount_yen=501), Finding.WRONG_AMOUNT),
        (debit(came_back_yen=1), Finding.WRONG_AMOUNT),
        (debit(beneficiary=SUZUKI), Finding.WRONG_BENEFICIARY),
        (debit(beneficiary=SUZUKI, amount_yen=501), Finding.WRONG_BENEFICIARY),
    ],
)
def test_a_debit_that_is_kept_has_the_amount_and_the_beneficiary_ordered(belief, paid, finding):
    verdict = judge([claim(belief)], [paid], at=NOON)

    assert [row.finding for row in verdict.rows] == [finding]
    assert not verdict.is_good


def test_both_differences_are_told_and_a_graver_finding_stays():
    [row] = judge([claim(Belief.DEAD)], [debit(beneficiary=SUZUKI, amount_yen=501)], at=NOON).rows

    assert row.finding is Finding.BELIEVED_FAILED_BUT_PAID
    assert "paid to another account than ordered" in row.says
    assert "501 yen are away, 500 were ordered" in row.says


def test_what_was_given_back_need_not_be_as_ordered_and_no_beneficiary_given_is_none_compared():
    assert found([claim(Belief.DEAD)], [debit(amount_yen=7, came_back_yen=7, beneficiary=SUZUKI)]) == [Finding.NOT_PAID]
    assert found([claim(beneficiary=None)], [debit(beneficiary=SUZUKI)]) == [Finding.PAID_ONCE]


@pytest.mark.parametrize(
    ("named", "is_its_own"),
    [
        ({"marks": frozenset({"R1"})}, True),
        ({"marks": frozenset({"R0", "R1"})}, True),
        ({"marks": frozenset({"R2"})}, False),
        ({"items": frozenset({(APPLY, "1")})}, True),
        ({"items": frozenset({(APPLY, "2")})}, False),
        ({"apply_numbers": frozenset({APPLY})}, True),
        ({"apply_numbers": frozenset({"2026040100000002"})}, False),
        # The closer name decides.
        ({"marks": frozenset({"R2"}), "items": frozenset({(APPLY, "1")})}, False),
        ({"marks": frozenset({"R2"}), "apply_numbers": frozenset({APPLY})}, False),
        ({"items": frozenset({(APPLY, "2")}), "apply_numbers": frozenset({APPLY})}, False),
        ({"items": frozenset({("2026040100000002", "2")}), "apply_numbers": frozenset({APPLY})}, True),
        ({"marks": frozenset()}, False),
    ],
)
def test_a_debit_belongs_to_the_claim_that_names_it_most_closely(named, is_its_own):
    expected = [Finding.PAID_ONCE] if is_its_own else [Finding.LOST, Finding.DEBIT_WITHOUT_CLAIM]

    assert found([claim(**named)], [debit()]) == expected


def test_an_unmarked_debit_is_known_by_its_number_although_the_claim_names_marks():
    assert found([claim(marks=frozenset({"R1"}), apply_numbers=frozenset({APPLY}))], [debit(None)]) == [
        Finding.PAID_ONCE
    ]


def test_lines_named_by_their_application_only_are_told_apart_by_beneficiary_amount_and_belief():
    number = {"apply_numbers": frozenset({APPLY})}
    claims = [
        claim(claim_id="po_1", amount_yen=700, **number),
        claim(claim_id="po_2", beneficiary=SUZUKI, **number),
        claim(Belief.DEAD, claim_id="po_3", **number),
        claim(claim_id="po_4", **number),
        claim(claim_id="po_5", **number),
    ]
    paid = [
        debit(item_id="4"),
        debit(item_id="5"),
        debit(item_id="3", came_back_yen=500),
        debit(item_id="2", beneficiary=SUZUKI),
        debit(item_id="1", amount_yen=700),
    ]

    verdict = judge(claims, paid, at=NOON)

    assert verdict.is_good
    assert [[one.item_id for one in row.debits] for row in verdict.rows] == [["1"], ["2"], ["3"], ["4"], ["5"]]


def test_two_payouts_of_one_mark_cannot_both_have_the_one_debit():
    assert found([claim(), claim(claim_id="po_2")], [debit()]) == [Finding.PAID_ONCE, Finding.LOST]


@pytest.mark.parametrize(
    ("since", "at_most", "is_good"),
    [
        (NOON - HOUR, None, True),
        (None, None, True),
        (NOON - HOUR, 2 * HOUR, True),
        (NOON - HOUR, HOUR, False),
        (NOON, timedelta(0), False),
        (None, HOUR, False),
    ],
)
def test_what_is_open_may_be_open_for_a_while(since, at_most, is_good):
    verdict = judge([claim(Belief.OPEN, since=since)], [], at=NOON, open_for_at_most=at_most)

    assert verdict.rows[0].finding is Finding.OPEN
    assert verdict.is_good is is_good
    assert ("open for too long" in verdict.rows[0].says) is not is_good


@pytest.mark.parametrize(("reason", "is_good"), [("the bank shows two orders", True), (" ", False), (None, False)])
def test_who_waits_for_a_person_says_why(reason, is_good):
    verdict = judge([claim(Belief.PERSON, reason=reason)], [debit()], at=NOON)

    assert verdict.rows[0].finding is Finding.WITH_A_PERSON
    assert verdict.is_good is is_good


def test_one_id_names_one_claim():
    with pytest.raises(ValueError, match="'po_1' stands there more than once"):
        judge([claim(), claim()], [], at=NOON)


def test_a_row_is_found_by_the_id_of_its_claim():
    verdict = judge([claim()], [debit()], at=NOON)

    assert verdict.of("po_1").kept == (debit(),)
    with pytest.raises(KeyError):
        verdict.of("po_2")


def test_the_table_shows_bad_rows_first_since_when_and_the_debits():
    claims = [
        claim(),
        claim(Belief.OPEN, claim_id="振込2", marks=frozenset({"R2"}), since=NOON - 25 * HOUR, reason="timeout"),
        claim(claim_id="po_3", marks=frozenset({"R3"}), reason=None),
    ]

    table = judge(claims, [debit(), debit("R2", item_id="2")], at=NOON).as_table(good_max=1)

    assert table == (
        "     finding    payout  ordered  away  what is known\n"
        "BAD  lost       po_3    500      0     told paid; no debit\n"
        "ok   paid_once  po_1    500      500   "
        "told paid; a reason; 500 yen debited 2026-04-01 03:00:00+00:00 as 2026040100000001/1\n"
        "… and 1 more without a fault\n"
        "BAD: paid_once 1, open 1, lost 1\n"
    )
    whole = judge(claims, [debit("R2", item_id="2")], at=NOON).as_table()
    assert "told open since 2026-03-31 02:00:00+00:00 (1 d 1 h 0 min); timeout; 500 yen debited" in whole
    assert "ok   open     振込2   500" in whole
