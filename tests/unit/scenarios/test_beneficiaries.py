"""The beneficiary directory in scenario files, on the command line and at the control surface."""

import pytest
from click.testing import CliRunner

from mock_gmo.__main__ import main
from mock_gmo.app import worlds_of
from mock_gmo.bank.beneficiaries import Beneficiary, Conduct
from mock_gmo.bank.rules import BankRules
from mock_gmo.directory import ZenginDirectory
from mock_gmo.outcomes import outcome, width
from mock_gmo.scenarios.beneficiaries import standard_beneficiaries
from mock_gmo.scenarios.loader import ScenarioError, load_scenario, names, parse_scenario
from tests.unit.gateway.calling import ACCOUNT_ID, Caller, make_caller, make_line, make_order
from tests.unit.scenarios.test_scenario_files import RIGHT

OWN = """\
beneficiaries:
  - {bank_code: "0398", branch_code: "111", account_type: "1", account_number: "9000009",
     name_kana: ﾐﾎﾝ, conduct: closed}
"""
FIRST = standard_beneficiaries()[0]
REPLACED = f"""\
standard_beneficiaries: true
beneficiaries:
  - bank_code: "{FIRST.bank_code}"
    branch_code: "{FIRST.branch_code}"
    account_type: "{FIRST.account_type}"
    account_number: "{FIRST.account_number}"
    name_kana: ﾐﾎﾝ
    conduct: slow
    after_seconds: 5
"""


def listed(text: str) -> tuple[Beneficiary, ...]:
    return parse_scenario(RIGHT + text, name="mine", file="mine.yaml").beneficiaries


def test_a_scenario_without_the_member_lists_nobody() -> None:
    assert listed("") == listed("standard_beneficiaries: false\n") == ()


def test_a_scenario_takes_the_standard_ones_over_beside_its_own() -> None:
    own = Beneficiary("0398", "111", "1", "9000009", "ﾐﾎﾝ", Conduct.CLOSED)

    assert listed(OWN) == (own,)
    assert listed("standard_beneficiaries: true\n") == standard_beneficiaries()
    assert listed("standard_beneficiaries: true\n" + OWN) == (*standard_beneficiaries(), own)


def test_an_own_entry_takes_the_place_of_a_standard_one() -> None:
    first, *rest = listed(REPLACED)

    assert (first.account, first.conduct, first.after_seconds) == (FIRST.account, Conduct.SLOW, 5)
    assert tuple(rest) == standard_beneficiaries()[1:]


def test_the_standard_ones_show_every_conduct_at_branches_that_exist() -> None:
    directory = ZenginDirectory()

    assert {beneficiary.conduct for beneficiary in standard_beneficiaries()} == set(Conduct)
    for name, _ in names():
        for beneficiary in load_scenario(name).beneficiaries:
            assert directory.find_branch(beneficiary.bank_code, beneficiary.branch_code) is not None, beneficiary


@pytest.mark.parametrize(
    ("old", "new", "field", "expected"),
    [
        ('"0398"', '"0310"', "beneficiaries[0].bank_code", "another bank"),
        ('"0398"', "398", "beneficiaries[0].bank_code", "4 digits"),
        ('"111"', '"11"', "beneficiaries[0].branch_code", "3 digits"),
        ('account_type: "1"', 'account_type: "3"', "beneficiaries[0].account_type", "one of 1, 2, 4, 9"),
        ('"9000009"', '"900009"', "beneficiaries[0].account_number", "7 digits"),
        ("ﾐﾎﾝ", "見本", "beneficiaries[0].name_kana", "characters that transfers carry"),
        ("closed}", "broken}", "beneficiaries[0].conduct", "one of takes, slow, refuses, closed"),
        ("closed}", "closed, after_seconds: -1}", "beneficiaries[0].after_seconds", "from 0"),
        ("closed}", "takes, after_seconds: 5}", "beneficiaries[0].after_seconds", "conduct slow beside it"),
        (", conduct: closed", "", "beneficiaries[0]", "the member 'conduct'"),
    ],
)
def test_a_fault_in_an_entry_is_told_with_its_place(old: str, new: str, field: str, expected: str) -> None:
    assert old in OWN

    with pytest.raises(ScenarioError) as fault:
        listed(OWN.replace(old, new, 1))
    assert fault.value.field == field
    assert expected in str(fault.value)


def test_an_account_is_listed_once_in_a_file() -> None:
    with pytest.raises(ScenarioError, match="every account once, came 0398-111-1-9000009 again"):
        listed(OWN + OWN.partition("\n")[2])


def test_the_command_prints_the_directory_in_columns_that_stand_below_each_other() -> None:
    printed = CliRunner().invoke(main, ["beneficiaries"])

    assert printed.exit_code == 0
    heading, *rows = printed.output.splitlines()
    entries = load_scenario("corporate").beneficiaries
    assert len(rows) == len(entries)
    column = width(heading[: heading.index("conduct")])
    for row, beneficiary in zip(rows, entries, strict=True):
        before, _, after = row.partition(f"  {beneficiary.conduct.value} ")
        assert width(before) + 2 == column, row
        assert after.strip() == " / ".join(outcome(beneficiary, BankRules()))


