"""A payout: what ReCORE asked us to pay, and the states it can be in. Pure."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

CASE_TYPES = ("店頭買取", "宅配買取", "一般仕入", "委託仕入")


class PayoutState(StrEnum):
    ACCEPTED = "accepted"  # taken from ReCORE, nothing at the bank
    SUBMITTING = "submitting"  # a call is under way, or the bank took it and has not said where it is
    IN_DOUBT = "in_doubt"  # may be at the bank; being looked up
    AWAITING_CONFIRMATION = "awaiting_confirmation"  # 依頼中: the holder must confirm on the bank's site
    AWAITING_APPROVAL = "awaiting_approval"  # 申請中
    RESERVED = "reserved"  # 予約中
    PROCESSING = "processing"  # 手続中, リトライ中
    SETTLED = "settled"  # 手続済, 組戻不成立: the beneficiary has the money
    RECALL_IN_PROCESS = "recall_in_process"  # 組戻手続中
    RETURNED = "returned"  # 資金返却, 組戻済: the money is back
    REJECTED = "rejected"  # the bank refused the order
    EXPIRED = "expired"  # not confirmed or approved in time
    NOT_EXECUTED = "not_executed"  # 手続不成立
    WITHDRAWN = "withdrawn"  # 取下げ
    CANCELLING = "cancelling"  # ReCORE wants it cancelled, the bank has not made it dead yet
    CANCELLED = "cancelled"  # 予約取消, or cancelled before it was sent
    NEEDS_PERSON = "needs_person"  # nothing more can be decided by program


_S = PayoutState
# At the bank a payout moves without us, and polling sees only samples; so from any state in which the order
# may be at the bank, every state that the bank can show is a legal next one.
_SHOWN_BY_BANK = frozenset(
    {
        _S.AWAITING_CONFIRMATION,
        _S.AWAITING_APPROVAL,
        _S.RESERVED,
        _S.PROCESSING,
        _S.SETTLED,
        _S.RECALL_IN_PROCESS,
        _S.RETURNED,
        _S.EXPIRED,
        _S.NOT_EXECUTED,
        _S.WITHDRAWN,
        _S.CANCELLING,
        _S.CANCELLED,
        _S.NEEDS_PERSON,
    }
)
MOVES: dict[PayoutState, frozenset[PayoutState]] = {
    # From here a person is asked when our own work on it fails each time, and it goes on once the fault is mended.
    # Into doubt only when the database was restored: what was accepted in the backup may have been sent since.
    _S.ACCEPTED: frozenset({_S.SUBMITTING, _S.IN_DOUBT, _S.CANCELLED, _S.NEEDS_PERSON}),
    _S.SUBMITTING: _SHOWN_BY_BANK | {_S.ACCEPTED, _S.IN_DOUBT, _S.REJECTED},
    _S.IN_DOUBT: _SHOWN_BY_BANK | {_S.SUBMITTING},
    _S.AWAITING_CONFIRMATION: _SHOWN_BY_BANK - {_S.AWAITING_CONFIRMATION},
    _S.AWAITING_APPROVAL: _SHOWN_BY_BANK - {_S.AWAITING_APPROVAL, _S.AWAITING_CONFIRMATION},
    _S.RESERVED: _SHOWN_BY_BANK - {_S.RESERVED, _S.AWAITING_CONFIRMATION, _S.AWAITING_APPROVAL},
    _S.PROCESSING: frozenset({_S.SETTLED, _S.RECALL_IN_PROCESS, _S.RETURNED, _S.NOT_EXECUTED, _S.NEEDS_PERSON}),
    _S.SETTLED: frozenset({_S.RECALL_IN_PROCESS, _S.RETURNED, _S.NEEDS_PERSON}),
    _S.RECALL_IN_PROCESS: frozenset({_S.RETURNED, _S.SETTLED, _S.NEEDS_PERSON}),
    _S.CANCELLING: _SHOWN_BY_BANK - {_S.CANCELLING},
    _S.NEEDS_PERSON: (_SHOWN_BY_BANK - {_S.NEEDS_PERSON}) | {_S.SUBMITTING, _S.IN_DOUBT},
    # Dead is final, but for the alarm that something of it turned up alive at the bank after all.
    _S.RETURNED: frozenset({_S.NEEDS_PERSON}),
    _S.REJECTED: frozenset({_S.NEEDS_PERSON}),
    _S.EXPIRED: frozenset({_S.NEEDS_PERSON}),
    _S.NOT_EXECUTED: frozenset({_S.NEEDS_PERSON}),
    _S.WITHDRAWN: frozenset({_S.NEEDS_PERSON}),
    _S.CANCELLED: frozenset({_S.NEEDS_PERSON}),
}
# Dead: the bank can no longer pay this order, or has given all of it back. Only these may be replaced.
DEAD = frozenset({_S.RETURNED, _S.REJECTED, _S.EXPIRED, _S.NOT_EXECUTED, _S.WITHDRAWN, _S.CANCELLED})


# Nothing was taken for these in the end: 手続不成立 gives the fee back, the others were never debited.
FREE = DEAD - {_S.RETURNED}

# What the statement must show before the payout is reconciled: the debit, or the debit and its way back.
_DEBIT_SHOWN = frozenset({_S.SETTLED, _S.RECALL_IN_PROCESS})
_RETURN_SHOWN = frozenset({_S.RETURNED, _S.NOT_EXECUTED})


def is_reconciled(state: PayoutState, debited_on: str | None, returned_on: str | None) -> bool:
    """True when the statement shows all that the payout's state says of money."""
    if state in _DEBIT_SHOWN:
        return debited_on is not None
    return state in _RETURN_SHOWN and debited_on is not None and returned_on is not None


