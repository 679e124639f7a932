"""What a payout must be before it is taken: beneficiary, amount, day, and what it replaces. Nothing is stored."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection

from integrator.domain.kana import NameNotTransferable, transfer_name
from integrator.domain.payout import CASE_TYPES, Beneficiary, PayoutRequest
from integrator.domain.problem import Problem
from integrator.store import payouts as payout_rows

DAYS_AHEAD_MAX = 365  # the bank does not publish its own limit


class PayoutRefused(Exception):
    """The payout as asked for cannot be taken; nothing was stored."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail_en)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Payer:
    """What a payout needs to know of the company that pays."""

    company_id: str
    account_id: str
    payout_limit_yen: int


def check_request(request: PayoutRequest, *, payer: Payer, today: date) -> Beneficiary:
    """Return the beneficiary as the bank will print it. Raises PayoutRefused with field, expected and came."""
    beneficiary = _checked_beneficiary(request)
    _check_amount(request, payer)
    _check_date(request, today=today)
    return beneficiary


def _checked_beneficiary(request: PayoutRequest) -> Beneficiary:
    try:
        name_kana = transfer_name(request.name)
    except NameNotTransferable as refused:
        raise PayoutRefused(
            Problem(
                code="name-not-transferable",
                title="受取人名を振込できる文字にできません",
                detail=f"受取人名に使えない文字か長さがあります（{refused.came}）。全角または半角のカタカナで、48文字以内で入力してください。",
                detail_en=f"The beneficiary's name cannot be transferred: {refused}. Write it in katakana.",
                field="/beneficiary/name",
                expected=refused.expected,
                came=refused.came,
            )
        ) from None
    if request.case_type not in CASE_TYPES:
        raise PayoutRefused(
            field_problem("/case/type", "case-type-unknown", "案件種別", "・".join(CASE_TYPES), request.case_type)
        )
    return Beneficiary(
        bank_code=request.bank_code,
        branch_code=request.branch_code,
        account_type=request.account_type,
        account_number=request.account_number,
        name=request.name,
        name_kana=name_kana,
    )


def _check_amount(request: PayoutRequest, payer: Payer) -> None:
    if not 1 <= request.amount_yen <= payer.payout_limit_yen:
        expected = f"1–{payer.payout_limit_yen}"
        raise PayoutRefused(
            field_problem("/amount_yen", "amount-over-limit", "支払金額", expected, str(request.amount_yen))
        )


def _check_date(request: PayoutRequest, *, today: date) -> None:
    day = request.designated_date
    if day is not None and not today <= day <= today + timedelta(days=DAYS_AHEAD_MAX):
        expected = f"{today.isoformat()}–{(today + timedelta(days=DAYS_AHEAD_MAX)).isoformat()}"
        raise PayoutRefused(
            field_problem("/designated_date", "date-out-of-range", "振込指定日", expected, day.isoformat())
        )


def check_replaced(tx: Connection, request: PayoutRequest, payer: Payer) -> None:
    """Lock the payout to be replaced, if any. Raises PayoutRefused unless it is known dead and not replaced yet."""
    if request.replaces is None:
        return
    old = payout_rows.find_view(tx, payer.company_id, request.replaces)
    if old is None:
        raise PayoutRefused(
            field_problem("/replaces", "replaced-unknown", "差し替え元の支払", "this company's payout", "unknown")
        )
    state = payout_rows.state_for_change(tx, old.payout_id)
    if not payout_rows.is_dead(state):
        raise PayoutRefused(
            Problem(
                code="replaced-may-still-pay",
                title="元の支払がまだ支払われる可能性があります",
                detail=f"元の支払の状態は {state} です。銀行で無効になったことが確認できるまで、差し替えはできません。",
                detail_en=f"The payout to be replaced is {state}; it may still be paid. Wait until it is known dead.",
                field="/replaces",
                expected="a payout that is known dead",
                came=state.value,
            )
        )
    if payout_rows.find_replacement(tx, old.payout_id) is not None:
        raise PayoutRefused(already_replaced())


def already_replaced() -> Problem:
    """Return what is said of a second replacement."""
    return Problem(
        code="already-replaced",
        title="すでに差し替え済みです",
        detail="元の支払には、すでに別の差し替えの支払があります。",
        detail_en="The payout to be replaced already has a replacement.",
        field="/replaces",
        expected="a payout without a replacement",
        came="a replaced payout",
    )


def field_problem(field: str, code: str, label: str, expected: str, came: str) -> Problem:
    """Return what is said of a field with a value that cannot be."""
    return Problem(
        code=code,
        title=f"{label}が正しくありません",
        detail=f"{label}は {expected} で指定してください（受信: {came}）。",
        detail_en=f"{field}: expected {expected}, came {came}.",
        field=field,
        expected=expected,
        came=came,
    )
