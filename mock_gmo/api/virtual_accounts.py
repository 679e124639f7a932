"""振込入金口座: list, deposits, issue, status change, close request. HTTP in, HTTP out; every rule is the bank's.

Source: Corporation API, 16 to 20.
"""

from collections.abc import Mapping
from typing import Any

from mock_gmo.api.wire import Json, present, read_date, write_base, write_datetime
from mock_gmo.bank.customers import Account
from mock_gmo.bank.virtual_account_lists import DESCENDING, Days, VaDepositQuery, VaQuery
from mock_gmo.bank.virtual_accounts import (
    TRIGGER_BY_CODE,
    TYPE_BY_CODE,
    VA_BRANCH_NAME,
    VA_BRANCH_NAME_KANA,
    VaDeposit,
    VaOrder,
    VirtualAccount,
)
from mock_gmo.errors import Reply
from mock_gmo.gateway.exchange import Exchange

AUTH_KEY = "vaContractAuthKey"
BEFORE_THE_HOLDER = "2"
BRANCH_KANA_LENGTH_MAX = 15
PARTNER_NAME_LENGTH_MAX = 50


def list_virtual_accounts(exchange: Exchange) -> Reply:
    """Answer POST /va/list: a page of virtual accounts. Source: Corporation API, 16."""
    desk, fields = exchange.world.bank.virtual_accounts, exchange.fields
    page = desk.find(exchange.customer_id, _read_query(fields), auth_key=fields.get(AUTH_KEY), at=exchange.at)
    body = {
        **write_base(exchange.at),
        "hasNext": page.next_item_key is not None,
        **present([("nextItemKey", page.next_item_key)]),
        "count": str(len(page.accounts)),
        "vAccounts": [_write_account(va, desk.credited_account(va)) for va in page.accounts],
    }
    return Reply(200, body)


def get_virtual_account_deposits(exchange: Exchange) -> Reply:
    """Answer GET /va/deposit-transactions: a page of deposits. Source: Corporation API, 17."""
    fields = exchange.fields
    query = VaDepositQuery(
        account_id=fields.get("raId"),
        va_id=fields.get("vaId"),
        days=_read_days(fields, "date"),
        is_descending=fields.get("sortOrderCode") == DESCENDING,
        next_item_key=fields.get("nextItemKey"),
    )
    desk = exchange.world.bank.virtual_accounts
    page = desk.deposits(exchange.customer_id, query, auth_key=fields.get(AUTH_KEY), at=exchange.at)
    account = page.account
    body = {
        "raId": account.account_id,
        "raBranchCode": account.branch_code,
        "raBranchNameKana": branch_kana(account),
        "raAccountNumber": account.number,
        "raHolderName": account.name,
        "dateFrom": page.date_from.isoformat(),
        "dateTo": page.date_to.isoformat(),
        **write_base(exchange.at),
        "hasNext": page.next_item_key is not None,
        **present([("nextItemKey", page.next_item_key)]),
        "count": str(len(page.deposits)),
        "vaTransactions": [write_va_transaction(deposit) for deposit in page.deposits],
    }
    return Reply(200, body)


def issue_virtual_accounts(exchange: Exchange) -> Reply:
    """Answer POST /va/issue: new virtual accounts under one holder name. Source: Corporation API, 18."""
    fields = exchange.fields
    order = VaOrder(
        va_type=TYPE_BY_CODE[fields["vaTypeCode"]],
        count=int(fields["issueRequestCount"]),
        account_id=fields.get("raId"),
        added_name=fields.get("vaHolderNameKana"),
        added_name_first=fields.get("vaHolderNamePos") == BEFORE_THE_HOLDER,
    )
    desk = exchange.world.bank.virtual_accounts
    issued = desk.issue(exchange.customer_id, order, auth_key=fields.get(AUTH_KEY), at=exchange.at)
    first = issued[0]
    body = {
        "vaTypeCode": first.va_type.code,
        "vaTypeName": first.va_type.label,
        **_expiry(first),
        "vaHolderNameKana": first.holder_name,
        "vaList": [
            {
                "vaId": va.va_id,
                "vaBranchCode": va.branch_code,
                "vaBranchNameKana": VA_BRANCH_NAME_KANA,
                "vaAccountNumber": va.number,
            }
            for va in issued
        ],
    }
    return Reply(201, body)


def change_virtual_account_status(exchange: Exchange) -> Reply:
    """Answer POST /va/status-change: stop, resume or delete. Source: Corporation API, 19."""
    desk, fields = exchange.world.bank.virtual_accounts, exchange.fields
    after = desk.change(
        exchange.customer_id,
        tuple(entry["vaId"] for entry in fields["vaIdList"]),
        TRIGGER_BY_CODE[fields["vaStatusChangeCode"]],
        auth_key=fields.get(AUTH_KEY),
        at=exchange.at,
    )
    return Reply(200, {"vAccounts": [_write_account(va, desk.credited_account(va)) for va in after]})


