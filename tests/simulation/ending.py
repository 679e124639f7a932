"""How every story ends: faults stop, people act, time goes on, and the verdict is spoken."""

from datetime import timedelta
from random import Random

from integrator.domain.payout import DEAD, PayoutState
from mock_gmo.app import world_of
from mock_gmo.bank.states import TransferStatus
from mock_gmo.testing.verdict import Belief, BeneficiaryKey, Claim, Debit, Verdict, judge
from tests.simulation import bank_side, people
from tests.simulation.checks import Broken
from tests.simulation.recore import Order
from tests.simulation.shop import FINAL, order_for_day
from tests.simulation.stage import ACCOUNTS, JAPAN, Stage

HOUR, DAY = 3600.0, 86400.0
# How long everybody works between two visits of the people; the sum covers reserved days and the doubt's last look.
CALM_SECONDS = (60, 120, 120, 300, 600, HOUR, 2 * HOUR, 6 * HOUR, DAY, 2 * DAY, 3 * DAY, 5 * DAY)
SETTLED_IS_LOOKED_AT_WITHIN = 50 * HOUR
UNANSWERED_TRIES = 5
PLAIN_YEN = 7_770  # an amount that no other order has


def calm_down(stage: Stage) -> None:
    """Let faults end and everything run; people do what waits, until every payout is final or with a person."""
    stage.tell("from here on nothing goes wrong any more, and people do what waits for them")
    chance = Random("ending")  # noqa: S311  (a seeded world)
    stage.must("DELETE", "/faults")
    bank_side.reopen_accounts(stage)
    stage.network.waiting.clear()
    stage.baton.let_go_on()
    stage.start_all()
    for name in list(stage.workers)[1:]:
        stage.bury(name)  # one is enough where nothing goes wrong, and the world ends sooner
    for process in [each.process for each in (*stage.workers.values(), stage.recore.web) if each is not None]:
        process.mishaps.deaths.clear()
        process.mishaps.failures.clear()
    account = ACCOUNTS[stage.cast.scenario]
    stage.must("PATCH", f"/customers/{stage.customer_id}", {"transfer_limit_yen": {account: 500_000_000}})
    stage.must("POST", "/deposits", {"account_id": account, "amount": 400_000_000, "remitter_name": "ｶﾘﾅｼﾖｳｶｲ(ｶ"})
    stage.baton.pass_time(60, chance)
    people.resume_payouts(stage, chance)
    for company in stage.companies:
        stage.begin_consent(company)
        stage.baton.pass_time(30, chance)
    _answer_everything(stage, chance)
    plain = _plain_orders(stage, chance)
    for seconds in CALM_SECONDS:
        stage.let_pass(seconds, chance)
        _do_what_waits(stage, chance)
        if _all_is_final(stage):
            break
    # What was paid is looked at once a day: money that came back since is known by then.
    stage.let_pass(SETTLED_IS_LOOKED_AT_WITHIN, chance)
    for order in stage.recore.orders:
        if order.payout_id is not None:
            stage.recore.read(order)
    stage.baton.pass_time(60, chance)
    _check_paid(plain)


def _plain_orders(stage: Stage, chance: Random) -> list[Order]:
    """Place two orders of each company of which nothing is special: nothing may keep them from being paid now."""
    orders: list[Order] = []
    if (stage.clock.now() + JAPAN + timedelta(minutes=30)).date() != (stage.clock.now() + JAPAN).date():
        stage.let_pass(HOUR / 2, chance)  # what nobody has confirmed by midnight expires
    for company in stage.companies * 2:
        order = order_for_day(stage, chance, None, None)
        order.company_id, order.body["amount_yen"] = company.company_id, PLAIN_YEN + len(orders)
        stage.recore.place(order)
        stage.baton.pass_time(20, chance)
        people.confirm_all(stage, chance)
        orders.append(order)
    return orders


def _check_paid(orders: list[Order]) -> None:
    unpaid = [
        f"{order.key} is {order.state or order.refused}" for order in orders if order.state != PayoutState.SETTLED
    ]
    if unpaid:
        raise Broken(f"a plain order was not paid although nothing went wrong: {unpaid[0]}")


