"""ReCORE's receiver of callbacks, without sockets: verifies every signature, remembers what came, answers as told."""

import base64
import hashlib
import hmac
import json
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

from integrator.courier import Parcel, Receipt

TAKEN = Receipt("taken", 204)
BROKEN = Receipt("refused", 500)
MOVED = Receipt("redirected", 302)
SILENT = Receipt("timed_out")


def signed(secret: str, headers: dict[str, str], body: bytes) -> str:
    """Return the signature that a receiver expects, worked out without the program's help."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    text = headers["webhook-id"].encode() + b"." + headers["webhook-timestamp"].encode() + b"." + body
    return "v1," + base64.b64encode(hmac.digest(key, text, hashlib.sha256)).decode()


class Receiver:
    """Takes everything unless `answer` says otherwise. `taken` holds the events that it answered with a 2xx."""

    def __init__(self) -> None:
        self.parcels: list[Parcel] = []
        self.taken: list[dict[str, Any]] = []
        self.secrets: list[str] = []
        self.answer: Callable[[dict[str, Any]], Receipt] = lambda _event: TAKEN

    def post(self, parcel: Parcel) -> Receipt:
        """Receive one callback."""
        self.parcels.append(parcel)
        headers = dict(parcel.headers)
        expected = {signed(secret, headers, parcel.body) for secret in self.secrets}
        assert expected & set(headers["webhook-signature"].split(" ")), "a callback that no known secret has signed"
        event: dict[str, Any] = json.loads(parcel.body)
        assert headers["webhook-id"] == event["event_id"]
        receipt = self.answer(event)
        if receipt.is_taken:
            self.taken.append(event)
        return receipt

    def signature_count(self) -> int:
        """Return how many signatures the last callback carried."""
        return len(dict(self.parcels[-1].headers)["webhook-signature"].split(" "))

    def attempts(self) -> Counter[str]:
        """Return how often each event was posted, by its id."""
        return Counter(dict(parcel.headers)["webhook-id"] for parcel in self.parcels)

    def states_of(self, payout_id: str) -> list[str]:
        """Return the states that were told of one payout, as they were taken."""
        return [
            event["payout"]["state"] for event in self.taken if event.get("payout", {}).get("payout_id") == payout_id
        ]

    def assert_in_order(self) -> None:
        """No event of a payout was ever posted before the earlier one had been taken; repetitions may be."""
        seen: dict[str, int] = defaultdict(int)
        for event in map(json.loads, (parcel.body for parcel in self.parcels)):
            if "payout" in event:
                payout_id = event["payout"]["payout_id"]
                assert event["sequence"] <= seen[payout_id] + 1, "an event overtook an earlier one of its payout"
                seen[payout_id] = max(seen[payout_id], event["sequence"])
