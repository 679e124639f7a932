"""Ways to bring a transfer into each of its states through the bank's public face."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from mock_gmo.bank.bank import Bank
from mock_gmo.bank.states import TransferStatus
from tests.unit.bank.building import (
    NOON,
    PAYER,
    TOMORROW,
    balance,
    jst,
    later,
    make_bank,
    request,
)

S = TransferStatus


@dataclass(frozen=True)
class Reached:
    """A bank with one transfer of 10,000 yen to another bank, and the instant at which it is there."""

    bank: Bank
    apply_no: str
    at: datetime

    def balance(self) -> int:
        return balance(self.bank, at=self.at)


def requested() -> Reached:
    bank = make_bank(confirmation=True)
    return Reached(bank, request(bank).apply_no, NOON)


def lapsed() -> Reached:
    reached = requested()
    end = later(NOON, minutes=10)
    reached.bank.tick(at=end)
    return Reached(reached.bank, reached.apply_no, end)


def applied() -> Reached:
    bank = make_bank(business_id=True)
    return Reached(bank, request(bank).apply_no, NOON)


def sent_back() -> Reached:
    reached = applied()
    reached.bank.outside.send_back(reached.apply_no, at=reached.at)
    return reached


def withdrawn() -> Reached:
    reached = applied()
    reached.bank.outside.withdraw(reached.apply_no, at=reached.at)
    return reached


def expired() -> Reached:
    reached = applied()
    end = jst(0, day=TOMORROW)
    reached.bank.tick(at=end)
    return Reached(reached.bank, reached.apply_no, end)


def reserved() -> Reached:
    bank = make_bank()
    return Reached(bank, request(bank, designated_date=TOMORROW).apply_no, NOON)


def cancelled() -> Reached:
    reached = reserved()
    reached.bank.cancel_transfer("mihon", PAYER, reached.apply_no, "2", at=reached.at)
    return reached


def retrying() -> Reached:
    bank = make_bank(opening_yen=0)
    apply_no = request(bank, designated_date=TOMORROW).apply_no
    day = jst(9, day=TOMORROW)
    bank.tick(at=day)
    return Reached(bank, apply_no, day)


def in_process() -> Reached:
    bank = make_bank()
    return Reached(bank, request(bank).apply_no, NOON)


def settled() -> Reached:
    reached = in_process()
    end = later(NOON, seconds=30)
    reached.bank.tick(at=end)
    return Reached(reached.bank, reached.apply_no, end)


def funds_returned() -> Reached:
    reached = settled()
    reached.bank.outside.return_funds(reached.apply_no, at=reached.at)
    return reached


def recall_in_process() -> Reached:
    reached = settled()
    reached.bank.outside.recall(reached.apply_no, at=reached.at)
    return reached


def recalled() -> Reached:
    reached = recall_in_process()
    reached.bank.outside.recall_agree(reached.apply_no, at=reached.at)
    return reached


def recall_refused() -> Reached:
    reached = recall_in_process()
    reached.bank.outside.recall_refuse(reached.apply_no, at=reached.at)
    return reached


def not_executed() -> Reached:
    reached = in_process()
    reached.bank.outside.fail(reached.apply_no, at=reached.at)
    return reached


REACH: dict[TransferStatus, Callable[[], Reached]] = {
    S.REQUESTED: requested,
    S.LAPSED: lapsed,
    S.APPLIED: applied,
    S.SENT_BACK: sent_back,
    S.WITHDRAWN: withdrawn,
    S.EXPIRED: expired,
    S.CANCELLED: cancelled,
    S.RESERVED: reserved,
    S.IN_PROCESS: in_process,
    S.RETRYING: retrying,
    S.SETTLED: settled,
    S.FUNDS_RETURNED: funds_returned,
    S.RECALL_IN_PROCESS: recall_in_process,
    S.RECALLED: recalled,
    S.RECALL_REFUSED: recall_refused,
    S.NOT_EXECUTED: not_executed,
}
