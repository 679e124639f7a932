"""Which lines of the bank's list are ours: by their marks, and without one by nothing but being the only one alike."""

from dataclasses import replace
from typing import Any

import pytest

from integrator.bank_client.wire import StatusLine
from integrator.domain.payout import PayoutState
from integrator.domain.submission import CancelState, SubmissionState
from integrator.listing import ours
from integrator.store.submissions import Submission, SubmissionLine
from tests.unit.integrator_domain.shown import NOON

HELD = SubmissionLine(
    item_id=1,
    payout_id="po_1",
    mark="R1",
    amount_yen=500,
    bank_code="0001",
    branch_code="002",
    account_type="1",
    account_number="1234567",
    name_kana="ﾔﾏﾀﾞ ﾀﾛｳ",
    designated_date=None,
    state=PayoutState.SUBMITTING,
    bank_status=None,
    is_cancel_wanted=False,
    is_live=True,
)
SECOND = replace(HELD, item_id=2, payout_id="po_2", mark="R2")
DEARER = replace(SECOND, amount_yen=700)


def held(*lines: SubmissionLine) -> Submission:
    return Submission(
        submission_id="su_1",
        company_id="cmp_1",
        account_id="101011234567",
        remitter_name=None,
        state=SubmissionState.FOLLOWED,
        bank_key="nk-1",
        body=None,
        designated_date=None,
        grant_id=None,
        first_attempt_at=None,
        attempt_count=1,
        apply_no="2026040100000001",
        cancel_state=CancelState.NONE,
        cancel_first_attempt_at=None,
        followed_since=None,
        unseen_since=None,
        stray_apply_no=None,
        holder="w",
        lease_until=NOON,
        due_at=NOON,
        claim_count=1,
        together_max=99,
        lines=lines,
    )


def shown(mark: str | None = None, **changed: Any) -> StatusLine:
    line = StatusLine(
        apply_no="2026040100000001",
        mark=mark,
        status="20",
        amount_yen=500,
        fee_yen=None,
        accept_no=None,
        designated_date=None,
        refund_status=None,
        is_repayment=False,
        bank_code="0001",
        branch_code="002",
        account_type="1",
        account_number="1234567",
        name_kana=None,
    )
    return replace(line, **changed)


BARE, BARE_DEAR = shown(), shown(amount_yen=700)


@pytest.mark.parametrize(
    ("lines", "list_", "found"),
    [
        ([HELD], [], {}),
        ([HELD], [shown("R1")], {"R1": shown("R1")}),
        ([HELD], [shown("R1", amount_yen=7)], {"R1": shown("R1", amount_yen=7)}),
        ([HELD], [shown("R9")], {}),
        ([HELD, SECOND], [shown("R2"), shown("R1")], {"R1": shown("R1"), "R2": shown("R2")}),
        ([HELD], [BARE], {"R1": BARE}),
        ([HELD, DEARER], [BARE_DEAR, BARE], {"R1": BARE, "R2": BARE_DEAR}),
        ([HELD, DEARER], [BARE_DEAR], {"R2": BARE_DEAR}),
        ([HELD, SECOND], [BARE, BARE], {}),
        ([HELD, SECOND], [BARE], {}),
        ([HELD], [BARE, BARE], {}),
        ([HELD, SECOND], [shown("R1"), BARE], {"R1": shown("R1"), "R2": BARE}),
        ([HELD, SECOND], [shown("R9"), BARE], {}),
        ([HELD], [shown(amount_yen=501)], {}),
        ([HELD], [shown(bank_code="0005")], {}),
        ([HELD], [shown(branch_code="003")], {}),
        ([HELD], [shown(account_number="7654321")], {}),
        ([HELD], [shown(amount_yen=None)], {}),
        ([HELD], [shown(account_type=None, name_kana="ﾔﾏﾀﾞ")], {"R1": shown(account_type=None, name_kana="ﾔﾏﾀﾞ")}),
    ],
)
def test_a_line_is_ours_by_its_mark_or_by_being_the_only_one_alike(
    lines: list[SubmissionLine], list_: list[StatusLine], found: dict[str, StatusLine]
) -> None:
    assert ours(held(*lines), list_) == found
