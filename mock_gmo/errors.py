"""One table, every refusal: from the refusal's id to status, code and wording. Made from `contracts/refusals.yaml`.

Who refuses (gateway, bank, authorization server) knows no HTTP; this table does, and nothing else does.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import contracts
from mock_gmo.bank.refusals import BankRefusal
from mock_gmo.contract import Operation, StartError
from mock_gmo.oauth.errors import ERRORS as OAUTH_ERRORS

JSON_TYPE = "application/json;charset=UTF-8"

# Every id that the gateway itself raises, or that a fault of the console answers with.
GATEWAY_REFUSALS = frozenset({
    "address_not_allowed", "operation_not_found", "content_length_missing", "content_type_not_json",
    "accept_not_possible", "maintenance", "request_limit_exceeded", "token_invalid", "scope_missing",
    "holder_not_served", "body_not_json", "field_missing", "field_invalid", "field_not_allowed", "period_reversed",
    "failure_inside", "overload", "core_timeout",
    "webhook_client_invalid", "unsent_list_empty",
})  # fmt: skip


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Refused(Exception):
    """The gateway says no. `label` is the Japanese name of the field that the complaint is about.

    `field` is its name on the wire and `came` what came for it, of which nobody is told more than the shape.
    """

    def __init__(self, refusal_id: str, *, label: str = "", field: str | None = None, came: Any = None) -> None:
        super().__init__(refusal_id)
        self.refusal_id = refusal_id
        self.label = label
        self.field = field
        self.came = came


@dataclass(frozen=True, slots=True)
class Refusal:
    """One row of the table."""

    refusal_id: str
    status: int
    code: str
    message: str
    raised_by: str
    level: str | None = None
    detail_code: str | None = None
    detail_message: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back: a status and a JSON body, or bytes as they are (a page, or what a fault made of the body)."""

    status: int
    body: Mapping[str, Any] | None
    headers: tuple[tuple[str, str], ...] = ()
    raw: bytes | None = None
    content_type: str = JSON_TYPE
    is_truncated: bool = False

    def content(self) -> bytes:
        """Return the body as UTF-8 JSON without spaces, or the bytes as they are."""
        if self.raw is not None or self.body is None:
            return self.raw or b""
        return _encode(self.body).encode()


class RefusalTable:
    """The rows by id, proven at start to match those who raise them."""

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self._rows = {row["id"]: _read_row(row) for row in rows if "code" in row}
        self._oauth_errors = frozenset(row["error"] for row in rows if "error" in row)

    @classmethod
    def load(cls) -> "RefusalTable":
        """Read the table from the contracts. Raises StartError when a row or one who raises it is missing."""
        content = contracts.load("refusals")
        table = cls(content["refusals"])
        table.check_complete()
        return table

    def check_complete(self) -> None:
        """Raise StartError unless rows and those who raise them match one to one."""
        _same("gateway", GATEWAY_REFUSALS, self._ids_of("gateway"))
        _same("bank", bank_refusal_ids(), self._ids_of("bank"))
        _same("oauth", frozenset(OAUTH_ERRORS), self._oauth_errors)

    def get(self, refusal_id: str) -> Refusal:
        """Return a row. Raises KeyError for an id that the table does not have, which is a bug of ours."""
        return self._rows[refusal_id]

    def refusal_reply(self, refusal: Refused | BankRefusal, operation: Operation | None) -> Reply:
        """Return the reply for a refusal of the gateway or of the bank, in the shape that the operation declares."""
        row = self._rows[refusal.refusal_id]
        label = refusal.label if isinstance(refusal, Refused) else ""
        item_id = refusal.item_id if isinstance(refusal, BankRefusal) else None
        body: dict[str, Any] = {"errorCode": row.code, "errorMessage": row.message.format(label=label)}
        if row.raised_by == "bank" and operation is not None and operation.has_transfer_errors:
            body |= _details(row, item_id)
        return Reply(row.status, body)

    def status_reply(self, status: int) -> Reply:
        """Return the reply of a fault that answers with `status`: the table's own words where it has some."""
        for refusal_id in STATUS_WORDS.get(status, ()):
            row = self._rows[refusal_id]
            return Reply(status, {"errorCode": row.code, "errorMessage": row.message})
        return Reply(status, {"errorCode": f"MOCK{status}", "errorMessage": "エラーが発生しました。"})

    def _ids_of(self, raiser: str) -> frozenset[str]:
        return frozenset(row.refusal_id for row in self._rows.values() if row.raised_by == raiser)


STATUS_WORDS: dict[int, tuple[str, ...]] = {
    401: ("token_invalid",),
    403: ("scope_missing",),
    429: ("request_limit_exceeded",),
    500: ("failure_inside",),
    503: ("overload",),
    504: ("core_timeout",),
}


def bank_refusal_ids() -> frozenset[str]:
    """Return the ids of every refusal that the bank can raise."""
    found: set[str] = set()
    waiting = list(BankRefusal.__subclasses__())
    while waiting:
        refusal = waiting.pop()
        waiting.extend(refusal.__subclasses__())
        if refusal_id := getattr(refusal, "refusal_id", None):
            found.add(refusal_id)
    return frozenset(found)


def _read_row(row: Mapping[str, Any]) -> Refusal:
    return Refusal(
        refusal_id=row["id"],
        status=row["status"],
        code=row["code"],
        message=row["message"],
        raised_by=row["raised_by"],
        level=row.get("level"),
        detail_code=row.get("detail_code"),
        detail_message=row.get("detail_message", ""),
    )


def _details(row: Refusal, item_id: str | None) -> dict[str, Any]:
    if row.detail_code is None:
        return {"errorDetails": [], "transferErrorDetails": []} if row.code == "220011" else {}
    detail = {"errorDetailsCode": row.detail_code, "errorDetailsMessage": row.detail_message}
    # What no line is at fault for (a character in remitterName) concerns the request, whatever the row says.
    if row.level == "line" and item_id is not None:
        return {"errorDetails": [], "transferErrorDetails": [{"itemId": item_id, "errorDetails": [detail]}]}
    return {"errorDetails": [detail], "transferErrorDetails": []}


def _same(raiser: str, raised: frozenset[str], rows: frozenset[str]) -> None:
    if raised != rows:
        raise StartError(
            f"contracts/refusals.yaml and the refusals of the {raiser} differ: "
            f"without a row {sorted(raised - rows)}, without a raiser {sorted(rows - raised)}"
        )
