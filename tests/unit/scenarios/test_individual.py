"""The scenario of a person: what the bank holds at its first instant, and which purses a file may not have."""

import pytest

from mock_gmo.app import worlds_of
from mock_gmo.bank.sp_accounts import SpOrder
from mock_gmo.scenarios.loader import ScenarioError, load_scenario, parse_scenario
from mock_gmo.snapshots.codec import SnapshotError
from mock_gmo.snapshots.diff import diff_snapshots
from tests.unit.gateway.calling import Caller, make_caller

MAIN, PARENT, SAVINGS, TRAVEL = "301010012345", "SP301010012345", "SP502011047569", "SP502011047570"


@pytest.fixture
def caller() -> Caller:
    caller = make_caller()
    caller.control("POST", "/reset", {"scenario": "individual"})
    return caller


def move(caller: Caller, amount: str = "5000", currency: str = "JPY") -> None:
    world = caller.world
    world.bank.sp_accounts.transfer("individual", SpOrder(SAVINGS, PARENT, amount, currency), at=world.clock.now())


def test_the_person_has_a_main_account_and_three_purses() -> None:
    (customer,) = load_scenario("individual").customers

    assert (customer.kind, customer.family_name_kana, customer.given_name_kana) == ("individual", "ﾐﾎﾝ", "ﾀﾛｳ")
    assert [account.account_id for account in customer.accounts] == [MAIN]
    assert [login.login_id for login in customer.logins] == ["individual"]
    assert [purse.name for purse in customer.sp_accounts] == ["メイン", "貯蓄用", "旅行"]


def test_the_control_surface_tells_the_purses(caller: Caller) -> None:
    (customer,) = caller.control("GET", "/customers").json["customers"]

    assert customer["accounts"][0]["balance_yen"] == 1_000_000
    assert customer["accounts"][0]["withdrawable_yen"] == 650_000
    told = {purse["account_id"]: (purse["kind"], purse["balance_yen"]) for purse in customer["sp_accounts"]}
    assert told == {PARENT: ("parent", 650_000), SAVINGS: ("child", 300_000), TRAVEL: ("child", 50_000)}
    assert customer["sp_accounts"][1]["foreign"] == [{"currency": "USD", "amount": "100.25", "worth_yen": 11_077}]
    assert customer["sp_accounts"][0]["account_number"] is None
    assert customer["sp_accounts"][1]["account_number"] == "1047569"
    assert caller.control("GET", "/postings/check").json["differing"] == []


def test_purses_survive_a_snapshot_and_a_fork_and_end_with_a_reset(caller: Caller) -> None:
    first = caller.world.snapshot()
    move(caller)
    move(caller, "1.25", "USD")
    told = caller.control("GET", "/customers").json
    snapshot = caller.world.snapshot()

    fork = worlds_of(caller.app).fork(caller.world, "fork")
    other = make_caller()
    other.world.restore(snapshot)

    assert fork.snapshot()["bank"] == other.world.snapshot()["bank"] == snapshot["bank"]
    assert other.control("GET", "/customers").json == told
    caller.control("POST", "/reset")
    assert caller.world.snapshot()["bank"]["sp"] == first["bank"]["sp"]


def test_a_difference_tells_what_is_in_each_purse(caller: Caller) -> None:
    before = caller.world.snapshot()
    move(caller)
    move(caller, "1.25", "USD")

    told = [change.line() for change in diff_snapshots(before, caller.world.snapshot()).balances]

    assert told == [
        "~ SP301010012345  650,000 → 645,000 (-5,000)",
        "~ SP502011047569  300,000 → 305,000 (+5,000)",
        "~ SP502011047569 USD  100.25 → 101.5",
    ]


