"""A bank's memory as plain JSON and back. The books are written as postings and read by posting them again.

What follows from something else (indexes, sums) is not written: it is made anew, so that it cannot contradict.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import heapify
from typing import Any, Final, get_type_hints

from mock_gmo.bank.agenda import Answer, DueKind
from mock_gmo.bank.answers import ANSWERS
from mock_gmo.bank.bank import UNREPORTED_EVENTS_MAX, Bank
from mock_gmo.bank.books import Books
from mock_gmo.bank.bulk import BULK_LINE_COUNT_MAX
from mock_gmo.bank.business_id import COMMENT_LENGTH_MAX, USER_NAME_LENGTH_MAX
from mock_gmo.bank.calendar import BusinessCalendar
from mock_gmo.bank.directory import Directory
from mock_gmo.bank.payments import list_payments
from mock_gmo.bank.postings import INTERNAL_LEDGERS, LEG_MAX_YEN, BookEntry, Reference
from mock_gmo.bank.rules import BankRules
from mock_gmo.bank.sp_purses import differing_purses
from mock_gmo.bank.state import NUMBER_DIGITS, BankState
from mock_gmo.bank.states import TransferStatus
from mock_gmo.bank.transfers import Application, Event, IdempotencyKey, RequestKind, ResultCode, TransferKind
from mock_gmo.snapshots.beside import (
    check_other_accounts,
    check_sp_accounts,
    check_virtual_accounts,
    open_purses,
    read_visa_cards,
    write_visa_cards,
)
from mock_gmo.snapshots.codec import SnapshotError, codec_of, read_members

GIVEN: Final = ("rules", "calendar", "directory")
# The books have their own way; the rest follows from accounts and applications.
FOLLOWING: Final = ("books", "visa_cards", "account_ids_of", "account_id_by_number", "applications_of", "limits")
# What is written as it stands, with its type.
MEMBERS: Final[Mapping[str, Any]] = {
    name: hint for name, hint in get_type_hints(BankState).items() if name not in (*GIVEN, *FOLLOWING)
}
NUMBER_LENGTH: Final = 8 + NUMBER_DIGITS
_BULK_ITEM_ID: Final = re.compile(rf"[1-9][0-9]{{0,{len(str(BULK_LINE_COUNT_MAX)) - 1}}}")

# Which answers of other banks and beneficiaries may come up under which kind.
ANSWER_DUES: Final = frozenset(kind for kind, _ in ANSWERS.values())
VA_DUES: Final = frozenset({DueKind.VA_EXPIRY, DueKind.VA_CONTRACT_END})

_S: Final = TransferStatus
# States that all lines of an application enter and leave together.
MOVES_WHOLE: Final = frozenset({
    _S.REQUESTED, _S.LAPSED, _S.APPLIED, _S.SENT_BACK, _S.WITHDRAWN, _S.EXPIRED, _S.CANCELLED, _S.RESERVED, _S.RETRYING,
})  # fmt: skip
# Where the transfer stands while a request of this kind waits for its holder.
WAITS_IN: Final = {
    RequestKind.TRANSFER: frozenset({_S.REQUESTED}),
    RequestKind.CANCEL: frozenset({_S.APPLIED, _S.RESERVED}),
}


@dataclass(frozen=True, slots=True)
class BankGivens:
    """What a bank has and does not remember."""

    rules: BankRules
    calendar: BusinessCalendar
    directory: Directory


def write_bank(bank: Bank) -> dict[str, Any]:
    """Return a bank's memory, all of it as of one moment."""
    return bank.look(write_memory)


