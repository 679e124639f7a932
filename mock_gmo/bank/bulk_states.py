"""The state of a bulk application as a whole, made from the states of its lines. The lines move as in states.py.

Source: lifecycle, "States" (column bulk) and "Lines and application state".
"""

from enum import Enum

from mock_gmo.bank.states import TransferStatus
from mock_gmo.bank.transfers import Application


class BulkStatus(Enum):
    """A state with its wire code and its Japanese name. There is none before an application is visible."""

    APPLIED = ("2", "申請中")
    SENT_BACK = ("3", "差戻")
    WITHDRAWN = ("4", "取下げ")
    EXPIRED = ("5", "期限切れ")
    CANCELLED = ("8", "承認取消/予約取消")
    RESERVED = ("11", "予約中")
    IN_PROCESS = ("12", "手続中")
    RETRYING = ("13", "リトライ中")
    SETTLED = ("20", "手続済")
    PARTLY_FAILED = ("30", "不能・組戻あり")
    NOT_EXECUTED = ("40", "手続不成立")

    def __init__(self, code: str, label: str) -> None:
        self.code = code
        self.label = label


_S, _B = TransferStatus, BulkStatus

# Until the debit all lines are in one state, and so is the application.
BEFORE_DEBIT: dict[TransferStatus, BulkStatus] = {
    _S.APPLIED: _B.APPLIED,
    _S.SENT_BACK: _B.SENT_BACK,
    _S.WITHDRAWN: _B.WITHDRAWN,
    _S.EXPIRED: _B.EXPIRED,
    _S.CANCELLED: _B.CANCELLED,
    _S.RESERVED: _B.RESERVED,
    _S.RETRYING: _B.RETRYING,
}

# From the debit on: when all lines are in one of these states, the application is too.
WHEN_ALL: dict[TransferStatus, BulkStatus] = {
    _S.SETTLED: _B.SETTLED,
    _S.NOT_EXECUTED: _B.NOT_EXECUTED,
}


def bulk_status(application: Application) -> BulkStatus | None:
    """Return the state of a bulk application, or None while inquiries cannot see it.

    While one line is under way the application is too [GUESS]; once none is, a single line that failed or was
    recalled, even in vain, makes it 不能・組戻あり.
    """
    if application.stage in BEFORE_DEBIT or not application.stage.is_visible:
        return BEFORE_DEBIT.get(application.stage)
    found = frozenset(line.status for line in application.lines)
    if _S.IN_PROCESS in found:
        return _B.IN_PROCESS
    return WHEN_ALL.get(application.stage, _B.PARTLY_FAILED) if len(found) == 1 else _B.PARTLY_FAILED
