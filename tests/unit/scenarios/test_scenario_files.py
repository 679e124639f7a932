"""Scenario files: what the packaged ones say, and how a broken one is told."""

from datetime import UTC, date, datetime

import pytest

from mock_gmo.scenarios.loader import ScenarioError, load_scenario, names, parse_scenario

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
    logins:
      - {login_id: c1, password: "password-1", transaction_password: "password-2"}
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
          - {days_ago: 3, time: "10:15", amount_yen: 700, remitter_name: ﾀﾒｼ}
"""

# what is changed: from, to | line, field, a part of what was expected, a part of what came
BROKEN = [
    ("title: one line", "titel: one line", 1, "titel", "one of title, customers, clock_start", "'titel'"),
    ("title: one line\n", "", 1, "", "the member 'title'", "without it"),
    ("title: one line", "title: 12", 1, "title", "one line", "a number: '12'"),
    ("title: one line", "title: [a]", 1, "title", "one line", "a list"),
    ("title: one line", "title:", 1, "title", "one line", "nothing"),
    ("title: one line", "title: one line\ntitle: two", 2, "title", "every name once", "'title' again"),
    ("T09:30:00+09:00", "T09:30:00", 2, "clock_start", "an instant such as", "2026-04-01T09:30:00"),
    ("2026-04-01T", "2100-04-01T", 2, "clock_start", "years 1970 to 2099", "2100-04-01"),
    ("2026-04-01T", "1969-04-01T", 2, "clock_start", "years 1970 to 2099", "1969-04-01"),
    ("2026-04-01T", "2026-04-31T", 2, "clock_start", "an instant such as", "2026-04-31"),
    (
        "kind: corporation",
        "kind: company",
        6,
        "customers[0].kind",
        "one of corporation, sole_proprietor, individual",
        "'company'",
    ),
    ("true\n    bus", "yes\n    bus", 7, "customers[0].confirmation_required", "true or false", "'yes'"),
    ('branch_code: "101"', "branch_code: 101", 12, "customers[0].accounts[0].branch_code", "3 digits", "101"),
    ('branch_code: "101"', 'branch_code: "１０１"', 12, "customers[0].accounts[0].branch_code", "3 digits", "１０１"),
    ('"01"\n', '"11"\n', 14, "customers[0].accounts[0].type_code", "one of 01, 02", "'11'"),
    ('"0012345"', '"12345"', 15, "customers[0].accounts[0].number", "7 digits", "'12345'"),
    ("primary: true", "primary: false", 12, "customers[0].accounts", "exactly one account with primary", "none"),
    ("ﾐﾎﾝｼﾖｳｼﾞ(ｶ", "ミホンショウジ", 18, "customers[0].accounts[0].name_kana", "half-width", "ミホン"),
    ("2019-04-01", "2019-02-29", 19, "customers[0].accounts[0].opened_on", "a date such as", "2019-02-29"),
    ("2019-04-01", "2026-03-30", 4, "customers", "opened before its first deposit", "opened_on 2026-03-30"),
    ("10_000", '"10000"', 20, "customers[0].accounts[0].opening_balance_yen", "a whole number", "a text"),
    ("10_000", "1_00_00", 20, "customers[0].accounts[0].opening_balance_yen", "a whole number", "1_00_00"),
    ("10_000", "-1", 20, "customers[0].accounts[0].opening_balance_yen", "a whole number from 0", "-1"),
    ("10_000", "10.5", 20, "customers[0].accounts[0].opening_balance_yen", "a whole number", "fraction: '10.5'"),
    ("10_000", "010", 20, "customers[0].accounts[0].opening_balance_yen", "a whole number", "010"),
    ("5_000_000", "500_000_001", 21, "customers[0].accounts[0].transfer_limit_yen", "to 500000000", "500_000_001"),
    ("days_ago: 3", "days_ago: 0", 23, "customers[0].accounts[0].past_deposits[0].days_ago", "from 1", "'0'"),
    ('"10:15"', '"25:15"', 23, "customers[0].accounts[0].past_deposits[0].time", 'such as "10:15"', "25:15"),
    ("amount_yen: 700", "amount: 700", 23, "customers[0].accounts[0].past_deposits[0].amount", "one of", "'amount'"),
    ("customers:", "customers: {}", 3, "", "one YAML document", ""),
    ("    name: 見本商事株式会社\n    kind", "\tname: x\n    kind", 5, "", "one YAML document", ""),
]


@pytest.mark.parametrize(("old", "new", "line", "field", "expected", "came"), BROKEN)
def test_a_fault_is_told_with_file_line_field_what_was_expected_and_what_came(old, new, line, field, expected, came):
    assert old in RIGHT

    with pytest.raises(ScenarioError) as fault:
        parse_scenario(RIGHT.replace(old, new, 1), name="mine", file="mine.yaml")

    message = str(fault.value)
    assert message.startswith(f"mine.yaml, line {fault.value.line}: ")
    if field:
        assert (fault.value.line, fault.value.field) == (line, field)
        assert f" {field}: expected" in message
    assert expected in message
    assert came in message.partition("came")[2]


def test_a_password_with_a_fault_is_not_shown():
    with pytest.raises(ScenarioError) as fault:
        parse_scenario(RIGHT.replace('"password-2"', '"geheim"'), name="mine", file="mine.yaml")

    assert fault.value.field == "customers[0].logins[0].transaction_password"
    assert "geheim" not in str(fault.value)
    assert "8 to 64" in str(fault.value)


@pytest.mark.parametrize(
    ("text", "line"), [("", 1), ("- a\n", 1), ("a\n", 1), ("title: x\n---\ntitle: y\n", 2), ("title: [\n", 2)]
)
def test_a_file_that_is_no_mapping_is_refused(text, line):
    with pytest.raises(ScenarioError) as fault:
        parse_scenario(text, name="mine", file="mine.yaml")

    assert fault.value.line == line


@pytest.mark.parametrize("what", ["customer_id", "login_id", "account"])
def test_ids_are_used_once(what):
    start = RIGHT.index("  - customer_id")
    second = RIGHT[start:]
    if what != "customer_id":
        second = second.replace("customer_id: c1", "customer_id: c2")
    if what != "login_id":
        second = second.replace("login_id: c1", "login_id: c2")
    if what != "account":
        second = second.replace("0012345", "0012346")

    with pytest.raises(ScenarioError, match=f"every {what} once"):
        parse_scenario(RIGHT + second, name="mine", file="mine.yaml")


def test_a_right_file_becomes_values():
    scenario = parse_scenario(RIGHT, name="mine", file="mine.yaml")

    account = scenario.customers[0].accounts[0]
    assert scenario.clock_start == START
    assert account.account_id == "101010012345"
    assert account.opened_on == date(2019, 4, 1)
    assert account.balance_yen == 10_700
    assert account.past_deposits[0].instant(START) == datetime(2026, 3, 29, 1, 15, tzinfo=UTC)
    assert scenario.logins["c1"].password.matches("password-1")
    assert "password-1" not in repr(scenario)


def test_a_past_deposit_counts_japanese_days_even_when_it_is_yesterday_in_utc():
    deposit = parse_scenario(RIGHT, name="m", file="m").customers[0].accounts[0].past_deposits[0]

    just_after_midnight_in_japan = datetime(2026, 3, 31, 15, 0, 1, tzinfo=UTC)

    assert deposit.instant(just_after_midnight_in_japan) == datetime(2026, 3, 29, 1, 15, tzinfo=UTC)


def test_every_packaged_scenario_loads_and_has_one_line():
    listed = names()

    assert "corporate" in dict(listed)
    for name, title in listed:
        assert load_scenario(name).title == title
        assert "\n" not in title


def test_the_default_scenario_is_one_company_with_two_accounts():
    scenario = load_scenario("corporate")

    (customer,) = scenario.customers
    assert (customer.confirmation_required, customer.business_id_management) == (True, False)
    assert [account.type_code for account in customer.accounts] == ["01", "02"]
    assert [account.balance_yen for account in customer.accounts] == [10_000_000, 1_000_000]
    assert [account.transfer_limit_yen for account in customer.accounts] == [5_000_000, 5_000_000]
    assert scenario.logins.keys() == {customer.customer_id}


def test_a_users_own_file_is_loaded_by_path(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(RIGHT, encoding="utf-8")

    assert load_scenario(str(path)).name == "mine"


def test_a_missing_file_an_unreadable_one_and_an_unknown_name_are_told(tmp_path):
    unreadable = tmp_path / "latin.yaml"
    unreadable.write_bytes(b"title: \xff")

    for asked, told in (
        (str(tmp_path / "none.yaml"), "there is no such file"),
        (str(unreadable), "UTF-8"),
        (f"{tmp_path}/", "readable"),
        ("corporation", "one of .*corporate"),
    ):
        with pytest.raises(ScenarioError, match=told):
            load_scenario(asked)


def test_a_customer_may_be_without_virtual_accounts_or_be_a_partner_company() -> None:
    extra = "    virtual_accounts_enabled: false\n    va_partner_keys:\n      - {auth_key: A1, customer_id: c1}\n"
    text = RIGHT.replace("    logins:\n", extra + "    logins:\n")

    (customer,) = parse_scenario(text, name="right", file="right.yaml").customers

    assert not customer.virtual_accounts_enabled
    assert [(key.reveal(), acted_for) for key, acted_for in customer.va_partner_keys] == [("A1", "c1")]
    assert "A1" not in repr(customer)


def test_a_partner_company_acts_for_customers_of_the_file_only() -> None:
    keys = "    va_partner_keys: [{auth_key: A1, customer_id: c2}]\n    logins:\n"

    with pytest.raises(ScenarioError, match="a key for 'c2'"):
        parse_scenario(RIGHT.replace("    logins:\n", keys), name="wrong", file="wrong.yaml")


def test_a_partner_company_acts_for_no_individual() -> None:
    keys = "    va_partner_keys: [{auth_key: A1, customer_id: c1}]\n    logins:\n"
    individual = RIGHT.replace("kind: corporation", "kind: individual").replace("    logins:\n", keys)

    with pytest.raises(ScenarioError, match="keys for corporations and sole proprietors of this file"):
        parse_scenario(individual, name="wrong", file="wrong.yaml")


def test_a_persons_name_may_come_in_two_parts() -> None:
    parts = "kind: sole_proprietor\n    family_name_kana: ﾐﾎﾝ\n    given_name_kana: ﾀﾛｳ"
    customer = parse_scenario(RIGHT.replace("kind: corporation", parts), name="m", file="m").customers[0]
    assert (customer.kind, customer.family_name_kana, customer.given_name_kana) == ("sole_proprietor", "ﾐﾎﾝ", "ﾀﾛｳ")


@pytest.mark.parametrize(
    ("old", "new", "field", "expected"),
    [
        ("kind: corporation", "kind: sole_proprietor", "kind", "family_name_kana and given_name_kana"),
        (
            "kind: corporation",
            "kind: sole_proprietor\n    family_name_kana: ﾐﾎﾝ",
            "kind",
            "family_name_kana and given_name_kana",
        ),
        (
            "kind: corporation\n    confirmation_required: true\n    business_id_management: false",
            "kind: individual\n    confirmation_required: true\n    business_id_management: true",
            "business_id_management",
            "false, but for a corporation",
        ),
    ],
)
def test_a_person_is_described_as_the_bank_knows_persons(old: str, new: str, field: str, expected: str) -> None:
    assert old in RIGHT

    with pytest.raises(ScenarioError, match=expected) as fault:
        parse_scenario(RIGHT.replace(old, new), name="mine", file="mine.yaml")

    assert fault.value.field == f"customers[0].{field}"
