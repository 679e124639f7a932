"""Three companies with a callback each, one deliverer, and a clock that stands."""

from datetime import timedelta
from typing import Any

from integrator import callbacks, payouts
from integrator.callbacks import Places
from integrator.delivering import Deliverer, deliver_one
from integrator.effects import NoCheckpoints
from integrator.keys import LocalKeys
from integrator.settings import Environment, MasterKey
from integrator.store.callbacks import Lane
from integrator.store.database import Database
from integrator.vault import Intake, Vault, intake_public_key
from tests.builders import NOON, make_new_text, make_payer, make_payout_request, store_company
from tests.receiver import Receiver

KEY = MasterKey("testkey1", bytes(range(32)))
COMPANIES = ("shop-0001", "shop-0002", "shop-0003")


class StandingClock:
    def __init__(self) -> None:
        self.present = NOON

    def now(self) -> Any:
        return self.present

    def sleep(self, seconds: float) -> None:
        self.present += timedelta(seconds=seconds)

    def seconds(self) -> float:
        return self.present.timestamp()


class Bench:
    """Three companies with a callback each, and one deliverer for all of them."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.clock = StandingClock()
        self.receiver = Receiver()
        self.new_text = make_new_text()
        intake = Intake(intake_public_key(KEY), environment=Environment.LOCAL)
        self.places = Places(db, Environment.LOCAL, intake, self.new_text)
        self.deliverer = Deliverer(
            db=db,
            vault=Vault(LocalKeys((KEY,), random_bytes=bytes), environment=Environment.LOCAL, random_bytes=bytes),
            post=self.receiver.post,
            clock=self.clock,
            machine_clock=self.clock,
            timer=self.clock.seconds,
            checkpoints=NoCheckpoints(),
            new_text=self.new_text,
        )
        for company_id in COMPANIES:
            store_company(db, company_id=company_id)
            _, secret = callbacks.set_callback(self.places, company_id, "https://recore.example/hook", at=NOON)
            assert secret is not None
            self.receiver.secrets.append(secret.reveal())

    def place(self, company_id: str, number: int = 1) -> None:
        payouts.request_payout(
            self.db,
            make_payout_request(),
            payer=make_payer(company_id=company_id),
            idempotency_key=f"key-{number}",
            at=self.clock.now(),
            new_text=self.new_text,
        )

    def deliver(self, lane: Lane = Lane.QUICK) -> bool:
        return deliver_one(self.deliverer, lane)

    def deliver_all(self, lane: Lane = Lane.QUICK) -> None:
        while self.deliver(lane):
            pass

    def served(self) -> list[str]:
        return [event["company_id"] for event in self.receiver.taken]

    def attempt_of(self, company_id: str) -> dict[str, Any]:
        view = callbacks.get_callback(self.db, company_id, at=self.clock.now())
        found: dict[str, Any] = view.as_json()["last_attempt"]
        return found