def read_bank(content: Any, at: str, givens: BankGivens) -> Bank:
    """Return a bank that goes on from this memory. Raises SnapshotError for all that no bank could remember."""
    members = {name: codec_of(hint) for name, hint in MEMBERS.items()}
    came = read_members(content, at, frozenset({*members, "postings", "unreported", "visa_uses"}))
    read = {name: codec.read(came[name], f"{at}/{name}") for name, codec in members.items()}
    waiting, applications, accounts = read.pop("waiting"), read.pop("applications"), read.pop("accounts")
    state = BankState(rules=givens.rules, calendar=givens.calendar, directory=givens.directory, **read)
    _enter_customers(state, at)
    _enter_accounts(state, accounts, f"{at}/accounts")
    check_sp_accounts(state, f"{at}/sp")
    read_visa_cards(state, came["visa_uses"], f"{at}/visa_uses")
    check_other_accounts(state, f"{at}/other_accounts")
    check_virtual_accounts(state, f"{at}/virtual")
    _enter_applications(state, applications, f"{at}/applications")
    _read_postings(state, came["postings"], f"{at}/postings")
    _check_paid_to(state, f"{at}/applications")
    if waiting.keys() != state.waiting.keys():
        raise SnapshotError(f"{at}/waiting", "the applications whose request has a deadline")
    # In their own order, which is that of the requests and not of the applications.
    state.waiting = waiting
    _check_keys(state.beneficiaries, f"{at}/beneficiaries", lambda beneficiary: beneficiary.account)
    _check_agenda(state, f"{at}/agenda")
    _check_replies(state, f"{at}/replies")
    _check_numbers(state, f"{at}/numbers_given")
    unreported: list[Event] = codec_of(list[Event]).read(came["unreported"], f"{at}/unreported")
    return Bank.remembering(state, unreported[-UNREPORTED_EVENTS_MAX:])


def write_memory(state: BankState, unreported: Sequence[Event]) -> dict[str, Any]:
    """Return a bank's memory, which its lock holds still meanwhile."""
    entry = codec_of(BookEntry)
    return {
        **{name: codec_of(hint).write(getattr(state, name)) for name, hint in MEMBERS.items()},
        "postings": [entry.write(it) for it in state.books.entries()],
        "visa_uses": write_visa_cards(state),
        "unreported": codec_of(list[Event]).write(unreported),
    }


def _enter_customers(state: BankState, at: str) -> None:
    _check_keys(state.customers, f"{at}/customers", lambda customer: customer.customer_id)
    for customer_id in state.customers:
        state.account_ids_of[customer_id] = []


def _enter_accounts(state: BankState, accounts: Mapping[str, Any], at: str) -> None:
    _check_keys(accounts, at, lambda account: account.account_id)
    for account_id, account in accounts.items():
        if account.customer_id not in state.customers:
            raise SnapshotError(f"{at}/{account_id}/customer_id", "a customer of this snapshot")
        number = (account.branch_code, account.number)
        is_taken = number in state.account_id_by_number or number in state.sp.numbers
        if is_taken or account_id in INTERNAL_LEDGERS or account_id in state.sp.accounts:
            raise SnapshotError(f"{at}/{account_id}", "every id and number once")
        state.books.open_account(account_id)
        state.enter_account(account)
        open_purses(state, account_id)


def _enter_applications(state: BankState, applications: Mapping[str, Application], at: str) -> None:
    _check_keys(applications, at, lambda application: application.apply_no)
    for apply_no, application in applications.items():
        here = f"{at}/{apply_no}"
        account = state.accounts.get(application.account_id)
        if account is None or account.customer_id != application.customer_id:
            raise SnapshotError(f"{here}/account_id", "an account of the same customer")
        _check_lines(application, f"{here}/lines")
        _check_request(application, f"{here}/request")
        _check_people(application, here)
        state.enter_again(application)


def _check_lines(application: Application, at: str) -> None:
    lines = application.lines
    numbers = [line.item_id for line in lines]
    in_order = [str(index + 1) for index in range(len(lines))]
    is_bulk = application.kind is TransferKind.BULK
    if not lines or (not _are_bulk_numbers(numbers) if is_bulk else numbers != in_order):
        raise SnapshotError(at, "one line or more, item ids 1, 2, 3 and so on; in bulk, each once, the lowest first")
    if any(line.amount_yen < 1 or line.fee_yen < 0 or line.counted_yen < 0 for line in lines):
        raise SnapshotError(at, "amounts of 1 yen or more, fees and counted yen of 0 or more")
    states = {line.status for line in lines}
    if states & MOVES_WHOLE and len(states) > 1:
        raise SnapshotError(at, "one state for all lines until they are debited")


