"""The life of a transfer, row by row: which state follows, and what it does to the account."""

from datetime import datetime
from itertools import product

import pytest

from mock_gmo.bank.inquiry import StatusQuery
from mock_gmo.bank.refusals import ImpossibleStep
from mock_gmo.bank.simulation import Step
from mock_gmo.bank.states import MOVES, IllegalMove, TransferStatus, Trigger, find_move
from tests.unit.bank.building import (
    COMPANY,
    FEE_YEN,
    NEIGHBOUR,
    NEIGHBOUR_ACCOUNT,
    NOON,
    OPENING_YEN,
    PAYER,
    RECALL_FEE_YEN,
    SATURDAY,
    TODAY,
    TOMORROW,
    balance,
    codes,
    jst,
    later,
    make_bank,
    make_line,
    make_order,
    request,
    result_code,
    to_neighbour,
    to_payer,
    to_side_account,
)
from tests.unit.bank.fingerprint import fingerprint
from tests.unit.bank.reaching import REACH, Reached, applied, recall_in_process, requested, retrying, settled

S = TransferStatus
DEBIT = -(10_000 + FEE_YEN)

# What each step outside the API does to one transfer of 10,000 yen to another bank, for today or, where it is
# reserved, for tomorrow. Steps that are not here are impossible in that state.
STEPS = {
    (S.REQUESTED, Step.CONFIRM): ("12", DEBIT),
    (S.APPLIED, Step.APPROVE): ("12", DEBIT),
    (S.APPLIED, Step.SEND_BACK): ("3", 0),
    (S.APPLIED, Step.WITHDRAW): ("4", 0),
    (S.RESERVED, Step.WITHDRAW): ("8", 0),
    (S.IN_PROCESS, Step.FAIL): ("40", -DEBIT),
    (S.SETTLED, Step.RETURN_FUNDS): ("22", 10_000),
    (S.SETTLED, Step.RECALL): ("24", -RECALL_FEE_YEN),
    (S.RECALL_IN_PROCESS, Step.RECALL_AGREE): ("25", 10_000),
    (S.RECALL_IN_PROCESS, Step.RECALL_REFUSE): ("26", 0),
}

METHODS = {step: step.replace("-", "_") for step in Step}


def take(reached: Reached, step: Step) -> None:
    getattr(reached.bank.outside, METHODS[step])(reached.apply_no, at=reached.at)


@pytest.mark.parametrize("status", list(TransferStatus), ids=lambda status: status.label)
def test_every_state_can_be_reached(status: TransferStatus) -> None:
    reached = REACH[status]()

    assert codes(reached.bank, reached.apply_no, at=reached.at) == ([status.code] if status.code else [])


@pytest.mark.parametrize(("status", "step"), list(STEPS), ids=str)
def test_a_step_outside_the_api_leads_where_the_table_says(status: TransferStatus, step: Step) -> None:
    reached = REACH[status]()
    before = reached.balance()

    take(reached, step)

    code, change_yen = STEPS[status, step]
    assert codes(reached.bank, reached.apply_no, at=reached.at) == [code]
    assert reached.balance() - before == change_yen


@pytest.mark.parametrize("status", list(TransferStatus), ids=lambda status: status.label)
def test_every_other_step_is_impossible_names_those_that_are_not_and_changes_nothing(status: TransferStatus) -> None:
    reached = REACH[status]()
    possible = tuple(step for step in Step if (status, step) in STEPS)
    before = fingerprint(reached.bank)

    for step in Step:
        if step not in possible:
            with pytest.raises(ImpossibleStep) as refused:
                take(reached, step)
            assert refused.value.possible == possible

    assert reached.bank.outside.possible_steps(reached.apply_no) == possible
    assert fingerprint(reached.bank) == before


@pytest.mark.parametrize(("source", "trigger"), list(product([None, *TransferStatus], Trigger)), ids=str)
def test_a_transfer_moves_only_where_the_table_has_a_row(source: TransferStatus | None, trigger: Trigger) -> None:
    rows = [move for move in MOVES if (move.source, move.trigger) == (source, trigger)]

    if rows:
        assert [find_move(source, trigger)] == rows
    else:
        with pytest.raises(IllegalMove):
            find_move(source, trigger)


def test_a_confirmed_request_for_a_later_day_is_reserved_and_nothing_is_held() -> None:
    bank = make_bank(confirmation=True)
    apply_no = request(bank, designated_date=TOMORROW).apply_no

    bank.outside.confirm(apply_no, at=NOON)

    assert codes(bank, apply_no) == ["11"]
    assert balance(bank) == OPENING_YEN
    assert bank.balance_of(PAYER, at=NOON).withdrawable_yen == OPENING_YEN


