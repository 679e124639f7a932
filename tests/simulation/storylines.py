"""Short sequences that belong together, each drawn as one act: what a mistake needs to become harm is rarely one event.

A storyline lets something go wrong with an order at the bank and then lets happen what makes a wrong reading of it
cost money: a cancel, midnight, another person's consent, a day, a second fault, a process that stands still.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from random import Random

from integrator.domain.payout import DEAD
from tests.simulation import people, shop, trouble
from tests.simulation.baton import Actor
from tests.simulation.network import BANK, CALLBACK, TROUBLES, Trouble
from tests.simulation.recore import Order, pick
from tests.simulation.stage import ACCOUNTS, JAPAN, Stage

# The bank carries the order out, and whoever sent it is not told so.
CARRIED_OUT_UNTOLD = ("reply lost", "torn", "corrupt", "failed")
IN_VAIN = ("garbled", "limited", "failed", "reply lost", "corrupt", "refused", "lost")
MOVES_MAX = 800
DAY_SECONDS = 86_400.0
UNFUNDED_ORDERS = 16
TRIED_ONCE_SECONDS = 10 * 3600.0  # the bank tries what is reserved early, and the next time at noon
STALL_SECONDS = (121.0, 180.0, 600.0, 4_000.0)
REQUEST = "/transfer/request"


def lost_then_cancelled(stage: Stage, chance: Random) -> str:
    """Nobody hears that the bank took an order; ReCORE cancels it; somebody confirms it all the same."""
    _let_people_confirm(stage, chance)
    for order in _struck(stage, chance, chance.choice(CARRIED_OUT_UNTOLD)):
        _work(stage, chance, chance.choice((0, 0, 3, 10)))
        stage.tell(f"ReCORE cancels {order.key}")
        stage.recore.cancel(order)
    stage.let_pass(chance.choice((5, 40, 90, 400)), chance)
    return _confirmed(stage, chance)


def lost_at_midnight(stage: Stage, chance: Random) -> str:
    """Nobody hears that the bank took an order, and the day for which it was changes."""
    _let_people_confirm(stage, chance)
    local = stage.clock.now() + JAPAN
    midnight = datetime.combine(local.date() + timedelta(days=1), datetime.min.time(), local.tzinfo)
    until = (midnight - local).total_seconds() - chance.choice((2, 5, 15, 35))
    stage.tell(f"it is shortly before midnight after {local.date()}")
    stage.let_pass(max(0.0, until), chance, moves_max=3000)
    _struck(stage, chance, chance.choice(CARRIED_OUT_UNTOLD))
    stage.let_pass(120, chance)
    return _confirmed(stage, chance)


def lost_then_another_consents(stage: Stage, chance: Random) -> str:
    """Nobody hears that the bank took an order, and another person consents before it is looked up."""
    _let_people_confirm(stage, chance)
    struck = _struck(stage, chance, chance.choice(CARRIED_OUT_UNTOLD))
    for company in stage.companies:
        if any(order.company_id == company.company_id for order in struck):
            stage.tell(people.consent_of(stage, company, chance))
    stage.let_pass(chance.choice((40, 100)), chance)
    return _confirmed(stage, chance)


def lost_for_a_day(stage: Stage, chance: Random) -> str:
    """Nobody hears that the bank took an order for a later day, and nobody works until the bank forgot its key."""
    _let_people_confirm(stage, chance)
    days = chance.choice((2, 3, 7))
    _struck(stage, chance, chance.choice(CARRIED_OUT_UNTOLD), day=(stage.clock.now() + JAPAN).date(), days=days)
    for name in list(stage.workers):
        stage.bury(name)
    stage.tell("every worker is killed, and nobody starts one for a day")
    stage.let_pass(DAY_SECONDS + chance.choice((-7200, 60, 3600)), chance)
    stage.start_all()
    for company in stage.companies:
        if chance.random() < 0.3:
            stage.begin_consent(company)
    stage.let_pass(150, chance)
    return _confirmed(stage, chance)


def lost_and_repeated_in_vain(stage: Stage, chance: Random) -> str:
    """Nobody hears that the bank took an order, and its repetition does not come through either."""
    _let_people_confirm(stage, chance)
    again = [chance.choice(IN_VAIN) for _ in range(chance.choice((1, 1, 2)))]
    _struck(stage, chance, chance.choice(CARRIED_OUT_UNTOLD), *again)
    stage.let_pass(chance.choice((45, 100)), chance)
    return _confirmed(stage, chance)


def stands_still_before_its_call(stage: Stage, chance: Random) -> str | None:
    """A worker stands still between its intent and its call, and others decide what becomes of the order."""
    _let_people_confirm(stage, chance)
    is_long = chance.random() < 0.5
    today = (stage.clock.now() + JAPAN).date()
    actor = _sender(stage, chance, shop.order_for_day(stage, chance, today, 3 if is_long else None))
    if actor is None or actor.stands_at == "bank.before":
        return None
    seconds = DAY_SECONDS + 600 if is_long else 700.0
    stage.baton.hold_still(actor, seconds)
    stage.tell(f"{actor.name} stands still for {seconds:.0f} s, before the call that it has just announced")
    if is_long:
        stage.let_pass(250, chance)
        stage.tell(_confirmed(stage, chance))
    else:
        for company in stage.companies:
            stage.tell(people.consent_of(stage, company, chance))
        stage.let_pass(500, chance)
        for _ in range(3):
            if line := people.decide(stage, chance):
                stage.tell(line)
        stage.let_pass(60, chance)
    _until(stage, chance, lambda: actor.wake_at <= stage.clock.elapsed, moves_max=3000, patience=7200)
    stage.let_pass(60, chance)
    return _confirmed(stage, chance)


def stands_still_in_its_call(stage: Stage, chance: Random) -> str | None:
    """A worker stands still while it has the bank's answer, and others decide meanwhile."""
    actor = _sender(stage, chance, shop.new_order(stage, chance))
    if actor is None or not _until(stage, chance, lambda: actor.stands_at == "bank.after", moves_max=300):
        return None
    seconds = chance.choice(STALL_SECONDS)
    stage.baton.hold_still(actor, seconds)
    stage.tell(f"{actor.name} stands still for {seconds:.0f} s, with the bank's answer in its hands")
    stage.let_pass(140, chance)
    stage.tell(_confirmed(stage, chance))
    stage.let_pass(max(0.0, seconds - 140), chance, moves_max=3000)
    return _confirmed(stage, chance)


