"""Business-ID management: who applied, who decided, what inquiries tell of it, and who may cancel what."""

import pytest

from tests.unit.gateway.approving import ACCOUNT, APPLICANT, APPROVER, KINDS, OWNER, TOMORROW, Company, make_company
from tests.unit.gateway.calling import ACCOUNT_ID, CLIENT_ID, REDIRECT_URI, SCOPES, make_caller, make_order

AT_NOON = "2026-04-01T12:00:00+09:00"
APPLIED = {"applyDatetime": AT_NOON, "applyUser": APPLICANT, "applyComment": "4月分"}
DECIDED = {"approvalUser": APPROVER, "approvalComment": "確認しました"}
WITHDRAW_CLASS = {"transfer": "1", "bulktransfer": "3"}
REVOKE_CLASS = {"transfer": "2", "bulktransfer": "4"}
BY_APPROVER = {"login_id": "approver", "comment": "確認しました"}

pytestmark = pytest.mark.parametrize("kind", KINDS)


def apply_only(company: Company) -> str:
    return company.order()


def send_back(company: Company) -> str:
    apply_no = company.order()
    company.step(apply_no, "send-back", **BY_APPROVER)
    return apply_no


def withdraw_by_api(company: Company) -> str:
    apply_no = company.order()
    assert company.cancel(apply_no, WITHDRAW_CLASS[company.kind]) == 201
    return apply_no


def withdraw_on_site(company: Company) -> str:
    apply_no = company.order()
    company.step(apply_no, "withdraw")
    return apply_no


def let_expire(company: Company) -> str:
    apply_no = company.order()
    company.wait(12 * 3_600)
    return apply_no


def approve_today(company: Company) -> str:
    apply_no = company.order()
    company.step(apply_no, "approve", **BY_APPROVER)
    return apply_no


def approve_tomorrow(company: Company) -> str:
    apply_no = company.order(day=TOMORROW)
    company.step(apply_no, "approve", **BY_APPROVER)
    return apply_no


def settle(company: Company) -> str:
    apply_no = approve_today(company)
    company.wait(30)
    return apply_no


def fail(company: Company) -> str:
    apply_no = approve_today(company)
    company.step(apply_no, "fail")
    return apply_no


def retry(company: Company) -> str:
    apply_no = company.order(day=TOMORROW, amount=4_999_000)
    company.step(apply_no, "approve", **BY_APPROVER)
    company.caller.control("PATCH", "/customers/approvals", {"transfer_limit_yen": {ACCOUNT: 0}})
    company.wait(21 * 3_600)
    return apply_no


def revoke(company: Company) -> str:
    apply_no = approve_tomorrow(company)
    company.act_as("approver")
    assert company.cancel(apply_no, REVOKE_CLASS[company.kind]) == 201
    return apply_no


# How it comes there: 振込ステータス, 振込申請ステータス, who decided, and in which requestTransferClass it is found.
ROWS = [
    (apply_only, "2", "1", {}, "12"),
    (send_back, "3", "2", DECIDED, "12"),
    (withdraw_by_api, "4", "3", {}, "12"),
    (withdraw_on_site, "4", "3", {}, "12"),
    (let_expire, "5", "4", {}, "12"),
    (approve_tomorrow, "11", "5", DECIDED, "13"),
    (approve_today, "12", "5", DECIDED, "13"),
    (retry, "13", "5", DECIDED, "13"),
    (settle, "20", "5", DECIDED, "13"),
    (fail, "40", "5", DECIDED, "13"),
    (revoke, "8", "6", DECIDED, "13"),
]