def test_an_application_approved_before_its_day_is_reserved() -> None:
    bank = make_bank(business_id=True)
    apply_no = request(bank, designated_date=TOMORROW).apply_no

    bank.outside.approve(apply_no, at=NOON)

    assert codes(bank, apply_no) == ["11"]
    assert balance(bank) == OPENING_YEN


def test_a_request_is_invisible_until_confirmed_and_dead_ten_minutes_later() -> None:
    reached = requested()
    bank, apply_no = reached.bank, reached.apply_no

    assert (result_code(bank, apply_no), codes(bank, apply_no)) == ("2", [])
    last, end = later(NOON, minutes=9, seconds=59), later(NOON, minutes=10)
    bank.tick(at=last)
    assert [result_code(bank, apply_no, at=at) for at in (last, end)] == ["2", "8"]
    assert [event.kind for event in bank.tick(at=end)] == [Trigger.LIMIT_PASSED]
    assert (result_code(bank, apply_no, at=end), codes(bank, apply_no, at=end)) == ("8", [])
    assert balance(bank, at=end) == OPENING_YEN


def test_a_confirmation_at_the_very_limit_comes_too_late_even_if_nobody_ticked() -> None:
    reached = requested()

    with pytest.raises(ImpossibleStep):
        reached.bank.outside.confirm(reached.apply_no, at=later(NOON, minutes=10))

    assert result_code(reached.bank, reached.apply_no, at=later(NOON, minutes=10)) == "8"


def test_a_request_for_today_can_no_longer_be_confirmed_once_its_day_is_over() -> None:
    bank = make_bank(confirmation=True)
    apply_no = request(bank, at=jst(23, 55)).apply_no

    (pending,) = bank.outside.pending_confirmations(COMPANY, at=jst(23, 59, 59))

    assert pending.expires_at == jst(0, day=TOMORROW)
    with pytest.raises(ImpossibleStep):
        bank.outside.confirm(apply_no, at=jst(0, day=TOMORROW))


def test_a_transfer_within_the_bank_is_settled_at_once_without_a_fee() -> None:
    bank = make_bank()

    apply_no = request(bank, to_neighbour(edi_info="A1")).apply_no

    assert codes(bank, apply_no) == ["20"]
    assert balance(bank) == OPENING_YEN - 10_000
    assert balance(bank, "102010099999") == 10_000


def test_a_transfer_to_another_bank_is_settled_half_a_minute_after_its_debit() -> None:
    bank = make_bank()
    apply_no = request(bank).apply_no

    assert (codes(bank, apply_no), balance(bank)) == (["12"], OPENING_YEN + DEBIT)
    assert bank.tick(at=later(NOON, seconds=29)) == []
    (event,) = bank.tick(at=later(NOON, hours=1))
    assert (event.at, event.kind, event.item_id) == (later(NOON, seconds=30), Trigger.CREDITED, "1")
    assert (codes(bank, apply_no), balance(bank)) == (["20"], OPENING_YEN + DEBIT)


def test_a_reserved_transfer_waits_until_nine_on_its_day_and_is_then_debited() -> None:
    bank = make_bank()
    apply_no = request(bank, designated_date=TOMORROW).apply_no

    bank.tick(at=jst(8, 59, 59, day=TOMORROW))
    assert (codes(bank, apply_no), balance(bank)) == (["11"], OPENING_YEN)
    bank.tick(at=jst(9, day=TOMORROW))
    assert (codes(bank, apply_no), balance(bank)) == (["12"], OPENING_YEN + DEBIT)


def test_a_transfer_for_today_is_executed_before_nine_too() -> None:
    bank = make_bank()

    assert codes(bank, request(bank, at=jst(0)).apply_no) == ["12"]


@pytest.mark.parametrize(("hour", "tried_at"), [(9, 12), (12, 15), (15, 18)])
def test_a_transfer_without_funds_is_paid_at_the_first_try_after_money_came(hour: int, tried_at: int) -> None:
    reached = retrying()
    bank = reached.bank
    bank.tick(at=jst(hour, day=TOMORROW))
    assert codes(bank, reached.apply_no) == ["13"]

    bank.outside.deposit(PAYER, amount_yen=20_000, remitter_name="ﾐﾎﾝ ﾀﾛｳ", at=jst(hour, 1, day=TOMORROW))

    assert codes(bank, reached.apply_no) == ["13"]
    bank.tick(at=jst(tried_at, day=TOMORROW))
    assert (codes(bank, reached.apply_no), balance(bank)) == (["12"], 20_000 + DEBIT)


