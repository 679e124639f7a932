"""The runbook names only what is there, and every alarm that is there."""

import ast
import re
from pathlib import Path

from integrator.effects import NoCheckpoints
from integrator.logs import FACT
from integrator.store.database import Database
from integrator.store.migrate import migrate
from tests.unit.house_rules.test_log_events import logged
from tests.unit.integrator_web.web_side import WebSide

RUNBOOK = Path(__file__).resolve().parents[2] / "docs" / "runbook.md"
WHOLE_LINES = {"bank.called", "http.answered"}  # logged as JSON of their own
EVENT = re.compile(r"`([a-z]+\.[a-z_]+)`")
FIGURE = re.compile(r"`(integrator_[a-z_]+)`")
SECTION = re.compile(r"\(#([a-z0-9-]+)\)")


def events(level: str | None = None) -> set[str]:
    found = set()
    for _, at, said in logged():
        fact = FACT.fullmatch(str(said.value)) if isinstance(said, ast.Constant) else None
        if fact is not None and level in (None, at):
            found.add(fact["event"])
    return found


def test_every_event_of_the_runbook_is_one_of_the_code() -> None:
    assert set(EVENT.findall(RUNBOOK.read_text(encoding="utf-8"))) - events() - WHOLE_LINES == set()


def test_every_alarm_of_the_code_stands_in_the_runbooks_table() -> None:
    table = RUNBOOK.read_text(encoding="utf-8").split("## Alarms")[1].split("\n## ")[0]

    assert events("error") - set(EVENT.findall(table)) == set()


def test_every_figure_of_the_runbook_is_told(sqlite_url: str) -> None:
    database = Database(sqlite_url, effects=NoCheckpoints())
    migrate(database)
    web = WebSide(database)
    told = web.call("GET", "/metrics", key=web.operator_key).get_data(as_text=True)
    database.close()
    known = set(re.findall(r"^# TYPE (\w+)", told, re.MULTILINE))
    totals = {f"{name}_total" for name in known}

    assert set(FIGURE.findall(RUNBOOK.read_text(encoding="utf-8"))) - known - totals == set()


def test_every_alarm_leads_to_a_section_that_is_there() -> None:
    text = RUNBOOK.read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}

    assert set(SECTION.findall(text)) - anchors == set()


def test_every_section_says_what_to_see_to_do_and_never_to_do() -> None:
    sections = RUNBOOK.read_text(encoding="utf-8").split("\n## ")[3:-1]

    for section in sections:
        for word in ("**See:**", "**Do:**", "**Never:**"):
            assert word in section, section.splitlines()[0]