@pytest.mark.parametrize(("come_there", "status", "apply_status", "decided", "classes"), ROWS)
def test_the_record_of_an_application_in_every_state(kind, come_there, status, apply_status, decided, classes):
    company = make_company(kind)
    apply_no = come_there(company)

    assert company.detail(apply_no)["transferStatus"] == status
    assert company.applied(apply_no) == [{**APPLIED, "applyStatus": apply_status, **decided}]
    for transfer_class in "123":
        period = {"dateFrom": "2026-04-01", "dateTo": TOMORROW}
        found = company.details(queryKeyClass="2", requestTransferClass=transfer_class, **period)
        assert len(found) == (transfer_class in classes), transfer_class


def test_what_nobody_confirmed_has_no_record_in_any_class(kind):
    company = make_company(kind)
    company.order(confirmed=False)

    for transfer_class in "123":
        assert company.details(queryKeyClass="2", requestTransferClass=transfer_class) == []


def test_who_needs_no_approver_pays_at_once_by_automatic_approval_and_leaves_no_comment(kind):
    company = make_company(kind, "approver")

    today, tomorrow = company.order(), company.order(day=TOMORROW)

    assert company.applied(today) == [{"applyDatetime": AT_NOON, "applyStatus": "7", "applyUser": APPROVER}]
    assert [company.detail(it)["transferStatus"] for it in (today, tomorrow)] == ["12", "11"]
    assert company.applied(tomorrow)[0]["applyStatus"] == "7"
    assert company.cancel(tomorrow, REVOKE_CLASS[kind]) == 201
    assert company.applied(tomorrow)[0]["applyStatus"] == "6"


def test_who_may_do_both_applies_and_may_decide_on_what_he_applied_for(kind):
    company = make_company(kind, "owner")
    apply_no = company.order(comment=None)
    assert company.applied(apply_no) == [{"applyDatetime": AT_NOON, "applyStatus": "1", "applyUser": OWNER}]

    company.step(apply_no, "approve", login_id="owner")

    (record,) = company.applied(apply_no)
    assert (record["applyUser"], record["approvalUser"]) == (OWNER, OWNER)
    assert "approvalComment" not in record
    assert "applyComment" not in record


def test_a_decision_by_nobody_in_particular_names_nobody(kind):
    company = make_company(kind)
    apply_no = company.order(comment=None)

    company.step(apply_no, "approve")

    (record,) = company.applied(apply_no)
    assert sorted(record) == ["applyDatetime", "applyStatus", "applyUser"]


@pytest.mark.parametrize("step", ["approve", "send-back"])
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"login_id": "applicant"}, 409, "not_an_approver"),
        ({"login_id": "nobody"}, 404, "login_unknown"),
        ({"login_id": "approver", "comment": "二十一文字のコメントは長すぎるので使えません"}, 400, "field_invalid"),
    ],
)
def test_who_may_not_decide_changes_nothing(kind, step, body, status, code):
    company = make_company(kind)
    apply_no = company.order()

    refused = company.caller.control("POST", f"/transfers/{apply_no}/{step}", body)

    assert (refused.status_code, refused.json["error"]["code"]) == (status, code)
    assert company.applied(apply_no) == [{**APPLIED, "applyStatus": "1"}]


def test_a_decision_that_comes_too_late_leaves_the_record_as_it_was(kind):
    company = make_company(kind)
    apply_no = send_back(company)
    before = company.applied(apply_no)

    refused = company.caller.control("POST", f"/transfers/{apply_no}/approve", {"login_id": "owner"})

    assert refused.status_code == 409
    assert company.applied(apply_no) == before


@pytest.mark.parametrize("step", ["confirm", "withdraw"])
def test_what_is_no_decision_takes_neither_person_nor_comment(kind, step):
    company = make_company(kind)
    apply_no = company.order(confirmed=step != "confirm")

    for body in ({"login_id": "approver"}, {"comment": "x"}):
        assert company.caller.control("POST", f"/transfers/{apply_no}/{step}", body).status_code == 400


