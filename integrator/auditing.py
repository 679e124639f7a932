"""Keeping the audit's chains: rows are chained soon after they were written, and checked on demand."""

from collections.abc import Callable

from integrator.domain.audit import Broken, first_broken
from integrator.store import audit
from integrator.store.audit import Head
from integrator.store.database import Database

CHAIN_SECONDS = 15.0  # a row waits about so long for its place, while a worker runs
CHAINS_AT_ONCE = 20


class Chainer:
    """One process's part in it. `machine` counts real seconds."""

    def __init__(self, db: Database, machine: Callable[[], float]) -> None:
        self._db = db
        self._machine = machine
        self._quiet_until = 0.0

    def chain_some(self) -> bool:
        """Chain what waits. False when nothing waits, or it was looked for just now."""
        if self._machine() < self._quiet_until:
            return False
        with self._db.read() as tx:
            chains = audit.find_unchained(tx, limit=CHAINS_AT_ONCE)
        if len(chains) < CHAINS_AT_ONCE:
            self._quiet_until = self._machine() + CHAIN_SECONDS
        if not chains:
            return False
        with self._db.begin() as tx:
            for chain in chains:  # in the order of their names, so that two processes never wait for one another
                audit.chain_rows(tx, chain)
        return True


def chain_all(db: Database) -> None:
    """Chain every row that is committed now."""
    while True:
        with db.read() as tx:
            chains = audit.find_unchained(tx, limit=1)
        if not chains:
            return
        with db.begin() as tx:
            audit.chain_rows(tx, chains[0])


def verify(db: Database, company_id: str | None = None) -> tuple[list[Head], list[Broken]]:
    """Check every chain, or one, and return (heads of those that hold, first broken row of those that do not)."""
    chain_all(db)
    good: list[Head] = []
    broken: list[Broken] = []
    with db.read() as tx:
        heads = {head.chain: head for head in audit.heads(tx)}
        for chain in sorted({*heads, *audit.chains_with_rows(tx)}):
            if company_id not in (None, chain):
                continue
            head = heads.get(chain)
            stored = ((row.entry, row.previous_hash, row.hash) for row in audit.rows_of(tx, chain))
            found = first_broken(chain, stored, head=None if head is None else (head.number, head.hash))
            if found is not None:
                broken.append(found)
            elif head is not None:
                good.append(head)
    return good, broken
