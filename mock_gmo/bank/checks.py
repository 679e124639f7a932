"""The checks of a transfer order, in the bank's order, and the draft that they fill in. Nothing moves here.

Source: README of the wire reference, "Order of checks" 12, and Corporation API, "Rules across fields".
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from mock_gmo.bank.bulk import (
    BULK_BENEFICIARY_LENGTH_MAX,
    BULK_REMITTER_LENGTH_MAX,
    passes_edi,
    read_item_ids,
)
from mock_gmo.bank.calendar import LAST_DAY
from mock_gmo.bank.customers import Account, Customer
from mock_gmo.bank.days import civil_date
from mock_gmo.bank.directory import BankEntry, BranchEntry
from mock_gmo.bank.fees import THIS_BANK, line_fee
from mock_gmo.bank.kana import (
    EDI_LENGTH_MAX,
    NAME_LENGTH_MAX,
    ForbiddenCharacter,
    convert_transfer_text,
    require_transfer_text,
)
from mock_gmo.bank.postings import OUTSIDE
from mock_gmo.bank.refusals import (
    BankOrBranchUnknown,
    BeneficiaryIsDebitedAccount,
    DateInPast,
    DateTooFar,
    ForbiddenCharacterInText,
    InsufficientFunds,
    ItemIdMissing,
    ItemIdsNotConsecutive,
    LimitExceeded,
    NotABusinessDay,
    OutsideHours,
    TotalAmountMissing,
    TotalCountMissing,
    TotalsDiffer,
)
from mock_gmo.bank.rules import BankRules
from mock_gmo.bank.state import BankState
from mock_gmo.bank.states import Trigger, find_move
from mock_gmo.bank.transfers import (
    LINE_COUNT_MAX,
    TOTAL_AMOUNT_MAX_YEN,
    Line,
    OrderLine,
    TransferKind,
    TransferOrder,
)

ORDINARY_DEPOSIT = "1"
NEXT_BUSINESS_DAY, PREVIOUS_BUSINESS_DAY, REFUSE = "1", "2", "3"
# Of remitter and beneficiary; what is longer after the conversion is cut off silently. Source: kana, "Which fields".
NAME_LENGTHS_MAX = {
    TransferKind.SINGLE: (NAME_LENGTH_MAX, NAME_LENGTH_MAX),
    TransferKind.BULK: (BULK_REMITTER_LENGTH_MAX, BULK_BENEFICIARY_LENGTH_MAX),
}


@dataclass(slots=True)
class Draft:
    """An order on its way through the checks; each check fills in what it found out."""

    state: BankState
    order: TransferOrder
    customer: Customer
    at: datetime
    today: date
    account: Account
    designated_date: date
    item_ids: list[str] = field(default_factory=list)
    remitter_name: str = ""
    texts: list[tuple[str, str | None]] = field(default_factory=list)
    places: list[tuple[BankEntry, BranchEntry]] = field(default_factory=list)
    lines: tuple[Line, ...] = ()

    @property
    def leaves_this_bank(self) -> bool:
        """Whether at least one line goes to another bank."""
        return any(line.bank_code != THIS_BANK for line in self.order.lines)

    @property
    def is_bulk(self) -> bool:
        """Whether the order is a bulk transfer."""
        return self.order.kind is TransferKind.BULK

    def numbered_lines(self) -> Iterator[tuple[str, OrderLine]]:
        """Yield every line with its number, in the order in which they were sent."""
        return zip(self.item_ids, self.order.lines, strict=True)


def check_order(state: BankState, customer: Customer, order: TransferOrder, *, at: datetime) -> Draft:
    """Return the order checked and priced. Raises the refusal of the first check that objects."""
    account = state.get_own_account(customer.customer_id, order.account_id)
    draft = Draft(
        state=state,
        order=order,
        customer=customer,
        at=at,
        today=civil_date(at),
        account=account,
        designated_date=order.designated_date,
    )
    for check in CHECKS:
        check(draft)
    return draft


def _check_item_ids(draft: Draft) -> None:
    lines = draft.order.lines
    if draft.is_bulk:
        draft.item_ids = read_item_ids(lines)
        return
    if len(lines) > LINE_COUNT_MAX:
        raise ItemIdsNotConsecutive(str(LINE_COUNT_MAX + 1))
    for number, line in enumerate(lines, start=1):
        if line.item_id is None and len(lines) > 1:
            raise ItemIdMissing(str(number))
        if line.item_id is not None and not _is_number(line.item_id, number):
            raise ItemIdsNotConsecutive(str(number))
        draft.item_ids.append(str(number))


def _check_totals(draft: Draft) -> None:
    order = draft.order
    if len(order.lines) > 1 and order.total_count is None:
        raise TotalCountMissing
    if len(order.lines) > 1 and order.total_amount_yen is None:
        raise TotalAmountMissing
    total_yen = sum(line.amount_yen for line in order.lines)
    if order.total_count not in (None, len(order.lines)) or order.total_amount_yen not in (None, total_yen):
        raise TotalsDiffer


def _check_texts(draft: Draft) -> None:
    rules, order = draft.state.rules, draft.order
    remitter_max, beneficiary_max = NAME_LENGTHS_MAX[order.kind]
    if order.remitter_name is None:
        draft.remitter_name = draft.account.name_kana[:remitter_max]
    else:
        remitter_name = _converted(order.remitter_name, rules, item_id=None, name="remitter_name")
        draft.remitter_name = remitter_name[:remitter_max]
    for item_id, line in draft.numbered_lines():
        beneficiary = _converted(line.beneficiary_name, rules, item_id=item_id, name="beneficiary_name")
        edi_info = _checked_edi(line, rules, item_id=item_id)
        draft.texts.append((beneficiary[:beneficiary_max], edi_info if passes_edi(line) else None))


def _check_banks(draft: Draft) -> None:
    directory = draft.state.directory
    for item_id, line in draft.numbered_lines():
        bank = directory.find_bank(line.bank_code)
        branch = directory.find_branch(line.bank_code, line.branch_code) if bank else None
        if bank is None or branch is None:
            raise BankOrBranchUnknown(item_id)
        draft.places.append((bank, branch))


def _check_beneficiaries(draft: Draft) -> None:
    """No line pays the debited account; with that settled, the lines can be drawn up."""
    lines = []
    for index, (item_id, line) in enumerate(draft.numbered_lines()):
        paid_to, va_id = _end_of(draft.state, line)
        if paid_to == draft.account.account_id:
            raise BeneficiaryIsDebitedAccount(item_id)
        lines.append(_line(draft, line, index=index, end=(paid_to, va_id)))
    # Lines of a bulk order may come in any order; from here on they stand by their numbers.
    draft.lines = tuple(sorted(lines, key=lambda line: int(line.item_id)))


def _check_date(draft: Draft) -> None:
    if draft.order.designated_date < draft.today:
        raise DateInPast
    ahead = timedelta(days=min(draft.state.rules.date_ahead_days, (LAST_DAY - draft.today).days))
    if draft.order.designated_date > draft.today + ahead:
        raise DateTooFar


def _check_business_day(draft: Draft) -> None:
    calendar, rules = draft.state.calendar, draft.state.rules
    day = draft.order.designated_date
    if not rules.holiday_rule_for_other_banks or not draft.leaves_this_bank or calendar.is_business_day(day):
        return
    code = draft.order.holiday_code or NEXT_BUSINESS_DAY
    if code == REFUSE:
        raise NotABusinessDay
    if code == PREVIOUS_BUSINESS_DAY:
        draft.designated_date = calendar.previous_business_day(day)
    else:
        draft.designated_date = calendar.next_business_day(day)
    if draft.designated_date < draft.today:
        raise DateInPast


def _check_hours(draft: Draft) -> None:
    """Hours matter to what would be sent at once [GUESS: transfers to other banks, today]."""
    if draft.designated_date != draft.today or not draft.leaves_this_bank:
        return
    if any(hours.covers(draft.at) for hours in draft.state.rules.closed_hours):
        raise OutsideHours


def _check_limit(draft: Draft) -> None:
    if sum(line.amount_yen for line in draft.lines) > TOTAL_AMOUNT_MAX_YEN:
        raise LimitExceeded
    counted_yen = sum(line.counted_yen for line in draft.lines)
    if not counted_yen or not draft.state.rules.funds_and_limit_checked_at_request:
        return
    taken_yen = draft.state.limits.taken_yen(draft.account.account_id, draft.designated_date)
    if taken_yen + counted_yen > draft.account.transfer_limit_yen:
        raise LimitExceeded


def _check_funds(draft: Draft) -> None:
    """Funds matter today only: nothing is held for a reservation."""
    if draft.designated_date != draft.today or not draft.state.rules.funds_and_limit_checked_at_request:
        return
    needed_yen = sum(line.amount_yen + line.fee_yen for line in draft.lines)
    if needed_yen > draft.state.withdrawable_yen(draft.account.account_id):
        raise InsufficientFunds


# One complaint at a time, in this order; a check that looks at lines stops at the first line at fault. That the
# account is the caller's comes before all of them, because nothing else can be said of a foreign account.
CHECKS: tuple[Callable[[Draft], None], ...] = (
    _check_item_ids,
    _check_totals,
    _check_texts,
    _check_banks,
    _check_beneficiaries,
    _check_date,
    _check_business_day,
    _check_hours,
    _check_limit,
    _check_funds,
)


def _is_number(item_id: str, number: int) -> bool:
    return item_id.isascii() and item_id.isdigit() and int(item_id) == number


def _converted(text: str, rules: BankRules, *, item_id: str | None, name: str) -> str:
    """Convert; whoever cuts does it afterwards, so a character that grows can push others out."""
    try:
        converted = convert_transfer_text(text, hiragana=rules.hiragana_converted)
    except ForbiddenCharacter:
        raise ForbiddenCharacterInText(item_id, name) from None
    return converted


def _checked_edi(line: OrderLine, rules: BankRules, *, item_id: str) -> str | None:
    if line.edi_info is None:
        return None
    if rules.edi_info_converted:
        return _converted(line.edi_info, rules, item_id=item_id, name="edi_info")[:EDI_LENGTH_MAX]
    try:
        return require_transfer_text(line.edi_info)
    except ForbiddenCharacter:
        raise ForbiddenCharacterInText(item_id, "edi_info") from None


def _end_of(state: BankState, line: OrderLine) -> tuple[str, str | None]:
    """Return where a line's money ends, an account kept here or the outside world, and through which virtual one."""
    if line.bank_code != THIS_BANK or line.account_type != ORDINARY_DEPOSIT:
        return OUTSIDE, None
    va = state.virtual.accounts.get(line.branch_code + line.account_number)
    if va is not None:
        return va.account_id, va.va_id
    return state.account_id_by_number.get((line.branch_code, line.account_number), OUTSIDE), None


def _line(draft: Draft, line: OrderLine, *, index: int, end: tuple[str, str | None]) -> Line:
    rules, accounts = draft.state.rules, draft.state.accounts
    paid_to, va_id = end
    beneficiary_name, edi_info = draft.texts[index]
    bank, branch = draft.places[index]
    own = paid_to in accounts and accounts[paid_to].customer_id == draft.customer.customer_id
    counts = not own or rules.own_account_moves_count_against_limit
    return Line(
        item_id=draft.item_ids[index],
        amount_yen=line.amount_yen,
        fee_yen=line_fee(rules.fees, bank_code=line.bank_code),
        counted_yen=line.amount_yen if counts else 0,
        edi_info=edi_info,
        bank=bank,
        branch=branch,
        account_type=line.account_type,
        account_number=line.account_number,
        beneficiary_name=beneficiary_name,
        paid_to=paid_to,
        va_id=va_id,
        status=find_move(None, Trigger.ACCEPTED).target,
        marks=line.marks,
    )
