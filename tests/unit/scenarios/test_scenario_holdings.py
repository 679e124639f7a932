"""What a scenario file says of other accounts, Visa debit cards and paying banks, and how a fault in it is told."""

from datetime import UTC, date, datetime

import pytest

from mock_gmo.bank.other_accounts import ForeignHolding
from mock_gmo.bank.visa import UseAbroad
from mock_gmo.scenarios.loader import ScenarioError, load_scenario, parse_scenario

START = datetime(2026, 4, 1, 0, 30, tzinfo=UTC)

RIGHT = """\
title: one line
clock_start: 2026-04-01T09:30:00+09:00
customers:
  - customer_id: c1
    name: 見本商事株式会社
    kind: corporation
    confirmation_required: true
    business_id_management: false
    logins: []
    accounts:
      - branch_code: "101"
        branch_name: 法人営業部
        type_code: "01"
        number: "0012345"
        primary: true
        name: 見本商事株式会社
        name_kana: ﾐﾎﾝｼﾖｳｼﾞ(ｶ
        opened_on: 2019-04-01
        opening_balance_yen: 10_000
        transfer_limit_yen: 5_000_000
        past_deposits:
          - {days_ago: 3, time: "10:15", amount_yen: 700, remitter_name: ﾀﾒｼ, paying_bank: ｱｵｿﾞﾗ, paying_branch: ﾎﾝﾃﾝ}
        visa_uses:
          - {days_ago: 9, use_content: 架空交通, amount_yen: -300, approval_number: "000123", status: "3"}
          - days_ago: 0
            use_content: EXAMPLE ATM
            amount_yen: 16_030
            approval_number: "220990"
            status: "1"
            abroad: {currency: USD, amount: "98.5", rate: "157.55", atm_fee: "3.25"}
    other_accounts:
      - {branch_code: "101", type_code: "11", number: "0100001", balance_yen: 3_000_000}
      - {branch_code: "101", type_code: "51", number: "0500001", currency: USD, amount: "-350.48", ttb: "110.5"}
"""
DEPOSIT, USE, ABROAD = "accounts[0].past_deposits[0]", "accounts[0].visa_uses[0]", "accounts[0].visa_uses[1].abroad"
YEN, FOREIGN = "other_accounts[0]", "other_accounts[1]"

# what is changed: from, to | line, field behind customers[0], a part of what was expected, a part of what came
BROKEN = [
    (", paying_bank: ｱｵｿﾞﾗ", "", 22, DEPOSIT, "'paying_bank' beside", "without it"),
    ("paying_bank: ｱｵｿﾞﾗ", "paying_bank: アオゾラ", 22, f"{DEPOSIT}.paying_bank", "1 to 30 half-width", "アオゾラ"),
    ("ﾎﾝﾃﾝ", "ﾎﾝﾃﾝﾎﾝﾃﾝﾎﾝﾃﾝﾎﾝﾃﾝ", 22, f"{DEPOSIT}.paying_branch", "1 to 15 half-width", "ﾎﾝﾃﾝﾎﾝﾃﾝ"),
    ("days_ago: 9", "days_ago: -1", 24, f"{USE}.days_ago", "from 0", "-1"),
    ("days_ago: 9", "days_ago: 3_651", 24, f"{USE}.days_ago", "to 3650", "3_651"),
    ("架空交通", '""', 24, f"{USE}.use_content", "1 to 120 characters", "''"),
    ("架空交通", "架" * 121, 24, f"{USE}.use_content", "1 to 120 characters", "架"),
    ("-300", "-300.5", 24, f"{USE}.amount_yen", "a whole number", "-300.5"),
    ('"000123"', "123", 24, f"{USE}.approval_number", "6 digits in quotes", "123"),
    ('"000123"', '"00012"', 24, f"{USE}.approval_number", "6 digits in quotes", "00012"),
    ('status: "3"', 'status: "4"', 24, f"{USE}.status", "one of 1, 2, 3", "4"),
    ('status: "3"', "state: 3", 24, f"{USE}.state", "one of days_ago", "'state'"),
    ("currency: USD, amount: \"98", "currency: JPY, amount: \"98", 30, f"{ABROAD}.currency", "not JPY", "JPY"),
    ('"98.5"', '"98.5000001"', 30, f"{ABROAD}.amount", "up to 6 decimals", "98.5000001"),
    ('"98.5"', "98.5", 30, f"{ABROAD}.amount", "in quotes", "98.5"),
    ('"157.55"', '"-157.55"', 30, f"{ABROAD}.rate", "up to 6 digits", "-157.55"),
    ('"157.55"', '"1234567"', 30, f"{ABROAD}.rate", "up to 6 digits", "1234567"),
    ('"157.55"', '"0.0"', 30, f"{ABROAD}.rate", "a rate above 0", "0.0"),
    ('"3.25"', '"3,25"', 30, f"{ABROAD}.atm_fee", "up to 12 digits", "3,25"),
    ('rate: "157.55", ', "", 30, ABROAD, "the member 'rate'", "without it"),
    ('type_code: "11"', 'type_code: "12"', 32, f"{YEN}.type_code", "one of 11, 81, 51", "12"),
    ('"0100001"', '"100001"', 32, f"{YEN}.number", "7 digits in quotes", "100001"),
    ("balance_yen: 3_000_000", "amount: \"3\"", 32, f"{YEN}.amount", "one of branch_code", "'amount'"),
    (", balance_yen: 3_000_000", "", 32, YEN, "the member 'balance_yen'", "without it"),
    ("currency: USD, amount: \"-", "currency: XXX, amount: \"-", 33, f"{FOREIGN}.currency", "one of USD, EUR", "XXX"),
    ('"-350.48"', '"-350.4801"', 33, f"{FOREIGN}.amount", "up to 3 decimals", "-350.4801"),
    ('"110.5"', '"0"', 33, f"{FOREIGN}.ttb", "a rate above 0", "'0'"),
    (', ttb: "110.5"', ', ttb: "110.5", balance_yen: 1', 33, f"{FOREIGN}.balance_yen", "one of branch", "balance_yen"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "field", "expected", "came"), BROKEN)
