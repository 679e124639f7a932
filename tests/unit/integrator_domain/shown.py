"""One payout as ReCORE sees it, with every member present, for the tests of views and events."""

from datetime import UTC, datetime, timedelta
from typing import Any

from integrator.domain.payout import Beneficiary, PayoutState, PayoutView

NOON = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)  # 12:00 in Japan
LATER = NOON + timedelta(minutes=1, microseconds=7)
SHOWN_PAYOUT: dict[str, Any] = {
    "payout_id": "po_1",
    "amount_yen": 50_000,
    "beneficiary": {
        "bank_code": "0001",
        "branch_code": "002",
        "account_type": "1",
        "account_number": "1234567",
        "name": "ヤマダ タロウ",
        "name_kana": "ﾔﾏﾀﾞ ﾀﾛｳ",
    },
    "case": {"type": "店頭買取", "reference": "K-1"},
    "designated_date": "2026-04-01",
    "replaces": "po_0",
    "state": "settled",
    "fee_yen": 143,
    "apply_no": "2026040100000001",
    "bank_status": "20",
    "created_at": "2026-04-01T03:00:00.000000Z",
    "updated_at": "2026-04-01T03:01:00.000007Z",
    "history": [
        {"state": "accepted", "at": "2026-04-01T03:00:00.000000Z"},
        {"state": "settled", "at": "2026-04-01T03:01:00.000007Z"},
    ],
    "reconciled": True,
    "marks": ["R1", "R2"],
    "problem": {"code": "x"},
}


def make_view() -> PayoutView:
    """Return the payout that SHOWN_PAYOUT shows."""
    return PayoutView(
        payout_id="po_1",
        company_id="cmp_1",
        amount_yen=50_000,
        beneficiary=Beneficiary("0001", "002", "1", "1234567", "ヤマダ タロウ", "ﾔﾏﾀﾞ ﾀﾛｳ"),
        case_type="店頭買取",
        case_reference="K-1",
        designated_date="2026-04-01",
        replaces="po_0",
        state=PayoutState.SETTLED,
        fee_yen=143,
        apply_no="2026040100000001",
        bank_status="20",
        created_at=NOON,
        updated_at=LATER,
        history=((PayoutState.ACCEPTED, NOON), (PayoutState.SETTLED, LATER)),
        problem={"code": "x"},
        is_reconciled=True,
        marks=("R1", "R2"),
    )
