"""What happened between two snapshots, as a person reads it."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mock_gmo.__main__ import main
from mock_gmo.app import worlds_of
from mock_gmo.snapshots.codec import SnapshotError
from mock_gmo.snapshots.diff import diff_snapshots
from tests.unit.gateway.calling import ACCOUNT_ID, TOKEN_URL, Caller, make_caller, make_order, token_form


@pytest.fixture
def caller() -> Caller:
    return make_caller()


def snapshots_of_a_payment(caller: Caller) -> tuple[str, dict[str, Any], dict[str, Any]]:
    apply_no = caller.post("/transfer/request", make_order()).json["applyNo"]
    before = caller.world.snapshot()
    caller.control("POST", f"/transfers/{apply_no}/confirm")
    caller.control("POST", "/clock", {"advance_seconds": 30})
    return apply_no, before, caller.world.snapshot()


def test_a_payment_is_told_by_its_postings_balances_and_states(caller: Caller) -> None:
    apply_no, before, after = snapshots_of_a_payment(caller)

    diff = diff_snapshots(before, after)

    assert [change.line() for change in diff.postings] == [
        f"+ 2026-04-01 12:00:00 TRANSFER  {apply_no}/1  {ACCOUNT_ID} -10,000, settlement +10,000",
        f"+ 2026-04-01 12:00:00 TRANSFER_FEE  {apply_no}/1  {ACCOUNT_ID} -143, fees +143",
        f"+ 2026-04-01 12:00:30 SETTLEMENT  {apply_no}/1  settlement -10,000, outside +10,000",
    ]
    assert [change.line() for change in diff.balances] == [
        f"~ {ACCOUNT_ID}  10,000,000 → 9,989,857 (-10,143)",
        "~ fees  0 → 143 (+143)",
        "~ outside  -11,000,000 → -10,990,000 (+10,000)",
    ]
    assert [change.line() for change in diff.transfers] == [
        f"~ {apply_no}/1  依頼中 → 手続済",
        f"~ {apply_no} request  transfer WAITING → transfer DONE",
    ]
    assert diff.tokens == ()


def test_a_snapshot_does_not_differ_from_itself(caller: Caller) -> None:
    snapshot = caller.world.snapshot()

    diff = diff_snapshots(snapshot, json.loads(json.dumps(snapshot)))

    assert diff.is_empty
    assert list(diff.lines()) == []


def test_two_forks_are_told_from_where_they_part(caller: Caller) -> None:
    caller.post("/transfer/request", make_order())
    worlds = worlds_of(caller.app)
    forks = [worlds.fork(caller.world) for _ in range(2)]
    for fork, yen in zip(forks, (1, 2), strict=True):
        fork.bank.outside.deposit(ACCOUNT_ID, amount_yen=yen, remitter_name="ﾃｽﾄ", at=fork.clock.now())

    diff = diff_snapshots(*(fork.snapshot() for fork in forks))

    assert [change.sign for change in diff.postings] == ["-", "+"]
    assert diff.transfers == ()


def test_tokens_are_told_without_being_given_away(caller: Caller) -> None:
    tokens = caller.new_token()
    before = caller.world.snapshot()
    form = token_form(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    fresh = caller.client.post(TOKEN_URL, data=form).json
    diff = diff_snapshots(before, caller.world.snapshot())

    told = "\n".join(diff.lines())

    assert [(change.sign, change.subject.split()[0]) for change in diff.tokens] == [
        ("~", "access"), ("+", "access"), ("~", "refresh"), ("+", "refresh"),
    ]  # fmt: skip
    assert "→ revoked" in told
    for text in (*tokens.values(), *fresh.values()):
        if isinstance(text, str) and len(text) == 32:
            assert text not in told
            assert text[:4] in told


def test_the_command_tells_the_difference_of_two_files(caller: Caller, tmp_path: Path) -> None:
    _, before, after = snapshots_of_a_payment(caller)
    paths = []
    for name, snapshot in (("a.json", before), ("b.json", after)):
        (tmp_path / name).write_text(json.dumps(snapshot), encoding="utf-8")
        paths.append(str(tmp_path / name))

    done = CliRunner().invoke(main, ["diff", *paths])

    assert done.exit_code == 0
    assert done.output.splitlines()[0] == "postings (3)"
    assert "依頼中 → 手続済" in done.output
    assert CliRunner().invoke(main, ["diff", paths[0], paths[0]]).output == ""


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format":"mock-gmo-snapshot","version":1}', "\x80"])
def test_the_command_refuses_what_is_no_snapshot(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content.encode("latin-1"))

    done = CliRunner().invoke(main, ["diff", str(path), str(path)])

    assert done.exit_code == 2


def test_half_a_snapshot_is_refused_with_its_place(caller: Caller) -> None:
    snapshot = caller.world.snapshot()

    with pytest.raises(SnapshotError, match="/bank/postings"):
        diff_snapshots(snapshot, {**snapshot, "bank": {}})