def close_virtual_account_contract(exchange: Exchange) -> Reply:
    """Answer POST /va/close-request: end the contract with this month. Source: Corporation API, 20."""
    desk = exchange.world.bank.virtual_accounts
    accepted_on = desk.close_contract(exchange.customer_id, auth_key=exchange.fields.get(AUTH_KEY), at=exchange.at)
    return Reply(200, {"acceptDate": accepted_on.isoformat()})


def write_va_transaction(deposit: VaDeposit) -> Json:
    """Return one element of 振込入金口座入金明細情報リスト. Source: VaTransaction."""
    line = deposit.line
    return {
        "vaId": deposit.va_id,
        "transactionDate": line.transaction_date.isoformat(),
        "valueDate": line.value_date.isoformat(),
        "vaBranchCode": deposit.va_id[:3],
        "vaBranchNameKana": VA_BRANCH_NAME_KANA,
        "vaAccountNumber": deposit.va_id[3:],
        "vaAccountNameKana": deposit.holder_name,
        "depositAmount": str(line.amount_yen),
        "remitterNameKana": line.applicant_name,
        "paymentBankName": line.payment_bank_name,
        "paymentBranchName": line.payment_branch_name,
        "partnerName": deposit.partner_name[:PARTNER_NAME_LENGTH_MAX],
        "remarks": line.remarks,
        "itemKey": line.item_key,
    }


def _read_query(fields: Mapping[str, Any]) -> VaQuery:
    type_code = fields.get("vaTypeCode")
    return VaQuery(
        account_id=fields.get("raId"),
        va_ids=tuple(entry["vaId"] for entry in fields.get("vaIdList", ())),
        va_type=TYPE_BY_CODE[type_code] if type_code is not None else None,
        deposit_code=fields.get("depositAmountExistCode"),
        holder_name=fields.get("vaHolderNameKana"),
        status_codes=tuple(
            entry["vaStatusCode"] for entry in fields.get("vaStatusCodeList", ()) if "vaStatusCode" in entry
        ),
        latest_deposit=_read_days(fields, "latestDepositDate"),
        issue=_read_days(fields, "vaIssueDate"),
        expiry=_read_days(fields, "expireDate"),
        sort_item=fields.get("sortItemCode"),
        sort_order=fields.get("sortOrderCode"),
        next_item_key=fields.get("nextItemKey"),
    )


def _read_days(fields: Mapping[str, Any], name: str) -> Days:
    return Days(read_date(fields, f"{name}From"), read_date(fields, f"{name}To"))


def _write_account(va: VirtualAccount, account: Account) -> Json:
    return {
        "vaId": va.va_id,
        "vaBranchCode": va.branch_code,
        "vaBranchName": VA_BRANCH_NAME,
        "vaBranchNameKana": VA_BRANCH_NAME_KANA,
        "vaAccountNumber": va.number,
        "vaHolderNameKana": va.holder_name,
        "vaTypeCode": va.va_type.code,
        "vaTypeName": va.va_type.label,
        "vaStatusCode": va.status.code,
        "vaStatusName": va.status.label,
        "vaStatusChangePossibleCode": va.status.possible,
        "vaIssueDateTime": write_datetime(va.issued_at),
        **({"vaChangeStatusDateTime": write_datetime(va.changed_at)} if va.changed_at is not None else {}),
        **({"vaCloseDateTime": write_datetime(va.closed_at)} if va.closed_at is not None else {}),
        **_expiry(va),
        **_latest_deposit(va),
        "raId": account.account_id,
        "raBranchCode": account.branch_code,
        "raBranchName": account.branch_name,
        "raAccountNumber": account.number,
        "raHolderName": account.name,
    }


def _expiry(va: VirtualAccount) -> Json:
    return {"expireDateTime": write_datetime(va.expires_at)} if va.expires_at is not None else {}


def _latest_deposit(va: VirtualAccount) -> Json:
    if va.latest_deposit_date is None:
        return {}
    return {
        "latestDepositDate": va.latest_deposit_date.isoformat(),
        "latestDepositAmount": str(va.latest_deposit_yen),
        "latestDepositCount": str(va.latest_deposit_count),
    }


def branch_kana(account: Account) -> str:
    """The reply must name the branch; one that the directory of banks does not know is named by its code."""
    return (account.branch_name_kana or account.branch_code)[:BRANCH_KANA_LENGTH_MAX]