def _are_bulk_numbers(item_ids: Sequence[str]) -> bool:
    if not all(_BULK_ITEM_ID.fullmatch(item_id) for item_id in item_ids):
        return False
    numbers = [int(item_id) for item_id in item_ids]
    return numbers == sorted(set(numbers))


def _check_request(application: Application, at: str) -> None:
    request = application.request
    is_cancel = request.kind is RequestKind.CANCEL
    if is_cancel != (request.cancel_class is not None):
        raise SnapshotError(f"{at}/cancel_class", "a class for a cancel, and for nothing else")
    if (request.deadline is not None) != (request.result is ResultCode.WAITING):
        raise SnapshotError(f"{at}/deadline", "a deadline while the request waits, and only then")
    waits_in = WAITS_IN[request.kind]
    if request.result is ResultCode.WAITING and application.stage not in waits_in:
        states = ", ".join(state.name for state in waits_in)
        raise SnapshotError(f"{at}/result", f"a request that waits while its transfer is {states}")
    if application.stage is TransferStatus.REQUESTED and request.result is not ResultCode.WAITING:
        raise SnapshotError(f"{at}/result", "a request that waits while its transfer is REQUESTED")
    if (request.ended_at is not None) != (request.result is ResultCode.DONE):
        raise SnapshotError(f"{at}/ended_at", "an instant once the request is done, and only then")


def _check_people(application: Application, at: str) -> None:
    told = {
        "apply_user": application.apply_user,
        "apply_comment": application.apply_comment,
        "approval_user": application.approval_user,
        "approval_comment": application.approval_comment,
    }
    for name, text in told.items():
        if text is not None and not application.with_business_id:
            raise SnapshotError(f"{at}/{name}", "null without business-ID management")
        if text is not None and not 1 <= len(text) <= (USER_NAME_LENGTH_MAX if "user" in name else COMMENT_LENGTH_MAX):
            raise SnapshotError(f"{at}/{name}", "a text that fits the bank's replies")
    if application.auto_approved and (not application.with_business_id or application.stage is _S.APPLIED):
        raise SnapshotError(f"{at}/auto_approved", "false for what waits for an approver or never needed one")


def _read_postings(state: BankState, content: Any, at: str) -> None:
    entries: list[BookEntry] = codec_of(list[BookEntry]).read(content, at)
    names = {*INTERNAL_LEDGERS, *state.books.account_ids()}
    for index, entry in enumerate(entries):
        here = f"{at}/{index}"
        _check_legs(entry, f"{here}/legs", names)
        if entry.reference is not None and not _is_known(state, entry.reference):
            raise SnapshotError(f"{here}/reference", "a line of an application of this snapshot")
        state.books.post(entry.kind, entry.legs, at=entry.at, reference=entry.reference)
    if differing := differing_purses(state):
        raise SnapshotError(at, f"purses that hold together what their main account does, not {differing[0]}")
    try:
        list_payments(state)
    except AssertionError as unnamed:
        raise SnapshotError(at, f"books that tell what was paid: {unnamed}") from unnamed


def _check_legs(entry: BookEntry, at: str, names: set[str]) -> None:
    if len(entry.legs) < 2 or sum(leg.amount_yen for leg in entry.legs) != 0:
        raise SnapshotError(at, "two legs or more that sum to zero")
    for index, leg in enumerate(entry.legs):
        if leg.ledger not in names:
            raise SnapshotError(f"{at}/{index}/ledger", "an account of this snapshot, or one of the bank's own ledgers")
        if not 0 < abs(leg.amount_yen) <= LEG_MAX_YEN:
            raise SnapshotError(f"{at}/{index}/amount_yen", f"1 to {LEG_MAX_YEN} yen, in or out")
        if (leg.text is None) != (leg.ledger in INTERNAL_LEDGERS):
            raise SnapshotError(f"{at}/{index}/text", "a text for a customer's account, and for nothing else")


def _is_known(state: BankState, reference: Reference) -> bool:
    application = state.applications.get(reference.apply_no)
    return application is not None and any(line.item_id == reference.item_id for line in application.lines)