class IllegalMove(AssertionError):
    """A move outside the table: a bug of ours, never a refusal."""


def check_move(state: PayoutState, to: PayoutState) -> None:
    """Raise IllegalMove unless the table allows the step; staying where one is moves nothing and is allowed."""
    if state is not to and to not in MOVES[state]:
        raise IllegalMove(f"a payout cannot go from {state} to {to}")


@dataclass(frozen=True, slots=True)
class Beneficiary:
    """Who is paid. `name` as ReCORE wrote it, `name_kana` as the bank will print it. Numbers do not print."""

    bank_code: str
    branch_code: str
    account_type: str
    account_number: str = field(repr=False)
    name: str = field(repr=False)
    name_kana: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PayoutRequest:
    """A payout as it came in; the contract has checked the shape, `payouts.request_payout` checks the meaning."""

    amount_yen: int
    bank_code: str
    branch_code: str
    account_type: str
    account_number: str = field(repr=False)
    name: str = field(repr=False)
    case_type: str
    case_reference: str
    designated_date: date | None = None
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class PayoutFilter:
    """Which payouts to list; a member without a value asks for nothing. `created_before` is not included."""

    state: PayoutState | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None
    case_reference: str | None = None
    amount_yen: int | None = None
    apply_no: str | None = None


@dataclass(frozen=True, slots=True)
class PayoutView:
    """A payout as ReCORE sees it. Source: contracts/integrator.yaml, Payout."""

    payout_id: str
    company_id: str
    amount_yen: int
    beneficiary: Beneficiary
    case_type: str
    case_reference: str
    designated_date: str | None
    replaces: str | None
    state: PayoutState
    fee_yen: int | None
    apply_no: str | None
    bank_status: str | None
    created_at: datetime
    updated_at: datetime
    history: tuple[tuple[PayoutState, datetime], ...]
    problem: dict[str, Any] | None
    is_reconciled: bool
    marks: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the wire form; members without a value are left out."""
        members: dict[str, Any] = {
            "payout_id": self.payout_id,
            "amount_yen": self.amount_yen,
            "beneficiary": {
                "bank_code": self.beneficiary.bank_code,
                "branch_code": self.beneficiary.branch_code,
                "account_type": self.beneficiary.account_type,
                "account_number": self.beneficiary.account_number,
                "name": self.beneficiary.name,
                "name_kana": self.beneficiary.name_kana,
            },
            "case": {"type": self.case_type, "reference": self.case_reference},
            "designated_date": self.designated_date,
            "replaces": self.replaces,
            "state": self.state.value,
            "fee_yen": None if self.state in FREE else self.fee_yen,
            "apply_no": self.apply_no,
            "bank_status": self.bank_status,
            "created_at": written_instant(self.created_at),
            "updated_at": written_instant(self.updated_at),
            "history": [{"state": state.value, "at": written_instant(at)} for state, at in self.history],
            "reconciled": self.is_reconciled,
            "marks": list(self.marks),
            "problem": self.problem,
        }
        return {name: value for name, value in members.items() if value is not None}


def written_instant(at: datetime) -> str:
    """Return RFC 3339 in UTC with a Z, to the microsecond."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
