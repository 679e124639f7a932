"""What waits for the holder's confirmation, and how it is confirmed."""

from mock_gmo.bank.transfers import TransferKind
from tests.unit.site.visits import PASSWORD, Bench

FEE_YEN = 143


def logged_in(bench, login_id="mihon"):
    visitor = bench.visitor()
    visitor.log_in(login_id)
    visitor.open("/site/confirmations")
    return visitor


def test_a_waiting_transfer_shows_amount_beneficiary_and_time_left_on_the_banks_clock():
    bench = Bench()
    apply_no = bench.request_transfer(amount_yen=1_234_567)
    bench.wait(48)

    visitor = logged_in(bench)

    for words in (
        "1,234,567",
        "143",
        "ﾔﾏﾀﾞ ﾀﾛｳ",
        "普通 1234567",
        apply_no,
        "9分12秒",
        "9 min 12 s left",
        "12:00:48",
        "12:10:00",
    ):
        assert words in visitor.page


def test_a_bulk_transfer_says_so_with_the_name_of_its_data():
    bench = Bench()
    apply_no = bench.request_transfer(kind=TransferKind.BULK, data_name="4月分", days_ahead=1)

    visitor = logged_in(bench)

    for words in ("総合振込 ", "Bulk transfer", "振込データ名", "4月分", "Confirm the bulk transfer", apply_no):
        assert words in visitor.page
    assert visitor.confirm(apply_no).status_code == 303
    account_id = bench.bank.accounts_of("mihon")[0].account_id
    bench.bank.cancel_transfer("mihon", account_id, apply_no, "4", kind=TransferKind.BULK, at=bench.clock.at)
    visitor.open("/site/confirmations")
    for words in ("総合振込の取消", "Cancel a bulk transfer", "円の総合振込を取り消します"):
        assert words in visitor.page


def test_the_transaction_password_confirms_and_the_money_moves():
    bench = Bench()
    apply_no = bench.request_transfer(amount_yen=50_000)
    visitor = logged_in(bench)

    reply = visitor.confirm(apply_no)

    assert reply.status_code == 303
    assert bench.balance_yen() == 10_000_000 - 50_000 - FEE_YEN
    visitor.follow(reply)
    assert "お手続きを確定しました。" in visitor.page
    assert apply_no in visitor.page
    assert "確認待ちのお手続きはありません。" in visitor.page


def test_a_wrong_transaction_password_moves_nothing_and_may_be_tried_again():
    bench = Bench()
    apply_no = bench.request_transfer()
    visitor = logged_in(bench)

    # The log-in password is another one.
    reply = visitor.confirm(apply_no, PASSWORD)

    assert reply.status_code == 401
    assert "取引パスワードが正しくありません。" in visitor.page
    assert bench.balance_yen() == 10_000_000
    assert visitor.confirm(apply_no).status_code == 303


def test_what_expired_can_be_confirmed_no_more():
    bench = Bench()
    apply_no = bench.request_transfer()
    visitor = logged_in(bench)
    bench.wait(600)

    reply = visitor.confirm(apply_no)

    assert reply.status_code == 409
    assert "期限切れか、すでに確定済みです。" in visitor.page
    assert bench.balance_yen() == 10_000_000


def test_confirming_twice_pays_once():
    bench = Bench()
    apply_no = bench.request_transfer(amount_yen=50_000)
    visitor = logged_in(bench)
    visitor.confirm(apply_no)

    assert visitor.confirm(apply_no).status_code == 409
    assert bench.balance_yen() == 10_000_000 - 50_000 - FEE_YEN


def test_nobody_sees_or_confirms_what_waits_for_somebody_else():
    bench = Bench()
    apply_no = bench.request_transfer("mihon")
    bench.request_transfer("rei", amount_yen=777)
    visitor = logged_in(bench, "rei")

    assert "777" in visitor.page
    assert "50,000" not in visitor.page
    assert visitor.confirm(apply_no).status_code == 409
    assert bench.balance_yen("mihon") == 10_000_000


def test_what_ends_first_stands_first():
    bench = Bench()
    first = bench.request_transfer(amount_yen=1_000)
    bench.wait(30)
    second = bench.request_transfer(amount_yen=2_000)

    page = logged_in(bench).page

    assert page.index(first) < page.index(second)


def test_a_waiting_cancel_is_told_apart_from_a_transfer():
    bench = Bench()
    apply_no = bench.request_transfer(amount_yen=50_000, days_ahead=1)
    logged_in(bench).confirm(apply_no)
    account_id = bench.bank.accounts_of("mihon")[0].account_id
    bench.bank.cancel_transfer("mihon", account_id, apply_no, "2", at=bench.clock.at)

    visitor = logged_in(bench)

    assert "取消を確定する" in visitor.page
    assert "振込を確定する" not in visitor.page
    assert "手数料" not in visitor.page
    assert visitor.confirm(apply_no).status_code == 303
    bench.wait(2 * 86_400)
    assert bench.balance_yen() == 10_000_000


def test_the_page_only_looks():
    bench = Bench()
    bench.request_transfer()

    for _ in range(3):
        logged_in(bench)

    assert bench.balance_yen() == 10_000_000
    assert len(bench.bank.outside.pending_confirmations("mihon", at=bench.clock.at)) == 1


def test_without_a_log_in_there_is_only_the_log_in_page():
    visitor = Bench().visitor()

    assert visitor.open("/site/confirmations").headers["Location"] == "/site/login"
    assert visitor.open("/site/").headers["Location"] == "/site/confirmations"


def test_a_log_in_of_another_world_is_none_here():
    bench = Bench()
    visitor = logged_in(bench)
    bench.logins = {}

    assert visitor.open("/site/confirmations").headers["Location"] == "/site/login"