def speak_verdict(stage: Stage) -> Verdict:
    """Check everything once more and judge every payout. Raises Broken with the verdict's table when it is not good."""
    stage.invariants.look_at_all()
    unanswered = [o.key for o in stage.recore.orders if o.payout_id is None and o.refused is None]
    if unanswered:
        raise Broken(f"ReCORE never got an answer to {unanswered[0]}, however often it asked")
    verdict = judge(_claims(stage), _debits(stage), at=stage.clock.now())
    open_ones = [row for row in verdict.rows if row.claim is not None and row.claim.belief is Belief.OPEN]
    if not verdict.is_good or open_ones:
        raise Broken("the verdict is not good:\n" + verdict.as_table(good_max=0))
    for payout_id, reason in stage.database.person_problems().items():
        if reason is None:
            raise Broken(f"{payout_id} waits for a person without a reason")
    told = {order.payout_id: order.state for order in stage.recore.orders if order.payout_id is not None}
    for payout_id, row in stage.database.orders.items():
        if told.get(payout_id) != row.states[-1]:
            raise Broken(f"{row.key} is {row.states[-1]}, and ReCORE believes that it is {told.get(payout_id)}")
    _check_events(stage)
    return verdict


def _check_events(stage: Stage) -> None:
    if stage.recore.has_lost_track:
        return
    for payout_id, last in stage.database.last_events().items():
        missing = set(range(1, last + 1)) - stage.recore.events_taken[payout_id]
        if missing:
            key = stage.database.orders[payout_id].key
            raise Broken(f"ReCORE's receiver never got event {min(missing)} of {key}, which has {last}")


def _answer_everything(stage: Stage, chance: Random) -> None:
    for order in stage.recore.orders:
        if order.replaces is not None and order.payout_id is None:
            order.refused = None  # what it replaces may be dead by now
    for _ in range(UNANSWERED_TRIES):
        unanswered = [o for o in stage.recore.orders if o.payout_id is None and o.refused is None]
        if not unanswered:
            return
        for order in unanswered:
            stage.recore.place(order)
        stage.baton.pass_time(60, chance)


def _do_what_waits(stage: Stage, chance: Random) -> None:
    people.confirm_all(stage, chance)
    for state, step in (
        (TransferStatus.APPLIED, "approve"),
        (TransferStatus.SENT_BACK, "withdraw"),
        (TransferStatus.RECALL_IN_PROCESS, "recall-agree"),
    ):
        for number in stage.applications(state):
            stage.control("POST", f"/transfers/{number}/{step}", {})


def _all_is_final(stage: Stage) -> bool:
    is_quiet = not any(actor.process == "network" for actor in stage.baton.actors)
    return is_quiet and all(row.states[-1] in FINAL for row in stage.database.orders.values())


def _claims(stage: Stage) -> list[Claim]:
    marks: dict[tuple[str, str], set[str]] = {}
    for mark, of in stage.database.order_of_mark.items():
        marks.setdefault(of, set()).add(mark)
    wanted = {(order.company_id, order.key): order for order in stage.recore.orders}
    reasons = stage.database.person_problems()
    known = {(row.company_id, row.key) for row in stage.database.orders.values()}
    unknown_marks = stage.database.unknown_orders()
    forgotten = [
        Claim(
            f"{whose[0]} {whose[1]}",
            wanted[whose].body["amount_yen"],
            Belief.PERSON,
            reason="unknown_order",
            marks=frozenset(own),
        )
        for whose, own in marks.items()
        if whose not in known and own & unknown_marks
    ]
    return forgotten + [
        Claim(
            f"{row.company_id} {row.key}",
            row.amount_yen,
            _belief(row.states[-1]),
            reason=reasons.get(row.payout_id) or row.states[-1],
            marks=frozenset(marks.get((row.company_id, row.key), ())),
            beneficiary=_beneficiary(wanted[row.company_id, row.key].body["beneficiary"]),
        )
        for row in stage.database.orders.values()
    ]


def _belief(state: str) -> Belief:
    if state == PayoutState.SETTLED:
        return Belief.PAID
    if state in DEAD:
        return Belief.DEAD
    return Belief.PERSON if state == PayoutState.NEEDS_PERSON else Belief.OPEN


def _beneficiary(found: dict[str, str]) -> BeneficiaryKey:
    return BeneficiaryKey(found["bank_code"], found["branch_code"], found["account_type"], found["account_number"])


def _debits(stage: Stage) -> list[Debit]:
    world_of(stage.bank_app).tick()
    return [
        Debit(
            payment.edi_info,
            payment.apply_no,
            payment.item_id,
            payment.amount_yen,
            payment.came_back_yen,
            payment.debited_at,
            BeneficiaryKey(payment.bank_code, payment.branch_code, payment.account_type, payment.account_number),
        )
        for payment in world_of(stage.bank_app).bank.payments()
    ]