# Who asks for the cancel, in which state, with which kind of class: allowed or not.
CANCELS = [
    ("applicant", apply_only, WITHDRAW_CLASS, 201),
    ("applicant", approve_tomorrow, REVOKE_CLASS, 400),
    ("approver", apply_only, WITHDRAW_CLASS, 400),
    ("approver", approve_tomorrow, REVOKE_CLASS, 201),
    ("owner", apply_only, WITHDRAW_CLASS, 201),
    ("owner", approve_tomorrow, REVOKE_CLASS, 201),
    ("owner", apply_only, REVOKE_CLASS, 400),
    ("owner", approve_tomorrow, WITHDRAW_CLASS, 400),
    ("owner", approve_today, REVOKE_CLASS, 400),
]


@pytest.mark.parametrize(("login_id", "come_there", "classes", "status"), CANCELS)
def test_applicants_withdraw_applications_and_approvers_revoke_approvals(kind, login_id, come_there, classes, status):
    company = make_company(kind)
    apply_no = come_there(company)
    company.act_as(login_id)

    assert company.cancel(apply_no, classes[kind]) == status


def test_without_business_id_management_there_is_no_record_whoever_consented(kind):
    company = make_company(kind)
    company.caller.control("PATCH", "/customers/approvals", {"business_id_management": False})

    apply_no = company.order()

    assert company.applied(apply_no) == []
    assert company.detail(apply_no)["transferStatus"] == "12"
    refused = company.caller.get(f"/{kind}/status?accountId={ACCOUNT}&queryKeyClass=2&requestTransferClass=1")
    assert refused.status_code == 400


def test_a_consent_without_a_log_in_is_that_of_the_first_and_one_of_somebody_elses_is_refused(kind):
    caller = make_caller()
    caller.control("PATCH", "/customers/corporate", {"business_id_management": True})
    body = make_order()
    if kind == "bulktransfer":
        body = {**body, "totalCount": "1", "totalAmount": "10000", "bulkTransfers": body.pop("transfers")}
        body["bulkTransfers"][0]["itemId"] = "1"
    apply_no = caller.post(f"/{kind}/request", body).json["applyNo"]
    caller.control("POST", f"/transfers/{apply_no}/confirm", {})

    reply = caller.get(f"/{kind}/status?accountId={ACCOUNT_ID}&queryKeyClass=1&applyNo={apply_no}")
    details = reply.json["transferDetails" if kind == "transfer" else "bulkTransferDetails"]
    assert details[0]["transferApplies"][0]["transferApplyDetails"][0]["applyUser"] == "corporate"

    consent = {"client_id": CLIENT_ID, "customer_id": "corporate", "scope": SCOPES, "redirect_uri": REDIRECT_URI}
    refused = caller.control("POST", "/consents", {**consent, "login_id": "applicant"})
    assert (refused.status_code, refused.json["error"]["code"]) == (404, "login_unknown")


def test_the_record_survives_a_restore(kind):
    company = make_company(kind)
    apply_no = send_back(company)
    before = company.detail(apply_no)

    snapshot = company.caller.control("GET", "/snapshot").json
    company.caller.control("POST", "/reset", {})
    restored = company.caller.control("PUT", "/snapshot", snapshot)

    assert restored.status_code in (200, 204), restored.text
    assert company.detail(apply_no) == before


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"with_business_id": False}, "null without business-ID management"),
        ({"approval_user": "あ" * 46}, "fits the bank's replies"),
        ({"approval_comment": "あ" * 21}, "fits the bank's replies"),
        ({"apply_user": ""}, "fits the bank's replies"),
        ({"auto_approved": True}, "false for what waits for an approver"),
    ],
)
def test_a_snapshot_with_a_record_that_cannot_be_is_refused(kind, change, expected):
    company = make_company(kind)
    apply_no = company.order()
    snapshot = company.caller.control("GET", "/snapshot").json

    snapshot["bank"]["applications"][apply_no].update(change)
    refused = company.caller.control("PUT", "/snapshot", snapshot)

    assert refused.status_code == 400
    assert expected in refused.json["error"]["message_en"]
