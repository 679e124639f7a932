"""The states of a transfer and its moves, as one table. Who may trigger a move, and when, is decided elsewhere.

Source: lifecycle, "States" and "Moves".
"""

from dataclasses import dataclass
from enum import Enum, StrEnum


class TransferStatus(Enum):
    """A state with its wire code, which is None where the bank's inquiries cannot see it, and its Japanese name."""

    REQUESTED = (None, "依頼中")
    LAPSED = (None, "依頼期限切")
    APPLIED = ("2", "申請中")
    SENT_BACK = ("3", "差戻")
    WITHDRAWN = ("4", "取下げ")
    EXPIRED = ("5", "期限切れ")
    CANCELLED = ("8", "承認取消/予約取消")
    RESERVED = ("11", "予約中")
    IN_PROCESS = ("12", "手続中")
    RETRYING = ("13", "リトライ中")
    SETTLED = ("20", "手続済")
    FUNDS_RETURNED = ("22", "資金返却")
    RECALL_IN_PROCESS = ("24", "組戻手続中")
    RECALLED = ("25", "組戻済")
    RECALL_REFUSED = ("26", "組戻不成立")
    NOT_EXECUTED = ("40", "手続不成立")

    def __init__(self, code: str | None, label: str) -> None:
        self.code = code
        self.label = label

    @property
    def is_visible(self) -> bool:
        """Whether inquiries of the bank find a transfer in this state."""
        return self.code is not None


class Trigger(StrEnum):
    """What makes a transfer move; also the kind of the event that tells of it."""

    ACCEPTED = "request_accepted"
    LIMIT_PASSED = "confirmation_limit_passed"
    CONFIRMED_TO_APPROVER = "confirmed_to_approver"
    CONFIRMED_TODAY = "confirmed_today"
    CONFIRMED_LATER = "confirmed_later"
    APPROVED_TODAY = "approved_today"
    APPROVED_LATER = "approved_later"
    SENT_BACK = "sent_back"
    WITHDRAWN = "withdrawn"
    DAY_PASSED = "day_passed_without_approval"
    CANCELLED = "cancelled"
    DAY_CAME = "day_came"
    DAY_CAME_UNFUNDED = "day_came_unfunded"
    RETRIED = "retried"
    LAST_TRY_FAILED = "last_try_failed"
    CREDITED = "credited"
    REFUSED_AT_ONCE = "refused_at_once"
    COULD_NOT_CREDIT = "could_not_credit"
    RECALL_ASKED = "recall_asked"
    RECALL_AGREED = "recall_agreed"
    RECALL_DECLINED = "recall_declined"


class Money(Enum):
    """What a move does to the debited account."""

    NONE = "nothing"
    DEBIT = "amount and fee debited"
    AMOUNT_AND_FEE_BACK = "amount and fee credited back"
    AMOUNT_BACK = "amount credited back, fee kept"
    RECALL_FEE = "recall fee debited"


class IllegalMove(AssertionError):
    """The program tried a move that the table does not have: a bug of ours, never a refusal."""


@dataclass(frozen=True, slots=True)
class Move:
    """One row: in this state, this trigger leads to that state and moves money so."""

    source: TransferStatus | None
    trigger: Trigger
    target: TransferStatus
    money: Money


_S, _T, _M = TransferStatus, Trigger, Money