def test_a_transfer_whose_last_try_fails_is_not_executed_and_costs_nothing() -> None:
    reached = retrying()

    events = reached.bank.tick(at=jst(18, day=TOMORROW))

    assert [(event.at, event.kind) for event in events] == [
        (jst(12, day=TOMORROW), "try_failed"),
        (jst(15, day=TOMORROW), "try_failed"),
        (jst(18, day=TOMORROW), "try_failed"),
        (jst(18, day=TOMORROW), Trigger.LAST_TRY_FAILED),
    ]
    assert (codes(reached.bank, reached.apply_no), balance(reached.bank)) == (["40"], 0)
    bank = reached.bank
    bank.outside.deposit(PAYER, amount_yen=20_000, remitter_name="ﾐﾎﾝ ﾀﾛｳ", at=jst(18, 1, day=TOMORROW))
    assert bank.tick(at=jst(23, day=SATURDAY)) == []
    assert balance(bank) == 20_000


@pytest.mark.parametrize(("short_yen", "code"), [(0, "12"), (1, "13")])
def test_on_its_day_a_transfer_needs_its_amount_and_its_fee(short_yen: int, code: str) -> None:
    bank = make_bank(opening_yen=10_000 + FEE_YEN - short_yen)
    apply_no = request(bank, designated_date=TOMORROW).apply_no

    bank.tick(at=jst(9, day=TOMORROW))

    assert codes(bank, apply_no) == [code]


@pytest.mark.parametrize(("confirmed_at", "code"), [(jst(17, 58), "13"), (jst(18), "40")])
def test_a_confirmation_without_funds_waits_for_the_tries_left_today(confirmed_at: datetime, code: str) -> None:
    bank = make_bank(confirmation=True)
    first = request(bank, make_line(amount_yen=900_000), at=jst(17, 55)).apply_no
    second = request(bank, make_line(amount_yen=900_000), at=jst(17, 55)).apply_no
    bank.outside.confirm(first, at=jst(17, 56))

    bank.outside.confirm(second, at=confirmed_at)

    assert codes(bank, second) == [code]
    assert balance(bank) == OPENING_YEN - 900_000 - FEE_YEN


def test_a_day_that_exceeds_the_limit_is_tried_again_like_one_without_funds() -> None:
    bank = make_bank(confirmation=True, limit_yen=15_000)
    requests = [request(bank).apply_no for _ in range(2)]

    for apply_no in requests:
        bank.outside.confirm(apply_no, at=NOON)

    assert [codes(bank, apply_no) for apply_no in requests] == [["12"], ["13"]]


def test_an_application_that_nobody_approves_expires_when_its_day_ends() -> None:
    reached = applied()

    assert reached.bank.tick(at=jst(23, 59, 59)) == []
    (event,) = reached.bank.tick(at=jst(0, day=TOMORROW))
    assert (event.kind, event.at) == (Trigger.DAY_PASSED, jst(0, day=TOMORROW))


def test_a_batch_is_debited_as_one_and_its_lines_go_their_own_ways() -> None:
    bank = make_bank()
    lines = (make_line(), to_neighbour(amount_yen=20_000), make_line(amount_yen=30_000), to_side_account())

    apply_no = request(bank, *lines).apply_no
    assert codes(bank, apply_no) == ["12", "20", "12", "20"]
    assert balance(bank) == OPENING_YEN - 70_000 - 2 * FEE_YEN
    bank.outside.fail(apply_no, item_id="3", at=NOON)
    bank.tick(at=later(NOON, minutes=1))
    bank.outside.return_funds(apply_no, item_id="1", at=later(NOON, minutes=2))

    assert codes(bank, apply_no) == ["22", "20", "40", "20"]
    assert balance(bank) == OPENING_YEN - 30_000 - FEE_YEN


def test_a_batch_that_funds_cover_only_in_part_is_not_paid_in_part() -> None:
    bank = make_bank(opening_yen=15_000)

    apply_no = request(bank, make_line(), make_line(), designated_date=TOMORROW).apply_no
    bank.tick(at=jst(9, day=TOMORROW))

    assert codes(bank, apply_no) == ["13", "13"]
    assert balance(bank) == 15_000


def test_each_line_gets_an_accept_number_of_its_own_from_the_series_of_apply_numbers() -> None:
    bank = make_bank()

    first = request(bank, make_line(), make_line(), designated_date=TOMORROW).apply_no
    second = request(bank, at=jst(13)).apply_no

    items = bank.transfer_status(COMPANY, _by_number(first), at=NOON).items
    assert first == "2026040100000001"
    assert [item.line.accept_no for item in items] == ["2026040100000002", "2026040100000003"]
    assert second == "2026040100000004"
    bank.tick(at=jst(9, day=TOMORROW))
    after = bank.transfer_status(COMPANY, _by_number(first), at=NOON).items
    assert [item.line.accept_no for item in after] == ["2026040100000002", "2026040100000003"]


def test_numbers_begin_anew_at_midnight_in_japan() -> None:
    bank = make_bank()

    numbers = [
        request(bank, at=at, designated_date=SATURDAY).apply_no for at in (jst(23, 59, 59), jst(0, day=TOMORROW))
    ]

    assert numbers == ["2026040100000001", "2026040200000001"]


