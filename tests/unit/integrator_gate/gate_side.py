"""A gate on a clock that only the test moves, and its companies."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import insert

from integrator.domain.turns import Urgency
from integrator.effects import Checkpoints, NoCheckpoints
from integrator.gate import Gate, GatePorts
from integrator.store.database import Database
from integrator.store.gate import Waiter, try_turn
from integrator.store.schema import companies
from tests.builders import make_new_text

NOON = datetime(2026, 4, 1, 3, tzinfo=UTC)
JITTER = timedelta(milliseconds=50)


class VirtualClock:
    """Sleeping moves it, by as much as asked and by as much as the test adds."""

    def __init__(self) -> None:
        self.present = NOON
        self.oversleeps: list[float] = []

    def now(self) -> datetime:
        return self.present

    def sleep(self, seconds: float) -> None:
        late = self.oversleeps.pop(0) if self.oversleeps else 0.0
        self.present += timedelta(seconds=seconds + late)

    def advance(self, **span: float) -> None:
        self.present += timedelta(**span)


def make_gate(
    db: Database, clock: VirtualClock, *, seed: int = 1, checkpoints: Checkpoints | None = None, stops: bool = False
) -> Gate:
    ports = GatePorts(db, clock, checkpoints or NoCheckpoints(), make_new_text(seed), is_stopping=lambda: stops)
    return Gate(ports, jitter_seconds=JITTER.total_seconds())


def call(gate: Gate, clock: VirtualClock, *, status: int | None = 200, urgency: Urgency = Urgency.PAY) -> datetime:
    """One call that takes no time; returns when it left."""
    gate.wait("client-a", urgency)
    gate.depart()
    left_at = clock.now()
    gate.arrived(status)
    return left_at


def put_ticket(db: Database, name: str, rank: datetime, *, clock: VirtualClock, urgency: Urgency = Urgency.PAY) -> None:
    """Somebody begins to wait; whether it lives is for the test to say."""
    waiter = Waiter(name, "client-a", urgency, rank, until=clock.now() + timedelta(seconds=30))
    with db.begin() as tx:
        assert isinstance(try_turn(tx, waiter, now=clock.now, jitter=JITTER), datetime), "the slot was free"


def register(db: Database, client_id: str, requests_per_second: int) -> None:
    with db.begin() as tx:
        tx.execute(
            insert(companies).values(
                company_id="shop-0001",
                name="見本商事株式会社",
                environment="local",
                client_id=client_id,
                account_id="101010012345",
                redirect_uri="http://127.0.0.1:8320/refresh_token/shop-0001",
                payout_limit_yen=1_000_000,
                requests_per_second=requests_per_second,
                has_kept_secret=True,
                created_at=NOON,
            )
        )
