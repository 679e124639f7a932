"""A caller at the company with business-ID management, by the token of any of its people, and orders step by step."""

from dataclasses import dataclass
from typing import Any

from tests.unit.gateway.calling import (
    CLIENT_ID,
    REDIRECT_URI,
    SCOPES,
    TODAY,
    TOKEN_URL,
    Caller,
    make_caller,
    token_form,
)

ACCOUNT = "101010023456"
APPLICANT, APPROVER, OWNER = "申請　太郎", "承認　花子", "代表　一郎"
TOMORROW = "2026-04-02"
KINDS = ("transfer", "bulktransfer")
LINE = {
    "itemId": "1",
    "transferAmount": "10000",
    "beneficiaryBankCode": "0398",
    "beneficiaryBranchCode": "111",
    "accountTypeCode": "1",
    "accountNumber": "7654321",
    "beneficiaryName": "ｻﾝﾌﾟﾙ ﾊﾅｺ",
}


@dataclass
class Company:
    """Orders of one kind, `transfer` or `bulktransfer`."""

    caller: Caller
    kind: str

    def act_as(self, login_id: str) -> None:
        consent = {"client_id": CLIENT_ID, "customer_id": "approvals", "scope": SCOPES, "redirect_uri": REDIRECT_URI}
        code = self.caller.control("POST", "/consents", {**consent, "login_id": login_id}).json["code"]
        self.caller.token = self.caller.client.post(TOKEN_URL, data=token_form(code=code)).json["access_token"]

    def order(
        self, *, day: str = TODAY, comment: str | None = "4月分", confirmed: bool = True, amount: int = 10_000
    ) -> str:
        lines = [{**LINE, "transferAmount": str(amount)}]
        body: dict[str, Any] = {
            "accountId": ACCOUNT,
            "transferDesignatedDate": day,
            "totalCount": "1",
            "totalAmount": str(amount),
            "transfers" if self.kind == "transfer" else "bulkTransfers": lines,
        }
        if comment is not None:
            body["applyComment"] = comment
        apply_no = str(self.caller.post(f"/{self.kind}/request", body).json["applyNo"])
        if confirmed:
            self.step(apply_no, "confirm")
        return apply_no

    def step(self, apply_no: str, name: str, **body: Any) -> Any:
        reply = self.caller.control("POST", f"/transfers/{apply_no}/{name}", body)
        assert reply.status_code == 200, reply.text
        return reply.json

    def cancel(self, apply_no: str, cancel_class: str) -> int:
        body = {"accountId": ACCOUNT, "cancelTargetKeyClass": cancel_class, "applyNo": apply_no}
        reply = self.caller.post(f"/{self.kind}/cancel", body)
        if reply.status_code == 201:
            self.step(apply_no, "confirm")
        return int(reply.status_code)

    def wait(self, seconds: int) -> None:
        self.caller.control("POST", "/clock", {"advance_seconds": seconds})

    def details(self, **asked: str) -> list[dict[str, Any]]:
        query = "&".join(f"{name}={value}" for name, value in {"accountId": ACCOUNT, **asked}.items())
        reply = self.caller.get(f"/{self.kind}/status?{query}")
        assert reply.status_code == 200, reply.text
        return list(reply.json["transferDetails" if self.kind == "transfer" else "bulkTransferDetails"])

    def detail(self, apply_no: str) -> dict[str, Any]:
        lines = {"detailInfoNecessity": "true"} if self.kind == "bulktransfer" else {}
        (found,) = self.details(queryKeyClass="1", applyNo=apply_no, **lines)
        return found

    def applied(self, apply_no: str) -> list[dict[str, Any]]:
        (apply,) = self.detail(apply_no)["transferApplies"]
        assert apply["applyNo"] == apply_no
        return list(apply["transferApplyDetails"])


def make_company(kind: str, login_id: str = "applicant", **settings: Any) -> Company:
    caller = make_caller(**settings)
    caller.control("POST", "/reset", {"scenario": "approvals"})
    caller.no_limit()
    company = Company(caller, kind)
    company.act_as(login_id)
    return company