# What is changed in the snapshot, and where the complaint points.
BROKEN = [
    (("accounts", SAVINGS, "customer_id"), "nobody", f"/bank/sp/accounts/{SAVINGS}"),
    (("accounts", SAVINGS, "main_account_id"), "301010099999", f"/bank/sp/accounts/{SAVINGS}"),
    (("accounts", SAVINGS, "account_id"), "SP502011047599", f"/bank/sp/accounts/{SAVINGS}"),
    (("accounts", SAVINGS, "account_id"), "X", f"/bank/sp/accounts/{SAVINGS}"),
    (("accounts", SAVINGS, "place"), None, "/bank/sp/accounts"),
    (("accounts", SAVINGS, "place", "number"), "1047570", "/bank/sp/accounts"),
    (("time_deposits_yen", SAVINGS), 0, "/bank/sp/time_deposits_yen"),
    (("time_deposits_yen", PARENT), 1, "/bank/sp/time_deposits_yen"),
    (("foreign", SAVINGS, "USD"), -1, f"/bank/sp/foreign/{SAVINGS}"),
    (("foreign", SAVINGS, "XXX"), 1, f"/bank/sp/foreign/{SAVINGS}"),
    (("foreign", PARENT), {"USD": 1}, f"/bank/sp/foreign/{PARENT}"),
]


@pytest.mark.parametrize(("path", "value", "pointer"), BROKEN)
def test_purses_that_cannot_be_are_not_restored(caller: Caller, path, value, pointer) -> None:
    snapshot = caller.world.snapshot()
    place = snapshot["bank"]["sp"]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value

    with pytest.raises(SnapshotError) as fault:
        caller.world.restore(snapshot)

    assert fault.value.at == pointer


def test_children_with_more_than_the_account_are_not_restored(caller: Caller) -> None:
    snapshot = caller.world.snapshot()
    move = next(it for it in snapshot["bank"]["postings"] if it["kind"] == "SP_TRANSFER")
    for leg in move["legs"]:
        leg["amount_yen"] *= 10

    with pytest.raises(SnapshotError, match="purses that hold together"):
        caller.world.restore(snapshot)


TEXT = """\
title: one line
customers:
  - customer_id: p1
    name: 見本
    kind: individual
    confirmation_required: true
    business_id_management: false
    logins: []
    accounts:
      - branch_code: "301"
        branch_name: うみ支店
        type_code: "01"
        number: "0012345"
        primary: true
        name: 見本
        name_kana: ﾐﾎﾝ
        opened_on: 2019-04-01
        opening_balance_yen: 10_000
        transfer_limit_yen: 5_000_000
    other_accounts:
      - {branch_code: "301", type_code: "11", number: "0100001", balance_yen: 3_000}
      - {branch_code: "301", type_code: "51", number: "0500001", currency: USD, amount: "9.5", ttb: "110.5"}
    sp_accounts:
      - {name: 親}
      - {name: 子, branch_code: "502", branch_name: 支店, number: "1000001", opening_balance_yen: 10_000}
"""
CHILD = "opening_balance_yen: 10_000}"
WRONG = [
    ("kind: individual", "kind: corporation", "no sp_accounts for a corporation"),
    ("      - {name: 親}\n", "", "the parent first"),
    ("{name: 親}", "{name: 親}\n      - {name: 親二}", "the parent first"),
    ("{name: 親}", "{name: 親, opening_balance_yen: 1}", "nothing but its name"),
    ("{name: 親}", f"{{name: {'あ' * 11}}}", "1 to 10 characters"),
    (', number: "1000001"', "", "the member 'number'"),
    ('"1000001"', '"100"', "7 digits"),
    ('"502", branch_name: 支店, number: "1000001"', '"301", branch_name: 支店, number: "0012345"', "branch and number"),
    (CHILD, "opening_balance_yen: 10_001}", "no more than"),
    (CHILD, "time_deposits_yen: 3_001}", "no more than"),
    (CHILD, 'foreign: [{currency: USD, amount: "9.51"}]}', "no more than"),
    (CHILD, 'foreign: [{currency: EUR, amount: "0.01"}]}', "no more than"),
    (CHILD, 'foreign: [{currency: USD, amount: "0"}]}', "more than nothing"),
    (CHILD, 'foreign: [{currency: USD, amount: "1"}, {currency: USD, amount: "1"}]}', "every currency once"),
]


@pytest.mark.parametrize(("old", "new", "expected"), WRONG)
def test_a_file_whose_purses_cannot_be_is_refused(old: str, new: str, expected: str) -> None:
    parse_scenario(TEXT, name="mine", file="mine.yaml")
    assert old in TEXT

    with pytest.raises(ScenarioError, match=expected):
        parse_scenario(TEXT.replace(old, new, 1), name="mine", file="mine.yaml")
