"""Who may touch what on PostgreSQL: three roles with least privilege, as one literal table. SQLite has no roles.

The roles cannot log in. Accounts are made members by whoever runs the server: CREATE USER … IN ROLE ….
"""

from dataclasses import dataclass

from sqlalchemy import Connection, inspect

from integrator.store.database import Database
from integrator.store.rewriting import MAINTAIN_SINCE, SEALED_TABLES
from integrator.store.schema import metadata
from integrator.store.seals import PLACES

WEB, WORKER, PURGE = "web", "worker", "purge"
ROLES = (WEB, WORKER, PURGE)
Rights = frozenset[str]

READ, ADD, CHANGE, REMOVE = "SELECT", "INSERT", "UPDATE", "DELETE"
ALL = frozenset({READ, ADD, CHANGE, REMOVE})
GROW = frozenset({READ, ADD})
KEEP = frozenset({READ, ADD, CHANGE})
LOOK = frozenset({READ})
NOTHING: Rights = frozenset()

# (web, worker, purge). Of tables with sealed columns, the web and the purge read every column but those.
ACCESS: dict[str, tuple[Rights, Rights, Rights]] = {
    "alembic_version": (LOOK, LOOK, LOOK),
    "api_keys": (KEEP, NOTHING, NOTHING),
    "audit_heads": (LOOK, KEEP, NOTHING),
    "audit_rows": (GROW, KEEP, NOTHING),
    "callback_secrets": (ALL, ALL, frozenset({READ, REMOVE})),
    "callbacks": (ALL, KEEP, NOTHING),
    "chores": (NOTHING, KEEP, KEEP),
    "companies": (KEEP, frozenset({READ, CHANGE}), LOOK),
    "connections": (LOOK, KEEP, frozenset({READ, CHANGE})),
    "consent_requests": (ALL, frozenset({READ, REMOVE}), frozenset({READ, REMOVE})),
    "counters": (LOOK, KEEP, NOTHING),
    "deliveries": (ALL, ALL, NOTHING),
    "differences": (KEEP, KEEP, NOTHING),
    "events": (KEEP, KEEP, NOTHING),
    "found_orders": (KEEP, ALL, NOTHING),
    "gate_slots": (LOOK, KEEP, NOTHING),
    "gate_waits": (LOOK, ALL, NOTHING),
    "installation": (frozenset({READ, CHANGE}), frozenset({READ, CHANGE}), frozenset({READ, CHANGE})),
    "jobs": (ALL, ALL, frozenset({READ, REMOVE})),
    "login_failures": (ALL, NOTHING, NOTHING),
    "operator_sessions": (ALL, NOTHING, NOTHING),
    "operators": (KEEP, NOTHING, NOTHING),
    "payout_history": (GROW, GROW, NOTHING),
    "payout_stops": (ALL, ALL, NOTHING),
    "payouts": (KEEP, KEEP, NOTHING),
    "reconciliations": (GROW, KEEP, NOTHING),
    "restores": (LOOK, KEEP, NOTHING),
    "submission_lines": (KEEP, ALL, NOTHING),
    "submissions": (KEEP, ALL, NOTHING),
    "workers": (LOOK, ALL, NOTHING),
}
SEALED_COLUMNS = {(place.table.name, place.column) for place in PLACES}
_CHANGEABLE = {  # of these tables a role changes nothing but
    ("companies", WEB): ("name",),  # who pulls events holds the company's row, which needs the right to change it
    ("installation", WEB): ("environment",),
    ("installation", PURGE): ("environment",),
    ("connections", PURGE): ("sealed_access_token", "sealed_refresh_token", "state", "refresh_owner", "refresh_until"),
}


@dataclass(frozen=True, slots=True)
class RoleNames:
    """Roles belong to a whole server, so those of one environment bear its name."""

    environment: str

    def of(self, role: str) -> str:
        """Return a role's name at the server."""
        return f"integrator_{self.environment}_{role}"


def grant_roles(db: Database, names: RoleNames) -> list[str]:
    """Make the roles that are missing and give each exactly its rights; earlier ones are taken away first.

    Returns the statements that were run. Raises ProgrammingError when the connected role may not.
    """
    with db.begin() as tx:
        done = []
        for statement in _statements(tx, names):
            tx.exec_driver_sql(statement)
            done.append(statement)
    return done


def _statements(tx: Connection, names: RoleNames) -> list[str]:
    known = set(tx.exec_driver_sql("SELECT rolname FROM pg_roles").scalars())
    tables = sorted(set(inspect(tx).get_table_names()) & set(ACCESS))
    database, schema = (tx.exec_driver_sql(f"SELECT quote_ident({what})").scalar_one() for what in _PLACE)
    can_maintain = int(tx.exec_driver_sql("SHOW server_version_num").scalar_one()) >= MAINTAIN_SINCE
    is_superuser = tx.exec_driver_sql("SHOW is_superuser").scalar_one() == "on"
    found = [f"REVOKE ALL ON DATABASE {database} FROM PUBLIC", f"REVOKE ALL ON SCHEMA {schema} FROM PUBLIC"]
    for number, role in enumerate(ROLES):
        name = names.of(role)
        if name not in known:
            found.append(f"CREATE ROLE {name} NOLOGIN")
        found += [
            f"GRANT CONNECT ON DATABASE {database} TO {name}",
            f"GRANT USAGE ON SCHEMA {schema} TO {name}",
            f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {name}",
        ]
        for table in tables:
            found += _grants(table, role, ACCESS[table][number], name)
            if can_maintain and role != WEB and table in SEALED_TABLES:
                found.append(f"GRANT MAINTAIN ON {table} TO {name}")
        if role != WEB and is_superuser:
            found += [f"GRANT EXECUTE ON FUNCTION pg_switch_wal() TO {name}", f"GRANT pg_checkpoint TO {name}"]
        if role != PURGE:
            found.append(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {name}")
    return found


_PLACE = ("current_database()", "current_schema()")


def _grants(table: str, role: str, rights: Rights, name: str) -> list[str]:
    found = []
    for right in sorted(rights):
        columns = _columns(table, role, right)
        found.append(f"GRANT {right}{'' if columns is None else f' ({columns})'} ON {table} TO {name}")
    return found


def _columns(table: str, role: str, right: str) -> str | None:
    if right == CHANGE and (table, role) in _CHANGEABLE:
        return ", ".join(_CHANGEABLE[table, role])
    if right != READ or role == WORKER or table not in {sealed for sealed, _ in SEALED_COLUMNS}:
        return None
    columns = [column.name for column in metadata.tables[table].columns]
    return ", ".join(name for name in columns if (table, name) not in SEALED_COLUMNS)