def test_the_command_names_a_scenario_that_does_not_exist() -> None:
    refused = CliRunner().invoke(main, ["beneficiaries", "--scenario", "nowhere"])

    assert refused.exit_code == 2
    assert "came 'nowhere'" in refused.output


def test_what_happens_is_told_for_every_conduct_with_its_own_time_or_that_of_the_rules() -> None:
    rules = BankRules(funds_return_seconds=7_200, recall_answer_seconds=60)
    told = {
        (beneficiary.conduct, beneficiary.after_seconds): outcome(beneficiary, rules)
        for conduct in Conduct
        for after_seconds in ((None,) if conduct is Conduct.TAKES else (None, 5))
        for beneficiary in (Beneficiary("0398", "111", "1", "9000009", "ﾐﾎﾝ", conduct, after_seconds),)
    }

    assert told[Conduct.TAKES, None] == ("30秒後に手続済", "settled after 30 s")
    assert told[Conduct.SLOW, None] == ("翌営業日09:00に手続済", "settled on the next business day at 09:00")
    assert told[Conduct.SLOW, 5] == ("5秒後に手続済", "settled 5 s after the debit")
    assert "7,200秒後に資金返却" in told[Conduct.CLOSED, None][0]
    assert "5 s after the settlement" in told[Conduct.NAME_DIFFERS, 5][1]
    assert "60秒後に組戻済" in told[Conduct.AGREES_RECALL, None][0]
    assert "refused 5 s after" in told[Conduct.REFUSES_RECALL, 5][1]
    assert "5 s after the debit" in told[Conduct.REFUSES, 5][1]


@pytest.fixture
def caller() -> Caller:
    return make_caller()


def state_of(caller: Caller, apply_no: str) -> str:
    reply = caller.get(f"/transfer/status?accountId={ACCOUNT_ID}&queryKeyClass=1&applyNo={apply_no}").json
    return str(reply["transferDetails"][0]["transferStatus"])


def test_the_control_surface_tells_what_will_happen_and_it_happens(caller: Caller) -> None:
    told = caller.control("GET", "/beneficiaries").json["beneficiaries"]
    closed = next(it for it in told if it["bank_code"] == "0398" and it["conduct"] == "closed")

    place = {"beneficiaryBankCode": "0398", "beneficiaryBranchCode": "111"}
    line = make_line(**place, accountNumber=closed["account_number"], beneficiaryName=closed["name"])
    apply_no = caller.post("/transfer/request", make_order(transfers=[line])).json["applyNo"]
    caller.control("POST", f"/transfers/{apply_no}/confirm", {})
    caller.control("POST", "/clock", {"advance_seconds": 30})

    assert "資金返却" in closed["outcome_ja"]
    assert (closed["bank_name"], closed["branch_name"], closed["after_seconds"]) == ("あおぞら銀行", "本店", 0)
    assert state_of(caller, apply_no) == "22"


def test_a_fork_goes_on_with_the_answers_that_are_expected(caller: Caller) -> None:
    place = {"beneficiaryBankCode": "0398", "beneficiaryBranchCode": "111"}
    line = make_line(**place, accountNumber="9000020", beneficiaryName="ｻﾝﾌﾟﾙ ﾀﾛｳ")
    apply_no = caller.post("/transfer/request", make_order(transfers=[line])).json["applyNo"]
    caller.control("POST", f"/transfers/{apply_no}/confirm", {})
    fork = worlds_of(caller.app).fork(caller.world, "fork")

    fork.clock.advance(30)
    fork.tick()

    assert [payment.status.code for payment in fork.bank.payments()] == ["40"]
    assert fork.bank.outside.beneficiaries() == caller.world.bank.outside.beneficiaries()
    assert state_of(caller, apply_no) == "12"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"trigger": "COULD_NOT_CREDIT"}, "answers at such a time"),
        ({"trigger": "DAY_CAME"}, "answers at such a time"),
        ({"item_ids": ["2"]}, "lines of an application of this snapshot"),
        ({"apply_no": "2026040100000099"}, "lines of an application of this snapshot"),
    ],
)
def test_a_snapshot_with_an_answer_that_nobody_can_give_is_refused(
    caller: Caller, change: dict[str, object], expected: str
) -> None:
    apply_no = caller.post("/transfer/request", make_order()).json["applyNo"]
    caller.control("POST", f"/transfers/{apply_no}/confirm", {})
    snapshot = caller.control("GET", "/snapshot").json
    (answer,) = [due[3] for due in snapshot["bank"]["agenda"]["heap"] if due[1] == "SETTLEMENT"]
    assert answer == {"apply_no": apply_no, "item_ids": ["1"], "trigger": "CREDITED"}

    answer.update(change)
    refused = caller.control("PUT", "/snapshot", snapshot)

    assert refused.status_code == 400
    assert expected in refused.json["error"]["message_en"]


def test_a_snapshot_lists_every_beneficiary_under_its_own_account(caller: Caller) -> None:
    snapshot = caller.control("GET", "/snapshot").json
    listed_by_account = snapshot["bank"]["beneficiaries"]
    listed_by_account["0398-111-1-0000000"] = listed_by_account.pop("0398-111-1-9000021")

    refused = caller.control("PUT", "/snapshot", snapshot)

    assert refused.status_code == 400
    assert "an object under its own id" in refused.json["error"]["message_en"]
