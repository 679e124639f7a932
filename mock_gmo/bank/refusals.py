"""Why the bank says no: one exception a fact. No HTTP status, error code or wording: those are one table at the edge.

Nothing has changed when a refusal is raised.
"""

from typing import ClassVar


class BankRefusal(Exception):
    """The bank refuses a request. `refusal_id` names the row of the table of refusals."""

    refusal_id: ClassVar[str]
    item_id: str | None = None


class LineRefusal(BankRefusal):
    """A refusal that names the line at fault; `item_id` is None when the request as a whole is meant."""

    def __init__(self, item_id: str | None = None) -> None:
        super().__init__(f"line {item_id}" if item_id else "the request as a whole")
        self.item_id = item_id


class AccountNotUsable(BankRefusal):
    """The account is unknown, not the caller's, or of a type that this operation does not take."""

    refusal_id = "account_not_usable"


class NextItemKeyUnknown(BankRefusal):
    """The key for the next page is none that this bank gave for this account."""

    refusal_id = "next_item_key_unknown"


class VisaCardMissing(BankRefusal):
    """The account has no Visa debit card now."""

    refusal_id = "visa_card_missing"


class VisaItemsTooMany(BankRefusal):
    """The period holds more uses of the card than one inquiry may have, all its pages together."""

    refusal_id = "visa_items_too_many"


class InsufficientFunds(BankRefusal):
    """Amounts and fees exceed what can be withdrawn."""

    refusal_id = "insufficient_funds"


class LimitExceeded(BankRefusal):
    """Transfers to other holders on the designated day would exceed the account's limit."""

    refusal_id = "limit_exceeded"


class NotABusinessDay(BankRefusal):
    """The designated day is no business day, and the holiday code asks for a refusal."""

    refusal_id = "not_a_business_day"


class TotalsDiffer(BankRefusal):
    """The stated count or sum is not that of the lines."""

    refusal_id = "totals_differ"


class TotalCountMissing(BankRefusal):
    """Several lines came without their count."""

    refusal_id = "total_count_missing"


class TotalAmountMissing(BankRefusal):
    """Several lines came without their sum."""

    refusal_id = "total_amount_missing"


class DateInPast(BankRefusal):
    """The designated day, as sent or as moved by the holiday rule, lies before today in Japan."""

    refusal_id = "date_in_past"


class OutsideHours(BankRefusal):
    """The bank does not take transfers to other banks at this hour."""

    refusal_id = "outside_hours"


class DateTooFar(BankRefusal):
    """The designated day lies further ahead than the bank takes orders for."""

    refusal_id = "date_too_far"


class BankOrBranchUnknown(LineRefusal):
    """The beneficiary's bank or branch is not in the directory."""

    refusal_id = "bank_or_branch_unknown"


class ForbiddenCharacterInText(LineRefusal):
    """A name or EDI text holds a character that transfers cannot carry; `field` is its name in the order."""

    refusal_id = "forbidden_character"

    def __init__(self, item_id: str | None, field: str) -> None:
        super().__init__(item_id)
        self.field = field


class BeneficiaryIsDebitedAccount(LineRefusal):
    """The money would go back into the account that it comes from."""

    refusal_id = "beneficiary_is_debited_account"


class ApplyNoUnknown(BankRefusal):
    """No application of this account has that number."""

    refusal_id = "apply_no_unknown"


class CancelNotPossible(BankRefusal):
    """The class does not fit the application or its state, or a cancel for it is already waiting."""

    refusal_id = "cancel_not_possible"


class DuplicateKeyOtherBody(BankRefusal):
    """The idempotency key was used within its lifetime for another order."""

    refusal_id = "duplicate_key_other_body"


class ItemIdsNotConsecutive(LineRefusal):
    """Line numbers are not 1, 2, 3 … (in a bulk transfer: one comes twice), or there are too many lines."""

    refusal_id = "item_ids_not_consecutive"


class ItemIdMissing(LineRefusal):
    """One of several lines has no number."""

    refusal_id = "item_id_missing"


class TransferClassNeedsBusinessId(BankRefusal):
    """The search by class was asked for without business-ID management."""

    refusal_id = "transfer_class_needs_business_id"


class DetailsNeedApplyNo(BankRefusal):
    """The lines of bulk transfers were asked for in a search; only those of one application can be."""

    refusal_id = "details_need_apply_no"