def test_money_that_reached_an_account_kept_here_comes_back_only_with_its_holders_consent() -> None:
    bank = make_bank()
    apply_no = request(bank, to_neighbour()).apply_no

    with pytest.raises(ImpossibleStep) as refused:
        bank.outside.return_funds(apply_no, at=NOON)
    assert refused.value.possible == (Step.RECALL,)
    bank.outside.recall(apply_no, at=NOON)
    bank.outside.recall_agree(apply_no, at=NOON)

    assert balance(bank) == OPENING_YEN - RECALL_FEE_YEN
    assert balance(bank, "102010099999") == 0
    assert codes(bank, apply_no) == ["25"]


def test_a_beneficiary_who_spent_the_money_cannot_agree_to_a_recall() -> None:
    bank = make_bank()
    apply_no = request(bank, to_neighbour(), to_neighbour()).apply_no
    bank.outside.recall(apply_no, at=NOON)
    back = make_order(to_payer(amount_yen=15_000), account_id=NEIGHBOUR_ACCOUNT)
    bank.request_transfer(NEIGHBOUR, back, key=None, at=NOON)

    with pytest.raises(ImpossibleStep) as refused:
        bank.outside.recall_agree(apply_no, at=NOON)

    assert refused.value.possible == (Step.RECALL_REFUSE,)
    bank.outside.deposit(NEIGHBOUR_ACCOUNT, amount_yen=5_000, remitter_name="ﾐﾎﾝ", at=NOON)
    bank.outside.recall_agree(apply_no, at=NOON)
    assert codes(bank, apply_no) == ["25", "24"]
    assert balance(bank, NEIGHBOUR_ACCOUNT) == 0


def test_a_recall_is_impossible_without_the_money_for_its_fee() -> None:
    bank = make_bank(opening_yen=10_000 + FEE_YEN + RECALL_FEE_YEN - 1)
    apply_no = request(bank).apply_no
    bank.tick(at=later(NOON, minutes=1))

    with pytest.raises(ImpossibleStep) as refused:
        bank.outside.recall(apply_no, at=later(NOON, minutes=1))

    assert refused.value.possible == (Step.RETURN_FUNDS,)


def test_a_step_for_a_line_that_does_not_exist_is_impossible() -> None:
    reached = settled()

    with pytest.raises(ImpossibleStep):
        reached.bank.outside.recall(reached.apply_no, item_id="2", at=reached.at)


def test_instants_of_a_line_are_kept() -> None:
    reached = recall_in_process()
    reached.bank.outside.recall_agree(reached.apply_no, at=later(NOON, days=3))

    (item,) = reached.bank.transfer_status(COMPANY, _by_number(reached.apply_no), at=reached.at).items

    line = item.line
    assert (line.accepted_at, line.debited_at, line.settled_at) == (NOON, NOON, later(NOON, seconds=30))
    assert line.came_back_at == later(NOON, days=3)
    assert item.application.designated_date == TODAY


def test_things_of_one_instant_happen_in_their_fixed_order() -> None:
    bank = make_bank(rules={"settle_interbank_seconds": 0, "confirmation_seconds": 75_600})
    reserved = request(bank, designated_date=TOMORROW).apply_no
    bank.change_customer(COMPANY, confirmation_required=True)
    waiting = request(bank, designated_date=SATURDAY).apply_no

    events = bank.tick(at=jst(9, day=TOMORROW))

    assert [(event.kind, event.apply_no) for event in events] == [
        (Trigger.LIMIT_PASSED, waiting),
        (Trigger.DAY_CAME, reserved),
        (Trigger.CREDITED, reserved),
    ]


def test_what_fell_due_inside_a_command_is_told_by_the_next_tick_once() -> None:
    reached = requested()
    at = later(NOON, minutes=11)

    reached.bank.outside.deposit(PAYER, amount_yen=1, remitter_name="ﾐﾎﾝ", at=at)

    assert [event.kind for event in reached.bank.tick(at=at)] == [Trigger.LIMIT_PASSED]
    assert reached.bank.tick(at=at) == []


def test_time_in_one_leap_gives_what_time_in_small_steps_gives() -> None:
    def play(step_minutes: int) -> tuple[object, ...]:
        bank = make_bank(opening_yen=25_000)
        for day in (TODAY, TOMORROW, TOMORROW, SATURDAY):
            request(bank, designated_date=day)
        events = []
        at = NOON
        while at < jst(12, day=SATURDAY):
            at = later(at, minutes=step_minutes)
            events += bank.tick(at=at)
        return events, balance(bank), bank.statement(COMPANY, PAYER, date_to=SATURDAY, at=at).lines

    assert play(7) == play(4_320)


def _by_number(apply_no: str) -> StatusQuery:
    return StatusQuery(PAYER, "1", apply_no)