def stopped_with_work_to_do(stage: Stage, chance: Random) -> str:
    """Somebody stops all payouts while orders are on their way to the bank; more come, and nothing may leave."""
    for _ in range(chance.randint(1, 3)):
        stage.tell(shop.place(stage, chance))
    _work(stage, chance, chance.choice((5, 15, 40)))
    if chance.random() < 0.5:
        _struck(stage, chance, "lost")
    stage.tell(people.stop_payouts(stage, chance))
    stage.let_pass(10, chance)
    stage.tell(shop.place_several(stage, chance))
    stage.let_pass(chance.choice((60, 130)), chance)
    stage.tell(people.resume_payouts(stage, chance))
    stage.let_pass(60, chance)
    return _confirmed(stage, chance)


def receiver_is_ill(stage: Stage, chance: Random) -> str:
    """ReCORE's receiver does not take what it is told, while much happens."""
    for _ in range(chance.randint(2, 8)):
        what = chance.choice(("broken", "broken", "corrupt", "lost", "reply lost", "twice"))
        stage.network.waiting.append(Trouble(CALLBACK, what, "", chance.getrandbits(32)))
    stage.tell("ReCORE's receiver is ill")
    stage.tell(shop.place_several(stage, chance))
    stage.let_pass(30, chance)
    stage.tell(_confirmed(stage, chance))
    stage.let_pass(30, chance)
    return "the receiver gets well again"


def replaces_the_living(stage: Stage, chance: Random) -> str | None:
    """ReCORE orders anew what it does not know to be dead, which must be refused."""
    _let_people_confirm(stage, chance)
    stage.tell(shop.place(stage, chance))
    _work(stage, chance, chance.choice((10, 30)))
    living = [o for o in stage.recore.orders if o.payout_id and o.state not in DEAD and o.replaced_by is None]
    old = pick(living, chance)
    if old is None:
        return None
    stage.tell(shop.place_instead(stage, chance, old))
    stage.let_pass(30, chance)
    return _confirmed(stage, chance)


def comes_back(stage: Stage, chance: Random) -> str:
    """An order is paid, and days later its money comes back or somebody wants it back."""
    order = shop.new_order(stage, chance, beneficiary=shop.BENEFICIARIES[0])
    order.body.pop("designated_date", None)
    stage.recore.place(order)
    stage.tell(f"ReCORE orders {order.key}")
    stage.let_pass(20, chance)
    stage.tell(_confirmed(stage, chance))
    stage.let_pass(120, chance)
    step = chance.choice((people.return_funds, people.recall, people.recall))
    stage.tell(step(stage, chance) or "nothing comes back")
    stage.let_pass(30 * 3600, chance, moves_max=2000)
    decide = chance.choice((people.recall_agreed, people.recall_refused))
    return decide(stage, chance) or "nobody recalls anything"