# A request that needs no confirmation takes the first row and one of the confirmed rows at the same instant. A
# transfer that is confirmed or approved on its day without funds is reserved and finds, at once, its day unfunded.
MOVES: tuple[Move, ...] = (
    Move(None, _T.ACCEPTED, _S.REQUESTED, _M.NONE),
    Move(_S.REQUESTED, _T.LIMIT_PASSED, _S.LAPSED, _M.NONE),
    Move(_S.REQUESTED, _T.CONFIRMED_TO_APPROVER, _S.APPLIED, _M.NONE),
    Move(_S.REQUESTED, _T.CONFIRMED_TODAY, _S.IN_PROCESS, _M.DEBIT),
    Move(_S.REQUESTED, _T.CONFIRMED_LATER, _S.RESERVED, _M.NONE),
    Move(_S.APPLIED, _T.APPROVED_TODAY, _S.IN_PROCESS, _M.DEBIT),
    Move(_S.APPLIED, _T.APPROVED_LATER, _S.RESERVED, _M.NONE),
    Move(_S.APPLIED, _T.SENT_BACK, _S.SENT_BACK, _M.NONE),
    Move(_S.APPLIED, _T.WITHDRAWN, _S.WITHDRAWN, _M.NONE),
    Move(_S.APPLIED, _T.DAY_PASSED, _S.EXPIRED, _M.NONE),
    Move(_S.RESERVED, _T.CANCELLED, _S.CANCELLED, _M.NONE),
    Move(_S.RESERVED, _T.DAY_CAME, _S.IN_PROCESS, _M.DEBIT),
    Move(_S.RESERVED, _T.DAY_CAME_UNFUNDED, _S.RETRYING, _M.NONE),
    Move(_S.RETRYING, _T.RETRIED, _S.IN_PROCESS, _M.DEBIT),
    Move(_S.RETRYING, _T.LAST_TRY_FAILED, _S.NOT_EXECUTED, _M.NONE),
    Move(_S.IN_PROCESS, _T.CREDITED, _S.SETTLED, _M.NONE),
    Move(_S.IN_PROCESS, _T.REFUSED_AT_ONCE, _S.NOT_EXECUTED, _M.AMOUNT_AND_FEE_BACK),
    Move(_S.SETTLED, _T.COULD_NOT_CREDIT, _S.FUNDS_RETURNED, _M.AMOUNT_BACK),
    Move(_S.SETTLED, _T.RECALL_ASKED, _S.RECALL_IN_PROCESS, _M.RECALL_FEE),
    Move(_S.RECALL_IN_PROCESS, _T.RECALL_AGREED, _S.RECALLED, _M.AMOUNT_BACK),
    Move(_S.RECALL_IN_PROCESS, _T.RECALL_DECLINED, _S.RECALL_REFUSED, _M.NONE),
)

_MOVE_OF = {(move.source, move.trigger): move for move in MOVES}

# Planned transfers are still to be debited on their designated day; paid ones were, even if the money came back later.
PLANNED = frozenset({_S.APPLIED, _S.RESERVED, _S.RETRYING})
PAID = frozenset({_S.IN_PROCESS, _S.SETTLED, _S.FUNDS_RETURNED, _S.RECALL_IN_PROCESS, _S.RECALLED, _S.RECALL_REFUSED})
APPLICATIONS_ONLY = frozenset({_S.APPLIED, _S.SENT_BACK, _S.WITHDRAWN, _S.EXPIRED})

# Source: lifecycle, "Application and approval records" [GUESS].
APPROVED, AUTO_APPROVED = "5", "7"
APPLY_STATUS: dict[TransferStatus, str] = {
    _S.APPLIED: "1",
    _S.SENT_BACK: "2",
    _S.WITHDRAWN: "3",
    _S.EXPIRED: "4",
    _S.CANCELLED: "6",
    _S.RESERVED: APPROVED,
    _S.IN_PROCESS: APPROVED,
    _S.RETRYING: APPROVED,
    _S.SETTLED: APPROVED,
    _S.FUNDS_RETURNED: APPROVED,
    _S.RECALL_IN_PROCESS: APPROVED,
    _S.RECALLED: APPROVED,
    _S.RECALL_REFUSED: APPROVED,
    _S.NOT_EXECUTED: APPROVED,
}


def find_move(source: TransferStatus | None, trigger: Trigger) -> Move:
    """Return the row of that state and trigger. Raises IllegalMove when the table has none."""
    move = _MOVE_OF.get((source, trigger))
    if move is None:
        raise IllegalMove(f"{trigger} does not happen in {source.name if source else 'no state'}")
    return move
