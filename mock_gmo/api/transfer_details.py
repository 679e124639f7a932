"""One line of a status reply: what it shows in which state. Source: Corporation API, TransferDetail.

The states and their moves are the bank's; here is only what of them becomes visible.
"""

from typing import Any, Final

from mock_gmo.api.wire import Json, present, write_datetime
from mock_gmo.bank.inquiry import StatusItem
from mock_gmo.bank.states import TransferStatus
from mock_gmo.bank.transfers import Application, Line

TYPE_NAME: Final = "振込振替"

_S = TransferStatus

# 不能明細情報 by state; states without a row omit the list. The pairing is a guess of the wire reference.
UNABLE_DETAILS: Final[dict[TransferStatus, Json]] = {
    _S.SETTLED: {"transferDetailStatus": "1"},
    _S.FUNDS_RETURNED: {"transferDetailStatus": "1", "isRepayment": True},
    _S.RECALL_IN_PROCESS: {"transferDetailStatus": "1", "refundStatus": "1"},
    _S.RECALLED: {"transferDetailStatus": "1", "refundStatus": "2", "isRepayment": True},
    _S.RECALL_REFUSED: {"transferDetailStatus": "1", "refundStatus": "3"},
    _S.NOT_EXECUTED: {"transferDetailStatus": "2"},
}

# States in which 振込明細結果 is filled: everything from 予約中 on.
WITH_RESULT: Final = frozenset({_S.RESERVED, _S.IN_PROCESS, _S.RETRYING, *UNABLE_DETAILS})


def write_transfer_detail(item: StatusItem, *, with_item_id: bool) -> Json:
    """Return one element of 振込照会明細情報: one line with its application. `with_item_id` is a setting."""
    application, line = item.application, item.line
    status = line.status
    assert status is not None, "a line without a state was found by an inquiry"
    return {
        "transferStatus": status.code,
        "transferStatusName": status.label,
        "transferTypeName": TYPE_NAME,
        "isFeeFreeUse": False,
        "isFeePointUse": False,
        "transferDetailFee": str(line.fee_yen),
        "totalDebitAmount": str(line.amount_yen + line.fee_yen),
        "transferApplies": write_applies(application),
        "transferAccepts": write_accepts(line),
        "transferResponses": [
            {
                "accountId": application.account_id,
                "remitterName": application.remitter_name,
                "transferDesignatedDate": application.designated_date.isoformat(),
                "transferInfos": [_info(line, status, with_item_id=with_item_id)],
            }
        ],
    }


def write_applies(application: Application) -> list[Json]:
    """Return 振込申請情報: the application, with what its approver knows of it."""
    return [{"applyNo": application.apply_no, "transferApplyDetails": _apply_details(application)}]


def write_accepts(line: Line) -> list[Json]:
    """Return 振込受付情報: one element once the transfer is executed or reserved, none before."""
    if line.accept_no is None or line.accepted_at is None:
        return []
    return [{"acceptNo": line.accept_no, "acceptDatetime": write_datetime(line.accepted_at)}]


def write_line_result(line: Line) -> Json:
    """Return 振込明細結果 of a line: what the bank made of it."""
    return present(
        (
            ("beneficiaryBankNameKanji", line.bank.name),
            ("beneficiaryBranchNameKanji", line.branch.name),
            ("isFeeFreeUsed", False),
            ("transferFee", str(line.fee_yen)),
        )
    )


def _apply_details(application: Application) -> list[Json]:
    """Without business-ID management every member would be empty, so the list is."""
    if application.apply_status is None:
        return []
    return [
        present(
            (
                ("applyDatetime", write_datetime(application.requested_at)),
                ("applyStatus", application.apply_status),
                ("applyUser", application.apply_user),
                ("applyComment", application.apply_comment),
                ("approvalUser", application.approval_user),
                ("approvalComment", application.approval_comment),
            )
        )
    ]


def _info(line: Line, status: TransferStatus, *, with_item_id: bool) -> Json:
    members: list[tuple[str, Any]] = [("itemId", line.item_id)] if with_item_id else []
    members += [
        ("transferAmount", str(line.amount_yen)),
        ("ediInfo", line.edi_info),
        ("beneficiaryBankCode", line.bank.code),
        ("beneficiaryBankName", line.bank.name_kana),
        ("beneficiaryBranchCode", line.branch.code),
        ("beneficiaryBranchName", line.branch.name_kana),
        ("accountTypeCode", line.account_type),
        ("accountNumber", line.account_number),
        ("beneficiaryName", line.beneficiary_name),
        ("transferDetailResponses", [write_line_result(line)] if status in WITH_RESULT else []),
    ]
    if status in UNABLE_DETAILS:
        members.append(("unableDetailInfos", [UNABLE_DETAILS[status]]))
    return present(members)
