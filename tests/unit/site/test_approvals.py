"""What waits for a company's approver, and how it is approved or sent back."""

import pytest

from mock_gmo.bank.business_id import Role
from mock_gmo.bank.inquiry import StatusQuery
from mock_gmo.scenarios.scenario import Login
from mock_gmo.secret import Secret
from tests.unit.site.visits import PASSWORD, TRANSACTION_PASSWORD, Bench

FEE_YEN = 143


def applied(bench, customer_id="mihon", **order):
    """Place an order and confirm it at the bank: now it waits for the approver."""
    apply_no = bench.request_transfer(customer_id, **order)
    bench.bank.outside.confirm(apply_no, at=bench.clock.at)
    return apply_no


def at_approvals(bench, login_id="mihon"):
    visitor = bench.visitor()
    visitor.log_in(login_id)
    visitor.open("/site/approvals")
    return visitor


def state_of(bench, apply_no):
    account_id = bench.bank.accounts_of("mihon")[0].account_id
    (item,) = bench.bank.transfer_status("mihon", StatusQuery(account_id, "1", apply_no), at=bench.clock.at).items
    return item.line.status.label


def test_an_application_shows_amount_beneficiary_comment_and_its_last_day():
    bench = Bench(business_id_management=True)
    apply_no = applied(bench, amount_yen=1_234_567, days_ahead=1, apply_comment="4月分の仕入")

    page = at_approvals(bench).page

    for words in (
        "1,234,567",
        "143",
        "ﾔﾏﾀﾞ ﾀﾛｳ",
        "普通 1234567",
        apply_no,
        "4月分の仕入",
        "04月02日 24:00",
        "法人営業部 0000001",
    ):
        assert words in page


def test_a_request_is_confirmed_first_and_approved_then():
    bench = Bench(business_id_management=True)
    apply_no = bench.request_transfer(amount_yen=50_000)
    visitor = at_approvals(bench)
    assert "承認待ちの申請はありません。" in visitor.page

    visitor.open("/site/confirmations")
    visitor.follow(visitor.confirm(apply_no))
    assert "承認者の承認をお待ちください。" in visitor.page
    assert bench.balance_yen() == 10_000_000

    visitor.open("/site/approvals")
    reply = visitor.decide(apply_no, "approve")

    assert reply.status_code == 303
    visitor.follow(reply)
    assert "申請を承認しました。" in visitor.page
    assert "承認待ちの申請はありません。" in visitor.page
    assert bench.balance_yen() == 10_000_000 - 50_000 - FEE_YEN


def test_what_is_sent_back_is_never_paid():
    bench = Bench(business_id_management=True)
    apply_no = applied(bench)
    visitor = at_approvals(bench)

    visitor.follow(visitor.decide(apply_no, "send-back"))

    assert "申請を差し戻しました。" in visitor.page
    assert state_of(bench, apply_no) == "差戻"
    bench.wait(2 * 86_400)
    assert bench.balance_yen() == 10_000_000


@pytest.mark.parametrize("decision", ["approve", "send-back"])
def test_a_wrong_transaction_password_decides_nothing_and_may_be_tried_again(decision):
    bench = Bench(business_id_management=True)
    apply_no = applied(bench)
    visitor = at_approvals(bench)

    # The log-in password is another one.
    reply = visitor.decide(apply_no, decision, PASSWORD)

    assert reply.status_code == 401
    assert "取引パスワードが正しくありません。" in visitor.page
    assert state_of(bench, apply_no) == "申請中"
    assert visitor.decide(apply_no, decision).status_code == 303


@pytest.mark.parametrize("decision", ["approve", "send-back"])
def test_after_its_day_an_application_can_be_decided_no_more(decision):
    bench = Bench(business_id_management=True)
    apply_no = applied(bench)
    visitor = at_approvals(bench)
    bench.wait(12 * 3_600)  # midnight in Japan

    reply = visitor.decide(apply_no, decision)

    assert reply.status_code == 409
    assert "この申請は期限切れか、すでに承認・差戻・取下げ済みです。" in visitor.page
    assert bench.balance_yen() == 10_000_000


def test_approving_twice_pays_once():
    bench = Bench(business_id_management=True)
    apply_no = applied(bench, amount_yen=50_000)
    visitor = at_approvals(bench)
    visitor.decide(apply_no, "approve")

    assert visitor.decide(apply_no, "approve").status_code == 409
    assert bench.balance_yen() == 10_000_000 - 50_000 - FEE_YEN


@pytest.mark.parametrize("decision", ["", "APPROVE", "withdraw"])
def test_a_form_that_the_page_does_not_have_decides_nothing(decision):
    bench = Bench(business_id_management=True)
    apply_no = applied(bench)

    assert at_approvals(bench).decide(apply_no, decision).status_code == 400
    assert state_of(bench, apply_no) == "申請中"


