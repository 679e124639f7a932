"""Acts of the shop, and time: ReCORE's orders, questions and cancels; workers at work while seconds or days go by."""

from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from integrator.domain.payout import DEAD, PayoutState
from tests.simulation.recore import Order, pick
from tests.simulation.stage import JAPAN, Stage

BENEFICIARIES = (
    ("0001", "001", "1", "1234567", "ヤマダ　タロウ"),
    ("0005", "001", "1", "7654321", "スズキ　ハナコ"),
    ("0033", "001", "1", "2345678", "サトウ　ジロウ"),
)
# Those of the scenario's directory whose transfers end in other ways.
PECULIAR = (
    ("0009", "001", "1", "9000010", "オソイ　タロウ"),
    ("9900", "008", "1", "9000011", "ヨクジツ　ジロウ"),
    ("0033", "001", "1", "9000020", "コトワリ　サブロウ"),
    ("0001", "001", "1", "9000021", "カイヤク　シロウ"),
    ("0005", "001", "1", "9000022", "ベツジン　ゴロウ"),
    ("0036", "201", "1", "9000030", "シヨウダク　マリ"),
    ("0038", "106", "1", "9000031", "キヨヒ　ジユン"),
)
NOWHERE = ("0001", "999", "1", "1234567", "ヤマダ　タロウ")
CASES = ("店頭買取", "宅配買取", "一般仕入", "委託仕入")
LIMITS_SECONDS = (
    600,  # confirmation
    3600,  # access tokens of some environments, authorization codes long before
    23 * 3600,  # our own idea of the duplicate key's life
    24 * 3600,  # the bank's
    30 * 86400,  # access token
    60 * 86400,  # how long the settled are followed
    90 * 86400,  # refresh token
)


def work(stage: Stage, chance: Random) -> str | None:
    """Let everybody make a few motions, in an order of chance."""
    count = chance.choice((1, 1, 2, 3, 5, 8, 12, 20, 30))
    before = stage.clock.elapsed
    for _ in range(count):
        if not stage.baton.move(chance):
            break
    passed = stage.clock.elapsed - before
    return f"they work: {count} motions" if passed < 1 else f"they work: {count} motions, in which {passed:.0f} s pass"


def pass_seconds(stage: Stage, chance: Random) -> str:
    """A few seconds in which everybody works."""
    seconds = chance.choice((1, 2, 3, 5, 10, 20, 45))
    return _pass(stage, chance, seconds, f"{seconds} s pass")


def pass_minutes(stage: Stage, chance: Random) -> str:
    """A few minutes in which everybody works."""
    seconds = chance.choice((90, 130, 300, 590, 620))
    return _pass(stage, chance, seconds, f"{seconds} s pass")


def pass_hours(stage: Stage, chance: Random) -> str:
    """Hours in which everybody works."""
    hours = chance.choice((1, 2, 5, 12, 26))
    return _pass(stage, chance, hours * 3600, f"{hours} hours pass")


