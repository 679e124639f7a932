"""How virtual accounts change: on request, at their expiry, at the end of their contract.

Every change goes through `changed`, which reads the table of virtual_accounts.py.
"""

from dataclasses import replace
from datetime import datetime

from mock_gmo.bank.agenda import Due
from mock_gmo.bank.refusals import VaChangeNotPossible
from mock_gmo.bank.state import BankState, Moment
from mock_gmo.bank.virtual_accounts import MOVES, VaContractId, VaStatus, VaTrigger, VirtualAccount

# Kinds of events.
VA_EXPIRED = "va_expired"
VA_CONTRACT_ENDED = "va_contract_ended"


def changed(va: VirtualAccount, trigger: VaTrigger, *, at: datetime) -> VirtualAccount:
    """Return the virtual account after the change. Raises VaChangeNotPossible when its state does not allow it."""
    target = MOVES.get((va.status, trigger))
    if target is None:
        raise VaChangeNotPossible
    closed_at = at if target is VaStatus.DELETED else None
    return replace(va, status=target, changed_at=at, closed_at=closed_at)


def expire(state: BankState, due: Due, moment: Moment) -> None:
    """End the life of a virtual account of the type 期限型, unless it was deleted before."""
    assert isinstance(due.subject, str), "an expiry names a virtual account"
    va = state.virtual.accounts[due.subject]
    if va.status is not VaStatus.DELETED:
        state.virtual.keep(changed(va, VaTrigger.EXPIRE, at=moment.at))
        moment.tell(VA_EXPIRED, None, detail=va.va_id)


def end_contract(state: BankState, due: Due, moment: Moment) -> None:
    """End a contract at the end of its last month, and with it every virtual account [GUESS]."""
    assert isinstance(due.subject, VaContractId), "the end of a contract names it"
    for va_id in state.virtual.contracts[due.subject].va_ids:
        va = state.virtual.accounts[va_id]
        if va.status is not VaStatus.DELETED:
            state.virtual.keep(changed(va, VaTrigger.CONTRACT_END, at=moment.at))
    moment.tell(VA_CONTRACT_ENDED, None, detail=due.subject.customer_id)