def test_nobody_sees_or_decides_what_another_company_applied_for():
    bench = Bench(business_id_management=True)
    apply_no = applied(bench, amount_yen=50_000)
    applied(bench, "rei", amount_yen=777)
    visitor = at_approvals(bench, "rei")

    assert "777" in visitor.page
    assert "50,000" not in visitor.page
    assert visitor.decide(apply_no, "approve").status_code == 409
    assert state_of(bench, apply_no) == "申請中"


def test_what_ends_first_stands_first():
    bench = Bench(business_id_management=True)
    later_no = applied(bench, days_ahead=1)
    sooner_no = applied(bench)

    page = at_approvals(bench).page

    assert page.index(sooner_no) < page.index(later_no)


def test_both_lists_are_offered_with_what_waits_in_each_where_there_is_an_approver():
    bench = Bench(business_id_management=True)
    bench.request_transfer()
    applied(bench)
    applied(bench)

    for path in ("/site/confirmations", "/site/approvals"):
        visitor = at_approvals(bench)
        visitor.open(path)

        assert f'<a href="{path}" aria-current="page">' in visitor.page
        assert visitor.page.count("aria-current") == 1
        assert '確認待ち <span class="count">1件' in visitor.page
        assert '承認待ち <span class="count">2件' in visitor.page


def test_a_company_without_an_approver_is_offered_no_list_of_approvals():
    bench = Bench()
    visitor = at_approvals(bench)
    assert "承認待ちの申請はありません。" in visitor.page
    assert "<nav" not in visitor.page

    bench.bank.change_customer("mihon", business_id_management=True)
    applied(bench)
    bench.bank.change_customer("mihon", business_id_management=False)

    # What is under way keeps its course.
    visitor.open("/site/confirmations")
    assert "<nav" in visitor.page


def test_without_a_log_in_there_is_only_the_log_in_page():
    visitor = Bench(business_id_management=True).visitor()

    assert visitor.open("/site/approvals").headers["Location"] == "/site/login"


def with_people(bench):
    """Two more people of the company: one may only apply, one only approves."""
    people = {
        login_id: Login(login_id, "mihon", Secret(PASSWORD), Secret(TRANSACTION_PASSWORD), name, role)
        for login_id, name, role in (("clerk", "申請　太郎", Role.APPLIES), ("head", "承認　花子", Role.APPROVES))
    }
    bench.logins = {**bench.logins, **people}
    return people


def record_of(bench, apply_no):
    account_id = bench.bank.accounts_of("mihon")[0].account_id
    (item,) = bench.bank.transfer_status("mihon", StatusQuery(account_id, "1", apply_no), at=bench.clock.at).items
    return item.application.approval_user, item.application.approval_comment


@pytest.mark.parametrize("decision", ["approve", "send-back"])
def test_who_decided_and_the_comment_are_noted(decision):
    bench = Bench(business_id_management=True)
    with_people(bench)
    apply_no = applied(bench)
    visitor = at_approvals(bench, "head")

    fields = {"decision": decision, "comment": " 確認しました ", "transaction_password": TRANSACTION_PASSWORD}
    visitor.send(f"/site/approvals/{apply_no}", **fields)

    assert record_of(bench, apply_no) == ("承認　花子", "確認しました")


def test_a_comment_that_no_page_lets_pass_decides_nothing():
    bench = Bench(business_id_management=True)
    apply_no = applied(bench)
    visitor = at_approvals(bench)

    fields = {"decision": "approve", "comment": "あ" * 21, "transaction_password": TRANSACTION_PASSWORD}
    assert visitor.send(f"/site/approvals/{apply_no}", **fields).status_code == 400

    assert state_of(bench, apply_no) == "申請中"


def test_whoever_may_only_apply_sees_no_approvals_and_decides_nothing():
    bench = Bench(business_id_management=True)
    people = with_people(bench)
    apply_no = bench.request_transfer(amount_yen=50_000, user=people["clerk"].user)
    visitor = bench.visitor()
    visitor.log_in("clerk")
    visitor.open("/site/confirmations")
    assert "承認待ち" not in visitor.page

    visitor.follow(visitor.confirm(apply_no))
    assert "承認者の承認をお待ちください。" in visitor.page
    visitor.open("/site/approvals")
    assert "承認待ちの申請はありません。" in visitor.page
    assert visitor.decide(apply_no, "approve").status_code == 409
    assert state_of(bench, apply_no) == "申請中"

    assert "申請　太郎" in at_approvals(bench, "head").page
