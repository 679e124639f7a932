"""A bank with one virtual account and a receiver of its notifications, and the bare machine: builders only."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from mock_gmo import Settings, create_app
from mock_gmo.bank.customers import Account
from mock_gmo.bank.postings import StatementLine
from mock_gmo.bank.virtual_accounts import VaDeposit
from mock_gmo.notifications.machine import Notifications
from mock_gmo.notifications.messages import Attempt, Happening, Message, Outcome
from mock_gmo.notifications.rules import NotificationRules
from mock_gmo.notifications.states import DeliveryTrigger
from tests.sightings import observed
from tests.unit.gateway.calling import ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET, Caller, HandClock

NOON = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)
CLIENT = "client-a"
URL = "http://127.0.0.1:9999/notified"
SCOPES = "private:account private:virtual-account offline_access"
BASE = "/ganb/api/webhooks/v1"
SECOND = timedelta(seconds=1)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def make_machine(**rules: Any) -> Notifications:
    chance = Random(3)  # noqa: S311  (test data)
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return Notifications(NotificationRules(**rules), lambda length: "".join(chance.choices(letters, k=length)))


def make_happening(client_id: str = CLIENT, *, at: datetime = NOON, **changes: Any) -> Happening:
    account = Account(
        account_id=ACCOUNT_ID, customer_id="corporate", branch_code="101", branch_name="法人", branch_name_kana="ﾎｳｼﾞﾝ",
        type_code="01", number="0012345", primary=True, name="見本商事株式会社", name_kana="ﾐﾎﾝｼﾖｳｼﾞ(ｶ",
        transfer_limit_yen=1_000_000, opened_on=date(2026, 1, 1),
    )  # fmt: skip
    day = date(2026, 4, 1)
    line = StatementLine("20260401120000000000", day, day, "1", 5_000, "振込", 5_000, "ﾔﾏﾀﾞ ﾀﾛｳ", "ｱｵｿﾞﾗ", "ﾎﾝﾃﾝ", None)
    return Happening(client_id, account, VaDeposit("5021000001", ACCOUNT_ID, "ﾐﾎﾝ", "銀行", line), at, **changes)


def start(machine: Notifications, *, at: datetime = NOON, client_id: str = CLIENT) -> None:
    machine.subscribe(client_id, DeliveryTrigger.START, at=at)


def stop(machine: Notifications, *, at: datetime = NOON, client_id: str = CLIENT) -> None:
    machine.subscribe(client_id, DeliveryTrigger.STOP, at=at)


def attempt_all(
    machine: Notifications, *, until: datetime, outcome: Outcome = Outcome.NOT_CONNECTED
) -> list[tuple[float, int]]:
    """Make every attempt that falls due, all with the same end; return seconds after noon, and number of message."""
    made = []
    while (due := machine.take_due(until=until)) is not None:
        message, at = due
        machine.record(message.number, Attempt(at, outcome))
        made.append(((at - NOON).total_seconds(), message.number))
    return made


def states_of(machine: Notifications) -> list[str]:
    return [str(message.state) for message in machine.messages()]


def only(messages: list[Message]) -> Message:
    (message,) = messages
    return message


@dataclass
class Receiver:
    """A sender's other end in process: it notes what came and answers as it is told."""

    answers: list[int | Exception] = field(default_factory=list)
    came: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes, *, answer_seconds: float) -> int:
        self.came.append((url, dict(headers), body))
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class Notified(Caller):
    """A bank whose only customer has a virtual account, and whose client has a receiver."""

    receiver: Receiver = field(default_factory=Receiver)
    va_id: str = ""

    def as_client(self, method: str, path: str, body: Any = None, *, authorization: str | None = None) -> Any:
        headers = {"Authorization": credentials() if authorization is None else authorization}
        given = {"json": body} if body is not None else {}
        sent = {name: value for name, value in headers.items() if value}
        return self.client.open(BASE + path, method=method, headers=sent, **given)

    def subscribe(self, status: str = "1") -> None:
        events = [{"eventType": "va-deposit-transaction"}]
        reply = self.as_client("POST", "/subscribe", {"subscribeStatus": status, "eventTypes": events})
        assert reply.status_code == 200, reply.text

    def pay_in(self, yen: int = 5_000) -> None:
        deposit = {"va_id": self.va_id, "amount": yen, "remitter_name": "ﾔﾏﾀﾞ ﾀﾛｳ"}
        reply = self.control("POST", "/deposits", deposit)
        assert reply.status_code == 201, reply.text

    def log(self, query: str = "") -> Any:
        return self.control("GET", "/notifications" + query).json

    def states(self) -> list[str]:
        return [entry["state"] for entry in self.log()["notifications"]]

    def advance(self, seconds: float) -> Any:
        return self.control("POST", "/clock", {"advance_seconds": seconds}).json["events"]


def credentials(client_id: str = CLIENT_ID, secret: str = CLIENT_SECRET, *, scheme: str = "Basic ") -> str:
    pair = f"{client_id}:{secret}".encode()
    return scheme + b64encode(pair).decode()


def make_notified(*, sender: Any = None, **settings: Any) -> Notified:
    """Return such a bank, its clock frozen, delivery still stopped."""
    real, receiver = HandClock(), Receiver()
    app = observed(
        create_app(
            Settings(**settings),
            real_time=real,
            monotonic=HandClock(1_000.0),
            random_source=Random(7),  # noqa: S311  (test data)
            sleep=real.sleep,
            send_notification=sender or receiver,
        )
    )
    bank = Notified(app, app.test_client(), real, HandClock(1_000.0), receiver=receiver)
    bank.no_limit()
    bank.world.oauth.clients.change(CLIENT_ID, notification_url=URL)
    bank.token = bank.new_token(SCOPES)["access_token"]
    order = {"vaTypeCode": "2", "issueRequestCount": "1", "raId": ACCOUNT_ID}
    bank.va_id = bank.post("/va/issue", order).json["vaList"][0]["vaId"]
    return bank


@contextmanager
def faults(bank: Notified, effect: str, **members: Any) -> Iterator[None]:
    rule = {"operation": "notification", "point": "notified", "effect": effect, "times": 1, **members}
    assert bank.control("POST", "/faults", rule).status_code == 201
    yield
    bank.control("DELETE", "/faults")