def asked_in_vain(stage: Stage, chance: Random) -> str:
    """The bank took an order and does not answer what is asked about it; meanwhile somebody confirms it."""
    _let_people_confirm(stage, chance)
    actor = _sender(stage, chance, shop.order_for_day(stage, chance, None, None))
    if actor is not None:
        _until(stage, chance, lambda: actor.stands_at == "bank.after", moves_max=300)
    for path in ("/transfer/status", "/transfer/request-result"):
        for _ in range(3):
            what = chance.choice(("corrupt", "torn", "reset", "failed"))
            stage.network.waiting.append(Trouble(BANK, what, path, chance.getrandbits(32)))
    stage.tell("to come: the bank answers no inquiry for a while")
    stage.let_pass(chance.choice((25, 90)), chance)
    return _confirmed(stage, chance)


def unfunded_on_its_day(stage: Stage, chance: Random) -> str:
    """More is to be paid tomorrow than the account has; the money comes after the bank has tried once."""
    account = ACCOUNTS[stage.cast.scenario]
    stage.must("PATCH", f"/customers/{stage.customer_id}", {"transfer_limit_yen": {account: 500_000_000}})
    local = stage.clock.now() + JAPAN
    for _ in range(UNFUNDED_ORDERS):
        order = shop.order_for_day(stage, chance, local.date(), 1)
        order.body["amount_yen"] = 1_000_000
        stage.recore.place(order)
    stage.tell(f"ReCORE orders {UNFUNDED_ORDERS} times a million for tomorrow")
    stage.let_pass(90, chance)
    stage.tell(_confirmed(stage, chance))
    midnight = datetime.combine(local.date() + timedelta(days=1), datetime.min.time(), local.tzinfo)
    seconds = (midnight - stage.clock.now() - JAPAN).total_seconds() + TRIED_ONCE_SECONDS
    stage.let_pass(max(0.0, seconds), chance, moves_max=3000)
    tried = len(stage.applications(people.S.RETRYING))
    stage.let_pass(700, chance)
    stage.must("POST", "/deposits", {"account_id": account, "amount": 40_000_000, "remitter_name": "ｶﾘﾅｼﾖｳｶｲ(ｶ"})
    stage.let_pass(DAY_SECONDS, chance, moves_max=2000)
    return f"the day came and {tried} orders had no money; now it is there"


def _let_people_confirm(stage: Stage, chance: Random) -> None:
    if chance.random() < 0.8:
        stage.must("PATCH", f"/customers/{stage.customer_id}", {"confirmation_required": True})
    if stage.network.waiting and chance.random() < 0.7:
        stage.network.waiting.clear()
    trouble.start(stage, chance)


def _struck(stage: Stage, chance: Random, *what: str, day: date | None = None, days: int | None = None) -> list[Order]:
    """Place an order, let these befall the next requests in their order; return what was in flight at the first."""
    order = shop.order_for_day(stage, chance, day, days)
    queue = [Trouble(BANK, each, REQUEST, chance.getrandbits(32)) for each in what]
    stage.network.waiting[:0] = queue
    stage.tell(f"to come, of orders: {'; '.join(TROUBLES[BANK][each] for each in what)}")
    stage.recore.place(order)
    stage.tell(f"ReCORE orders {order.key}: {order.body['amount_yen']} yen")
    _until(stage, chance, lambda: queue[0] not in stage.network.waiting)
    return _in_flight(stage)


def _in_flight(stage: Stage) -> list[Order]:
    found = stage.database.in_flight()
    return [order for order in stage.recore.orders if order.payout_id in found]


def _sender(stage: Stage, chance: Random, order: Order) -> Actor | None:
    """Place an order and return the worker's actor that has just stored the intent to send one."""
    if stage.database.in_flight():
        return None
    stage.recore.place(order)
    stage.tell(f"ReCORE orders {order.key}: {order.body['amount_yen']} yen")
    _until(stage, chance, lambda: bool(stage.database.in_flight()))
    last = stage.baton.last
    is_worker = last is not None and last in stage.baton.actors and last.process in stage.workers
    return last if is_worker else None


def _until(
    stage: Stage, chance: Random, is_so: Callable[[], bool], *, moves_max: int = MOVES_MAX, patience: float = 400
) -> bool:
    until = stage.clock.elapsed + patience
    stage.baton.patience = max(30.0, patience / 12)
    for _ in range(moves_max):
        if is_so():
            break
        if stage.clock.elapsed > until or not stage.baton.move(chance):
            break
    stage.baton.patience = 30.0
    return is_so()


def _work(stage: Stage, chance: Random, moves: int) -> None:
    for _ in range(moves):
        stage.baton.move(chance)


def _confirmed(stage: Stage, chance: Random) -> str:
    line = people.confirm_all(stage, chance) or "nothing waits for the holder"
    for number in stage.applications(people.S.APPLIED):
        stage.control("POST", f"/transfers/{number}/approve", {})
    stage.let_pass(60, chance)
    return line