def _check_paid_to(state: BankState, at: str) -> None:
    names = {*INTERNAL_LEDGERS, *state.accounts}
    for apply_no, application in state.applications.items():
        for index, line in enumerate(application.lines):
            if line.paid_to not in names:
                raise SnapshotError(f"{at}/{apply_no}/lines/{index}/paid_to", "a ledger account of this snapshot")
            va = state.virtual.accounts.get(line.va_id) if line.va_id is not None else None
            if line.va_id is not None and (va is None or va.account_id != line.paid_to):
                raise SnapshotError(f"{at}/{apply_no}/lines/{index}/va_id", "a virtual account that credits `paid_to`")


def _check_agenda(state: BankState, at: str) -> None:
    heap = state.agenda._heap
    numbers = [number for _, _, number, _ in heap]
    if len(set(numbers)) < len(numbers) or max(numbers, default=0) > state.agenda._entries_count:
        raise SnapshotError(f"{at}/heap", "every number of entry once, and none above entries_count")
    keys: set[IdempotencyKey] = set()
    tries: set[str] = set()
    for index, (_, kind, _, subject) in enumerate(heap):
        here = f"{at}/heap/{index}/3"
        if (kind is DueKind.KEY_LIMIT) != isinstance(subject, IdempotencyKey):
            raise SnapshotError(here, "a key where a key's life ends, and nowhere else")
        if isinstance(subject, IdempotencyKey):
            if subject not in state.replies or subject in keys:
                raise SnapshotError(here, "a key of this snapshot, once")
            keys.add(subject)
        elif kind in ANSWER_DUES:
            _check_answer(state, kind, subject, here)
        elif kind in VA_DUES:
            if subject not in (state.virtual.accounts if kind is DueKind.VA_EXPIRY else state.virtual.contracts):
                raise SnapshotError(here, "a virtual account or a contract of this snapshot")
        elif not isinstance(subject, str) or subject not in state.applications:
            raise SnapshotError(here, "an application of this snapshot")
        elif kind is DueKind.RETRY:
            if state.applications[subject].stage is not TransferStatus.RETRYING or subject in tries:
                raise SnapshotError(here, "an application in RETRYING, once")
            tries.add(subject)
    heapify(heap)


def _check_answer(state: BankState, kind: DueKind, subject: object, at: str) -> None:
    if not isinstance(subject, Answer) or ANSWERS.get(subject.trigger, (None,))[0] is not kind:
        raise SnapshotError(at, "what another bank or a beneficiary answers at such a time")
    if not all(_is_known(state, Reference(subject.apply_no, item_id)) for item_id in subject.item_ids):
        raise SnapshotError(at, "lines of an application of this snapshot")


def _check_replies(state: BankState, at: str) -> None:
    for index, stored in enumerate(state.replies.values()):
        if stored.result.apply_no not in state.applications:
            raise SnapshotError(f"{at}/{index}/1/result/apply_no", "an application of this snapshot")


def _check_numbers(state: BankState, at: str) -> None:
    """No number that was given out may be given out again."""
    given = {f"{day:%Y%m%d}": count for day, count in state.numbers_given.items()}
    if any(not 0 <= count < 10**NUMBER_DIGITS for count in given.values()):
        raise SnapshotError(at, f"counts of at most {NUMBER_DIGITS} digits")
    for apply_no, application in state.applications.items():
        for number in (apply_no, *(line.accept_no for line in application.lines if line.accept_no is not None)):
            is_number = len(number) == NUMBER_LENGTH and number.isascii() and number.isdigit()
            if not is_number or not 0 < int(number[8:]) <= given.get(number[:8], 0):
                raise SnapshotError(at, f"a count that includes {number[:NUMBER_LENGTH]!r}")


def _check_keys(values: Mapping[str, Any], at: str, key: Callable[[Any], str]) -> None:
    for name, value in values.items():
        if key(value) != name:
            raise SnapshotError(f"{at}/{name}", "an object under its own id")


def latest_instant(books: Books) -> datetime | None:
    """Return the instant of the newest posting, or None for empty books."""
    return max((posting.at for posting in books.postings()), default=None)