class VaNotUsable(BankRefusal):
    """A virtual account is unknown, of another contract, or not of the real account that was named."""

    refusal_id = "va_not_usable"


class VaChangeNotPossible(BankRefusal):
    """The state of a virtual account does not allow the change."""

    refusal_id = "va_change_not_possible"


class VaCapReached(BankRefusal):
    """The contract would have more virtual accounts than it may."""

    refusal_id = "va_cap_reached"


class VaContractEnded(BankRefusal):
    """The contract for virtual accounts is over."""

    refusal_id = "va_contract_ended"


class VaCloseRepeated(BankRefusal):
    """The end of the contract has been asked for already."""

    refusal_id = "va_close_repeated"


class VaAuthKeyNotAllowed(BankRefusal):
    """The key of a partner company was sent by somebody who is none, or is not one of the partner's keys."""

    refusal_id = "va_auth_key_not_allowed"


class VaHolderNameUnusable(BankRefusal):
    """The text for a holder name has a character that cannot be used, or a space in the wrong place."""

    refusal_id = "va_holder_name_unusable"


class RaIdMissing(BankRefusal):
    """Virtual accounts under a contract with the bank itself need the account that they credit."""

    refusal_id = "ra_id_missing"


class RaIdOrVaIdMissing(BankRefusal):
    """The deposits of neither an account nor a virtual account were asked for."""

    refusal_id = "ra_id_or_va_id_missing"


class PeriodTooOld(BankRefusal):
    """A day lies further back than the inquiry reaches."""

    refusal_id = "period_too_old"


class SpAccountNotUsable(BankRefusal):
    """The つかいわけ口座 is unknown, or not the caller's, or the id is that of an ordinary account."""

    refusal_id = "sp_account_not_usable"


class SpAccountsSame(BankRefusal):
    """Money would go back into the つかいわけ口座 that it comes from."""

    refusal_id = "sp_accounts_same"


class SpCurrencyUnknown(BankRefusal):
    """The bank does not keep that currency."""

    refusal_id = "sp_currency_unknown"


class SpAmountUnusable(BankRefusal):
    """The amount is not written in digits, is less than the smallest unit of its currency, or is beyond all bounds."""

    refusal_id = "sp_amount_unusable"


class ImpossibleStep(Exception):
    """A step outside the API does not fit the state; `possible` names the steps that do.

    Not a BankRefusal: no caller of the API can meet it.
    """

    def __init__(self, step: str, *, possible: tuple[str, ...]) -> None:
        super().__init__(f"{step} is not possible now; possible: {', '.join(possible) or 'nothing'}")
        self.step = step
        self.possible = possible


class VaTakesNoDeposits(Exception):
    """A virtual account is stopped or deleted: what is sent to it goes back. No caller of the API can meet it."""


class CustomerUnknown(LookupError):
    """No customer has that id. Not a BankRefusal: a caller of the API never names a customer."""


# Every refusal that a caller of the API can meet; the table of error codes has one row for each.
REFUSALS: tuple[type[BankRefusal], ...] = (
    AccountNotUsable,
    NextItemKeyUnknown,
    VisaCardMissing,
    VisaItemsTooMany,
    InsufficientFunds,
    LimitExceeded,
    NotABusinessDay,
    TotalsDiffer,
    TotalCountMissing,
    TotalAmountMissing,
    DateInPast,
    OutsideHours,
    DateTooFar,
    BankOrBranchUnknown,
    ForbiddenCharacterInText,
    BeneficiaryIsDebitedAccount,
    ApplyNoUnknown,
    CancelNotPossible,
    DuplicateKeyOtherBody,
    ItemIdsNotConsecutive,
    ItemIdMissing,
    TransferClassNeedsBusinessId,
    DetailsNeedApplyNo,
    VaNotUsable,
    VaChangeNotPossible,
    VaCapReached,
    VaContractEnded,
    VaCloseRepeated,
    VaAuthKeyNotAllowed,
    VaHolderNameUnusable,
    RaIdMissing,
    RaIdOrVaIdMissing,
    PeriodTooOld,
    SpAccountNotUsable,
    SpAccountsSame,
    SpCurrencyUnknown,
    SpAmountUnusable,
)
