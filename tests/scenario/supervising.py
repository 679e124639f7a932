"""What the stories of supervision share: an operator's calls, and a backup of every table."""

from typing import Any

from sqlalchemy import delete, insert, select

from integrator import companies
from integrator.companies import NewKey, Role
from integrator.store.schema import metadata
from tests.builders import COMPANY_ID, make_new_text
from tests.world import World

Backup = dict[str, list[dict[str, Any]]]


class Operator:
    """A person with an operator key."""

    def __init__(self, world: World, *, seed: int = 99) -> None:
        self._world = world
        wanted = NewKey(role=Role.OPERATOR, company_id=None, name="operator")
        key, _ = companies.create_key(world.db, wanted, at=world.clock.now(), new_text=make_new_text(seed))
        self._key = key.reveal()
        world.secrets_seen.add(self._key)

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Call the integrator; returns the response."""
        return self._world.web_app.test_client().open(
            path, method=method, headers={"Authorization": f"Bearer {self._key}"}, json=body
        )

    def stop(self, company_id: str | None = None) -> Any:
        scope = {} if company_id is None else {"company_id": company_id}
        return self.call("POST", "/v1/payout-stops", {**scope, "reason": "不審な依頼", "by": "担当者A"})

    def resume(self, company_id: str | None = None) -> Any:
        scope = {} if company_id is None else {"company_id": company_id}
        return self.call("POST", "/v1/payout-stops/resume", {**scope, "reason": "確認済み", "by": "担当者B"})

    def differences(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("GET", f"/v1/companies/{COMPANY_ID}/differences").json["differences"]
        return found

    def reconciliations(self) -> list[dict[str, Any]]:
        answer = self.call("GET", f"/v1/companies/{COMPANY_ID}/reconciliations").json
        found: list[dict[str, Any]] = answer["reconciliations"]
        return found

    def doubts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("GET", f"/v1/companies/{COMPANY_ID}/doubts").json["doubts"]
        return found

    def decide(self, payout_id: str, outcome: str, source: str = "bank_staff") -> Any:
        body = {"outcome": outcome, "source": source, "reason": "銀行に確認した", "by": "担当者A"}
        return self.call("POST", f"/v1/companies/{COMPANY_ID}/payouts/{payout_id}/decision", body)


def take_backup(world: World) -> Backup:
    """Return every row of every table."""
    with world.db.read() as tx:
        return {
            table.name: [dict(row._mapping) for row in tx.execute(select(table))] for table in metadata.sorted_tables
        }


def restore_backup(world: World, backup: Backup) -> None:
    """Put every table back to what it was; what came after is gone."""
    with world.db.begin() as tx:
        for table in reversed(metadata.sorted_tables):
            tx.execute(delete(table))
        for table in metadata.sorted_tables:
            if backup[table.name]:
                tx.execute(insert(table), backup[table.name])