def test_a_fault_is_told_with_file_line_field_what_was_expected_and_what_came(
    old: str, new: str, line: int, field: str, expected: str, came: str
) -> None:
    assert RIGHT.count(old) == 1

    with pytest.raises(ScenarioError) as fault:
        parse_scenario(RIGHT.replace(old, new), name="mine", file="mine.yaml")

    assert str(fault.value).startswith(f"mine.yaml, line {line}: customers[0].{field}: expected")
    assert expected in str(fault.value)
    assert came in str(fault.value).partition("came")[2]


def test_a_right_file_becomes_values() -> None:
    (customer,) = parse_scenario(RIGHT, name="mine", file="mine.yaml").customers

    (account,) = customer.accounts
    assert (account.past_deposits[0].paying_bank, account.past_deposits[0].paying_branch) == ("ｱｵｿﾞﾗ", "ﾎﾝﾃﾝ")
    first, second = (use.on_card(START) for use in account.visa_uses or ())
    assert (first.use_date, first.amount_yen, first.status, first.abroad) == (date(2026, 3, 23), -300, "3", None)
    assert (second.use_date, second.approval_number) == (date(2026, 4, 1), "220990")
    assert second.abroad == UseAbroad("USD", 98_500_000, 157_550_000, 3_250_000)
    time_deposit, dollars = customer.other_accounts
    assert (time_deposit.account_id, time_deposit.balance_yen) == ("101110100001", 3_000_000)
    assert (dollars.account_id, dollars.foreign) == ("101510500001", ForeignHolding("USD", -350_480, 110_500))


def test_a_card_without_uses_is_a_card_and_no_list_is_none() -> None:
    start = RIGHT.index("        visa_uses:")
    end = RIGHT.index("    other_accounts:")

    with_card = parse_scenario(RIGHT[:start] + "        visa_uses: []\n", name="m", file="m")
    without = parse_scenario(RIGHT[:start] + RIGHT[end:], name="m", file="m")

    assert with_card.customers[0].accounts[0].visa_uses == ()
    assert without.customers[0].accounts[0].visa_uses is None


def test_an_id_stands_once_among_all_kinds_of_accounts() -> None:
    twice = RIGHT + '      - {branch_code: "101", type_code: "11", number: "0100001", balance_yen: 1}\n'

    with pytest.raises(ScenarioError, match="every account once"):
        parse_scenario(twice, name="mine", file="mine.yaml")


def test_a_card_is_not_used_before_its_account_is_opened() -> None:
    with pytest.raises(ScenarioError, match="opened before its first deposit or use of a card"):
        parse_scenario(RIGHT.replace("2019-04-01", "2026-03-24"), name="mine", file="mine.yaml")


def test_the_default_scenario_has_an_account_of_every_kind_and_one_card() -> None:
    (customer,) = load_scenario("corporate").customers

    kinds = [account.type_code for account in (*customer.accounts, *customer.other_accounts)]
    assert kinds == ["01", "02", "11", "51", "81"]
    assert [account.visa_uses is not None for account in customer.accounts] == [True, False]
