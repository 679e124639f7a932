"""Real workers, killed at the fail point between sending an order and recording how it ended: all is paid once."""

from pathlib import Path

import pytest

from integrator.effects import FailPoint, FailsAt
from integrator.settings import SettingsError, read_worker_settings
from tests.unit.integrator_settings.test_settings import PRODUCTION, WORKER
from tools.storm import Plan, blow, let_leases_lapse
from tools.storm_field import ask_the_web, prepared_field, take_payouts

FIRMS = 8
PAYOUTS_EACH = 4
# One thread each: whoever is killed holds one company's payouts, and the others are still to be had.
PLAN = Plan(
    workers=2, kills=4, kills_in_call=3, seed=20260401, seconds_between=1.0, visits_max=1, seconds_max=90.0, threads=1
)
SECRETS = ("st0rm000", "Bearer ", "postgresql+psycopg", "1234567", "ﾔﾏﾀﾞ", "ヤマダ")


def test_workers_killed_between_sending_and_recording_pay_everything_once(
    migrated_postgres_url: str, tmp_path: Path
) -> None:
    with prepared_field(FIRMS, database_url=migrated_postgres_url, folder=tmp_path) as field:
        ask_the_web(field, 0, folder=tmp_path)
        take_payouts(field, range(1, PAYOUTS_EACH))
        field.set_rate(20)
        damage = blow(field, PLAN, folder=tmp_path, payouts_each=PAYOUTS_EACH, on_calm=lambda: let_leases_lapse(field))

    assert (damage.paid_twice, damage.lost, damage.open, damage.refused_for_limit) == (0, 0, 0, 0)
    assert damage.kills >= PLAN.kills
    assert damage.kills_in_call >= PLAN.kills_in_call
    said = "".join(path.read_text(encoding="utf-8") for path in tmp_path.glob("w*.log"))
    assert said.count('"worker.fail_point"') == damage.kills_in_call
    assert "Traceback" not in said
    assert [secret for secret in SECRETS if secret in said] == []


def test_a_worker_ends_at_its_fail_point_at_that_visit_and_nowhere_else() -> None:
    ended: list[int] = []
    passed: list[str] = []
    checkpoints = FailsAt(FailPoint("requestTransfer.sent", 2), end=lambda: ended.append(len(passed)))

    for point in ("requestTransfer.sent", "bank.after", "requestTransfer.sent", "requestTransfer.sent"):
        checkpoints.reached(point)
        passed.append(point)

    assert ended == [2]


def test_only_the_environment_local_has_fail_points() -> None:
    named = {"INTEGRATOR_FAIL_POINT": "requestTransfer.sent:3"}

    assert read_worker_settings({**WORKER, **named}).fail_point == FailPoint("requestTransfer.sent", 3)
    assert read_worker_settings(WORKER).fail_point is None
    with pytest.raises(SettingsError, match="INTEGRATOR_FAIL_POINT: a worker of the environment production never ends"):
        read_worker_settings({**WORKER, **PRODUCTION, **named})


@pytest.mark.parametrize("text", ["", "requestTransfer.sent", "requestTransfer.sent:0", "anywhere:1", "sleep:1 "])
def test_a_fail_point_that_cannot_be_read_stops_the_worker_by_name(text: str) -> None:
    with pytest.raises(SettingsError, match=r"INTEGRATOR_FAIL_POINT: .* is no fail point"):
        read_worker_settings({**WORKER, "INTEGRATOR_FAIL_POINT": text})