def to_midnight(stage: Stage, chance: Random) -> str:
    """Time goes on to about the next midnight in Japan, sometimes of the month's last day."""
    local = stage.clock.now() + JAPAN
    day = local.date()
    if chance.random() < 0.3:
        day = (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    midnight = datetime.combine(day, datetime.min.time(), local.tzinfo) + timedelta(days=1)
    seconds = max(0.0, (midnight - local).total_seconds() + chance.choice((-40, -5, -1, 0, 1, 30)))
    return _pass(stage, chance, seconds, f"it is about midnight after {day}")


def over_a_limit(stage: Stage, chance: Random) -> str:
    """One of the limits that the bank or the integrator knows passes."""
    seconds = chance.choice(LIMITS_SECONDS[:4] * 3 + LIMITS_SECONDS[4:])
    seconds += chance.choice((-60, -5, 0, 5, 60))
    return _pass(stage, chance, seconds, f"{timedelta(seconds=seconds)} pass")


def _pass(stage: Stage, chance: Random, seconds: float, line: str) -> str:
    stage.tell(line)
    stage.let_pass(seconds, chance, moves_max=4000)
    return ""


def place(stage: Stage, chance: Random) -> str:
    """ReCORE wants somebody paid."""
    order = new_order(stage, chance)
    stage.recore.place(order)
    return f"ReCORE orders {order.key}: {order.body['amount_yen']} yen{_day(order)}"


def place_several(stage: Stage, chance: Random) -> str:
    """Several at once, which can go to the bank together."""
    orders = [new_order(stage, chance) for _ in range(chance.randint(2, 12))]
    for order in orders:
        stage.recore.place(order)
    return f"ReCORE orders {orders[0].key} to {orders[-1].key}"


def place_refused(stage: Stage, chance: Random) -> str:
    """An order that the bank refuses: its branch does not exist."""
    order = new_order(stage, chance, beneficiary=NOWHERE)
    stage.recore.place(order)
    return f"ReCORE orders {order.key} for a branch that does not exist"


def place_again(stage: Stage, chance: Random) -> str | None:
    """ReCORE repeats an order under its key: without an answer always, with one sometimes."""
    unanswered = [order for order in stage.recore.orders if not order.is_taken and order.refused is None]
    order = pick(unanswered or stage.recore.orders, chance)
    if order is None or order.refused is not None:
        return None
    stage.recore.place(order)
    return f"ReCORE orders {order.key} once more under its key"


def read(stage: Stage, chance: Random) -> str | None:
    """ReCORE asks how a payout stands."""
    order = pick([order for order in stage.recore.orders if order.payout_id is not None], chance)
    if order is None:
        return None
    stage.recore.read(order)
    return f"ReCORE asks how {order.key} stands"


def cancel(stage: Stage, chance: Random) -> str | None:
    """ReCORE does not want a payout any more."""
    order = pick([order for order in stage.recore.orders if order.payout_id is not None], chance)
    if order is None:
        return None
    stage.recore.cancel(order)
    return f"ReCORE cancels {order.key}"


def replace(stage: Stage, chance: Random) -> str | None:
    """ReCORE pays anew what it was told to be dead."""
    dead = [o for o in stage.recore.orders if o.state in DEAD and o.replaced_by is None and o.payout_id is not None]
    old = pick(dead, chance)
    if old is None:
        return None
    return place_instead(stage, chance, old)


def place_instead(stage: Stage, chance: Random, old: Order) -> str:
    """ReCORE orders anew what another order should have paid."""
    order = new_order(stage, chance)
    order.company_id, order.replaces = old.company_id, old
    order.body = {**old.body, "beneficiary": beneficiary_of(BENEFICIARIES[0])}
    order.body.pop("designated_date", None)
    old.replaced_by = order
    stage.recore.place(order)
    return f"ReCORE orders {order.key} in the place of {old.key}, of which it was told {old.state}"


def inquire(stage: Stage, chance: Random) -> str:
    """ReCORE asks for balances or a fee, which the worker asks the bank for."""
    company = chance.choice(stage.companies).company_id

    def forget(_status: int, _answer: Any) -> None:
        """Nothing is believed of it."""

    stage.recore.call(company, "GET", "/balances", take=forget)
    return "ReCORE asks for balances"


def new_order(stage: Stage, chance: Random, *, beneficiary: tuple[str, ...] | None = None) -> Order:
    """Return an order that ReCORE has not placed yet."""
    number = len(stage.recore.orders) + 1
    to = beneficiary or chance.choice(BENEFICIARIES if chance.random() < 0.8 else PECULIAR)
    amount = chance.choice((1000 + number, 1000 + number, 3000, 50_000, 29_999, 30_000))
    body: dict[str, Any] = {
        "amount_yen": amount,
        "beneficiary": beneficiary_of(to),
        "case": {"type": chance.choice(CASES), "reference": f"C-{number}"},
    }
    if chance.random() < 0.12:
        today = (stage.clock.now() + JAPAN).date()
        body["designated_date"] = (today + timedelta(days=chance.choice((0, 1, 2, 3, 7)))).isoformat()
    order = Order(chance.choice(stage.companies).company_id, f"order-{number}", body)
    stage.recore.orders.append(order)
    return order


def order_for_day(stage: Stage, chance: Random, today: date | None, days: int | None) -> Order:
    """Return an order for somebody who takes the money, so many days from today, or as soon as may be."""
    order = new_order(stage, chance, beneficiary=chance.choice(BENEFICIARIES))
    order.body.pop("designated_date", None)
    if today is not None and days is not None:
        order.body["designated_date"] = (today + timedelta(days=days)).isoformat()
    return order


def beneficiary_of(found: tuple[str, ...]) -> dict[str, str]:
    """Return the members of a beneficiary."""
    names = ("bank_code", "branch_code", "account_type", "account_number", "name")
    return dict(zip(names, found, strict=True))


def _day(order: Order) -> str:
    day = order.body.get("designated_date")
    return "" if day is None else f", on {day}"


FINAL = frozenset({*DEAD, PayoutState.SETTLED, PayoutState.NEEDS_PERSON})
