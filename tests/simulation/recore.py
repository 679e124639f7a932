"""ReCORE as a caller: places payouts and repeats them under the same key, reads, cancels, replaces, takes callbacks.

It believes what it is told, and remembers all of it: `told` is what the invariants hold against the bank.
"""

import base64
import hashlib
import hmac
import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from integrator.secret import Secret
from tests.simulation.baton import Baton
from tests.simulation.network import API, TROUBLES, Network
from tests.simulation.processes import WebProcess

CALLBACK_URL = "http://127.0.0.1:8330/bank/events"

Answer = Callable[[int, Any], None]


class ToldWrongly(AssertionError):
    """Something that ReCORE was told, or the way in which it was told, is not right."""


@dataclass
class Order:
    """One order of ReCORE's: it keeps its key for ever, whatever the integrator forgets."""

    company_id: str
    key: str
    body: dict[str, Any]
    payout_id: str | None = None
    is_taken: bool = False
    refused: int | None = None
    wants_cancel: bool = False
    state: str | None = None
    told_at: str = ""
    sequence: int = 0
    replaces: "Order | None" = None
    replaced_by: "Order | None" = None


@dataclass
class ReCORE:
    """The shop's side. `web` is the process that answers it now; None while there is none."""

    baton: Baton
    network: Network
    tell: Callable[[str], None]
    on_told: Callable[[str, str, str], None]
    keys: dict[str, Secret] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    web: WebProcess | None = None
    callbacks_taken: int = 0
    callbacks_refused: int = 0
    broken_answers: list[str] = field(default_factory=list)
    events_taken: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    has_lost_track: bool = False  # a restored database tells some events never, and others under new numbers
    _by_payout: dict[str, Order] = field(default_factory=dict)

    # --- calls ------------------------------------------------------------------------------------------------

    def call(self, company_id: str, method: str, path: str, *, take: Answer, number: int = 0, **options: Any) -> None:
        """Begin a call to the integrator; `take` gets status and JSON when the answer comes, if it comes."""
        web = self.web
        if web is None:
            return
        headers = {"Authorization": f"Bearer {self.keys[company_id].reveal()}", **options.pop("headers", {})}
        full = path if path.startswith("/v1/") else f"/v1/companies/{company_id}{path}"
        trouble = self.network.take(API, path)
        if trouble is not None:
            self.tell(f"on the line: {TROUBLES[API][trouble.what]} ({method} {path})")

        def ask(is_heard: bool) -> None:
            response = web.app.test_client().open(full, method=method, headers=headers, **options)
            struck = web.process.mishaps.was_struck
            if response.status_code == 500 and not struck:
                self.broken_answers.append(f"{method} {path} was answered 500")
            if is_heard:
                take(response.status_code, response.json)

        what = None if trouble is None else trouble.what
        if what == "lost":
            return
        name = f"web, {method} {path}"
        self.baton.spawn(name, lambda: ask(what != "reply lost"), process=web.process.name)
        if what == "twice":
            self.baton.spawn(f"{name} again", lambda: ask(True), process=web.process.name)

    def place(self, order: Order) -> None:
        """Ask for a payout, for the first time or again under its key."""
        body = dict(order.body)
        if order.replaces is not None and order.replaces.payout_id is None:
            return  # the integrator has forgotten what is to be replaced; that is placed again first
        if order.replaces is not None:
            body["replaces"] = order.replaces.payout_id

        def take(status: int, answer: Any) -> None:
            if status == 202:
                order.is_taken = True
                order.payout_id = answer["payout_id"]
                self._by_payout[answer["payout_id"]] = order
                self._believe(order, answer, "the answer to its request")
            elif 400 <= status < 500 and status != 429:
                order.refused = status

        self.call(order.company_id, "POST", "/payouts", take=take, json=body, headers={"Idempotency-Key": order.key})

    def read(self, order: Order) -> None:
        """Ask how a payout stands."""

        def take(status: int, answer: Any) -> None:
            if status == 200:
                self._believe(order, answer, "an answer")

        self.call(order.company_id, "GET", f"/payouts/{order.payout_id}", take=take)

    def cancel(self, order: Order) -> None:
        """Ask that a payout be cancelled."""
        order.wants_cancel = True

        def take(status: int, answer: Any) -> None:
            if status in (200, 202):
                self._believe(order, answer, "the answer to its cancel")

        self.call(order.company_id, "POST", f"/payouts/{order.payout_id}/cancel", take=take)

    def find(self, company_id: str, key: str) -> Order | None:
        """Return the order of this key."""
        return next((o for o in self.orders if o.key == key and o.company_id == company_id), None)

    def forget(self, payout_ids: set[str]) -> None:
        """The integrator's database was restored: what it no longer knows is placed again under its key."""
        self.has_lost_track = True
        for order in self.orders:
            order.sequence, order.told_at = 0, ""
            if order.payout_id is not None and order.payout_id not in payout_ids:
                self._by_payout.pop(order.payout_id, None)
                order.payout_id, order.is_taken, order.state = None, False, None

    # --- callbacks -----------------------------------------------------------------------------------------------

    def take_callback(self, headers: dict[str, str], body: bytes) -> int:
        """Read one callback and return the HTTP status of the answer."""
        signatures = headers.get("webhook-signature", "").split(" ")
        if not {self._signed(secret, headers, body) for secret in self.secrets} & set(signatures):
            self.callbacks_refused += 1
            return 401
        event = json.loads(body)
        if event["event_id"] != headers["webhook-id"]:
            raise ToldWrongly("a callback whose id is not that of its event")
        self.callbacks_taken += 1
        if "payout" in event:
            self._take_event(event)
        return 204

    def _take_event(self, event: dict[str, Any]) -> None:
        told = event["payout"]
        order = self._by_payout.get(told["payout_id"])
        self.on_told(told["payout_id"], told["state"], "a callback")
        self.events_taken[told["payout_id"]].add(event["sequence"])
        if order is None or event["sequence"] <= order.sequence:
            return
        order.sequence = event["sequence"]
        self._keep(order, told)

    def _signed(self, secret: str, headers: dict[str, str], body: bytes) -> str:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        text = headers["webhook-id"].encode() + b"." + headers["webhook-timestamp"].encode() + b"." + body
        return "v1," + base64.b64encode(hmac.digest(key, text, hashlib.sha256)).decode()

    def _believe(self, order: Order, answer: dict[str, Any], source: str) -> None:
        if answer["payout_id"] != order.payout_id:
            raise ToldWrongly(f"{source} speaks of another payout than {order.key}")
        if answer["amount_yen"] != order.body["amount_yen"]:
            raise ToldWrongly(f"{source} speaks of another amount than {order.key} has")
        self.on_told(answer["payout_id"], answer["state"], source)
        self._keep(order, answer)

    def _keep(self, order: Order, told: dict[str, Any]) -> None:
        if told["updated_at"] >= order.told_at:
            order.told_at, order.state = told["updated_at"], told["state"]


def pick(orders: list[Order], chance: Random) -> Order | None:
    """Choose one, the younger ones more often."""
    if not orders:
        return None
    return orders[max(int(chance.random() * len(orders)), int(chance.random() * len(orders)))]
