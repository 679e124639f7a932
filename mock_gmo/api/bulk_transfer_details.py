"""One application of a bulk status reply and its lines: what they show in which state.

Source: Corporation API, BulkTransferDetail and BulkTransferInfo. The states and their moves are the bank's.
"""

from typing import Final

from mock_gmo.api.transfer_details import (
    UNABLE_DETAILS,
    WITH_RESULT,
    write_accepts,
    write_applies,
    write_line_result,
)
from mock_gmo.api.wire import Json, present
from mock_gmo.bank.bulk_inquiry import BulkItem
from mock_gmo.bank.days import civil_date
from mock_gmo.bank.transfers import Line

TYPE_NAME: Final = "総合振込"
# 振込指定区分: whatever was sent, every line is sent by wire (電信).
BY_WIRE: Final = "7"


def write_bulk_detail(item: BulkItem) -> Json:
    """Return one element of 総合振込照会明細情報: one application, with its lines where they are told."""
    application = item.application
    response: Json = {
        "accountId": application.account_id,
        "remitterName": application.remitter_name,
        "transferDesignatedDate": application.designated_date.isoformat(),
        **present((("transferDataName", application.data_name),)),
        "totalCount": str(len(application.lines)),
        "totalAmount": str(application.amount_yen),
    }
    if item.lines is not None:
        response["bulkTransferInfos"] = [_write_line(line) for line in item.lines]
    return {
        "transferStatus": item.status.code,
        "transferStatusName": item.status.label,
        "transferTypeName": TYPE_NAME,
        "isFeeFreeUse": False,
        "isFeePointUse": False,
        "totalFee": str(application.fee_yen),
        "totalDebitAmount": str(application.amount_yen + application.fee_yen),
        "transferApplies": write_applies(application),
        "transferAccepts": write_accepts(application.lines[0]),
        "bulktransferResponses": [response],
    }


def _write_line(line: Line) -> Json:
    marks = line.marks
    assert marks is not None, "a line of a bulk transfer has its marks"
    return {
        **present(
            (
                ("itemId", line.item_id),
                ("beneficiaryBankCode", line.bank.code),
                ("beneficiaryBankName", line.bank.name_kana),
                ("beneficiaryBranchCode", line.branch.code),
                ("beneficiaryBranchName", line.branch.name_kana),
                ("clearingHouseName", _told(marks.clearing_house)),
                ("accountTypeCode", line.account_type),
                ("accountNumber", line.account_number),
                ("beneficiaryName", line.beneficiary_name),
                ("transferAmount", str(line.amount_yen)),
                ("newCode", _told(marks.new_code)),
                ("ediInfo", line.edi_info),
                ("transferDesignatedType", BY_WIRE),
                ("identification", _told(marks.identification)),
            )
        ),
        "transferDetailResponses": [write_line_result(line)] if line.status in WITH_RESULT else [],
        **_unable_details(line),
    }


def _told(text: str | None) -> str | None:
    """Return the text when it says something; spaces stand for nothing."""
    return text if text is not None and text.strip(" ") else None


def _unable_details(line: Line) -> Json:
    if line.status not in UNABLE_DETAILS:
        return {}
    details = dict(UNABLE_DETAILS[line.status])
    if "isRepayment" in details:
        assert line.came_back_at is not None, "funds that came back did so at some time"
        details["repaymentDate"] = civil_date(line.came_back_at).isoformat()
    return {"unableDetailInfos": [details]}
