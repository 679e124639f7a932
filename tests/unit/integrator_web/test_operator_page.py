"""The operators' page: accounts of their own, forms that only their browser can send, nothing for anybody else."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from integrator import operators, stopping
from integrator.operators import IDLE_MAX, SESSION_MAX, OperatorRole, Operators, wait_after
from integrator.pulse import Pulse
from integrator.store.supervised import audit_rows
from integrator.tally import Tally
from tests.builders import NOON
from tests.unit.integrator_web.web_side import WebSide

CSRF = re.compile(r'name="csrf" value="([0-9a-f]{64})"')
CHOSEN = "correct horse battery"


class Visitor:
    """A browser: keeps its cookie, and sends the token of the last form that it saw."""

    def __init__(self, web: WebSide) -> None:
        self.client: FlaskClient = web.app.test_client()
        self.seen = ""

    def get(self, path: str) -> TestResponse:
        return self._kept(self.client.get(path))

    def post(self, path: str, **fields: str) -> TestResponse:
        found = CSRF.search(self.seen)
        form = {"csrf": "" if found is None else found.group(1), **fields}
        return self._kept(self.client.post(path, data=form))

    def log_in(self, name: str, password: str) -> TestResponse:
        self.get("/operator/login")
        return self.post("/operator/login", name=name, password=password)

    def _kept(self, response: TestResponse) -> TestResponse:
        self.seen = response.get_data(as_text=True)
        return response


@pytest.fixture
def people(web: WebSide, monkeypatch: pytest.MonkeyPatch) -> Operators:
    monkeypatch.setattr(operators, "SCRYPT_EXPONENT", 8)  # a password is meant to cost time, but not here
    return Operators(web.db, new_text=web.new_text)


@pytest.fixture
def visitor(web: WebSide, people: Operators) -> Visitor:
    """Somebody called hanako, logged in with a password of her own."""
    first = people.add("hanako", OperatorRole.OPERATOR, at=NOON).reveal()
    made = Visitor(web)
    made.log_in("hanako", first)
    made.get("/operator/password")
    made.post("/operator/password", old=first, new=CHOSEN, again=CHOSEN)
    return made


def test_who_is_not_logged_in_sees_nothing_but_the_form(web: WebSide) -> None:
    visitor = Visitor(web)

    for path in ("/operator", "/operator/password"):
        assert visitor.get(path).headers["Location"] == "/operator/login"
    assert visitor.post("/operator/logout").headers["Location"] == "/operator/login"


def test_a_one_time_password_lets_in_only_to_choose_another(web: WebSide, people: Operators) -> None:
    first = people.add("hanako", OperatorRole.VIEWER, at=NOON).reveal()
    visitor = Visitor(web)

    assert visitor.log_in("hanako", first).headers["Location"] == "/operator"
    assert visitor.get("/operator").headers["Location"] == "/operator/password"
    visitor.get("/operator/password")
    assert visitor.post("/operator/password", old=first, new=CHOSEN, again=CHOSEN).status_code == 200
    assert visitor.get("/operator").status_code == 200
    assert Visitor(web).log_in("hanako", first).status_code == 401
    assert Visitor(web).log_in("hanako", CHOSEN).status_code == 303


def test_a_one_time_password_ends_unused(web: WebSide, people: Operators) -> None:
    first = people.add("hanako", OperatorRole.VIEWER, at=NOON).reveal()
    web.clock.present += timedelta(hours=73)

    assert Visitor(web).log_in("hanako", first).status_code == 401


@pytest.mark.parametrize(
    ("new", "again", "status"),
    [("short", "short", 400), ("a-hanako-password", "a-hanako-password", 400), ("long enough 1", "long enough 2", 400)],
)
def test_an_unfit_password_is_not_taken(visitor: Visitor, new: str, again: str, status: int) -> None:
    visitor.get("/operator/password")

    assert visitor.post("/operator/password", old=CHOSEN, new=new, again=again).status_code == status


def test_a_wrong_name_and_a_wrong_password_look_alike(web: WebSide, people: Operators) -> None:
    people.add("hanako", OperatorRole.VIEWER, at=NOON)
    known, unknown = Visitor(web), Visitor(web)

    answers = [known.log_in("hanako", "wrong"), unknown.log_in("nobody", "wrong")]

    assert [answer.status_code for answer in answers] == [401, 401]
    assert CSRF.sub("", known.seen) == CSRF.sub("", unknown.seen)


@pytest.mark.parametrize("name", ["hanako", "nobody"])
def test_guessing_is_slowed_for_a_name_whether_anybody_has_it_or_not(
    web: WebSide, people: Operators, name: str
) -> None:
    right = people.add("hanako", OperatorRole.VIEWER, at=NOON).reveal()
    visitor = Visitor(web)

    statuses = [visitor.log_in(name, "wrong").status_code for _ in range(6)]
    blocked = visitor.log_in("hanako", right) if name == "hanako" else visitor.log_in(name, "wrong")

    assert statuses == [401] * 5 + [429]
    assert (blocked.status_code, blocked.headers["Retry-After"]) == (429, "30")
    web.clock.present += timedelta(seconds=31)
    assert Visitor(web).log_in("hanako", right).status_code == 303


def test_the_waits_grow_up_to_a_bound() -> None:
    assert [wait_after(count).total_seconds() for count in (1, 4, 5, 6, 9, 10, 1000)] == [0, 0, 30, 60, 480, 900, 900]


@pytest.mark.parametrize("path", ["/operator/login", "/operator/logout", "/operator/password"])
def test_a_form_without_the_token_of_its_browser_does_nothing(visitor: Visitor, path: str) -> None:
    for token in ("", "0" * 64, "日本"):
        assert visitor.post(path, csrf=token, name="hanako", password=CHOSEN).status_code == 403
        visitor.get("/operator/password")

    assert visitor.get("/operator").status_code == 200 or path == "/operator/login"


@pytest.mark.parametrize("pause", [IDLE_MAX, SESSION_MAX])
def test_a_log_in_ends_when_nobody_used_it(web: WebSide, visitor: Visitor, pause: timedelta) -> None:
    web.clock.present += pause + timedelta(seconds=1)

    assert visitor.get("/operator").headers["Location"] == "/operator/login"


def test_a_log_in_in_use_goes_on_but_not_for_ever(web: WebSide, visitor: Visitor) -> None:
    statuses = []
    for _ in range(50):
        web.clock.present += timedelta(minutes=14, seconds=30)
        statuses.append(visitor.get("/operator").status_code)

    assert statuses == [200] * 49 + [303]


def test_logging_out_and_a_disabled_account_end_the_log_in(web: WebSide, visitor: Visitor, people: Operators) -> None:
    other = Visitor(web)
    other.log_in("hanako", CHOSEN)
    visitor.get("/operator")
    assert visitor.post("/operator/logout").headers["Location"] == "/operator/login"

    assert visitor.get("/operator").status_code == 303
    assert other.get("/operator").status_code == 200
    people.disable("hanako", at=web.clock.now())
    assert other.get("/operator").status_code == 303
    assert Visitor(web).log_in("hanako", CHOSEN).status_code == 401


def test_every_answer_is_strict_about_scripts_frames_and_storing(visitor: Visitor, web: WebSide) -> None:
    for response in (visitor.get("/operator"), Visitor(web).get("/operator/login")):
        policy = response.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
        assert "script-src" not in policy
        assert "unsafe" not in policy
        assert response.headers["Cache-Control"] == "no-store"
        assert "<script" not in response.get_data(as_text=True)


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(web: WebSide) -> None:
    cookie = web.app.test_client().get("/operator/login").headers["Set-Cookie"]

    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))


def test_what_waits_stands_on_the_page_without_account_numbers(web: WebSide, visitor: Visitor) -> None:
    payout_id = web.place().get_json()["payout_id"]
    Pulse(web.db, web.clock, Tally(), worker_id="worker-1", started_at=NOON).beat()
    web.clock.present += timedelta(minutes=5)

    text = visitor.get("/operator").get_data(as_text=True)

    assert payout_id in text
    assert "mihon-001" in text
    assert "worker-1" in text
    assert "5分 (5 min)" in text
    assert "1234567" not in text
    assert "ヤマダ" not in text


def test_an_operator_stops_and_resumes_with_a_reason_and_the_audit_names_the_person(
    web: WebSide, visitor: Visitor
) -> None:
    visitor.get("/operator")
    assert visitor.post("/operator/stop", company_id="", reason=" ").status_code == 400
    assert visitor.post("/operator/stop", company_id="nobody", reason="x").status_code == 404
    assert visitor.post("/operator/resume", company_id="", reason="x").status_code == 409
    assert visitor.post("/operator/stop", company_id="mihon-001", reason="不審な依頼").status_code == 303
    assert "不審な依頼" in visitor.get("/operator").get_data(as_text=True)
    assert visitor.post("/operator/resume", company_id="mihon-001", reason="確認済").status_code == 303

    assert stopping.standing_stops(web.db) == []
    with web.db.read() as tx:
        noted = [(row.what, row.who) for row in tx.execute(select(audit_rows).where(audit_rows.c.chain == "mihon-001"))]
    assert [each for each in noted if each[0].startswith("payouts.")] == [
        ("payouts.stopped", "operator:hanako"),
        ("payouts.resumed", "operator:hanako"),
    ]


def test_a_viewer_sees_the_stop_and_no_button(web: WebSide, people: Operators) -> None:
    first = people.add("taro", OperatorRole.VIEWER, at=NOON).reveal()
    viewer = Visitor(web)
    viewer.log_in("taro", first)
    viewer.get("/operator/password")
    viewer.post("/operator/password", old=first, new=CHOSEN, again=CHOSEN)

    assert "/operator/stop" not in viewer.get("/operator").get_data(as_text=True)
    assert viewer.post("/operator/stop", company_id="", reason="x").status_code == 403
    assert stopping.standing_stops(web.db) == []


def test_every_step_of_a_person_is_audited(web: WebSide, visitor: Visitor) -> None:
    visitor.get("/operator")
    visitor.post("/operator/logout")

    with web.db.read() as tx:
        rows = tx.execute(select(audit_rows).where(audit_rows.c.subject == "hanako").order_by(audit_rows.c.number))
        noted = [(row.what, row.who) for row in rows]
    assert noted == [
        ("operator.added", "program"),
        ("operator.logged_in", "operator:hanako"),
        ("operator.logged_in", "operator:hanako"),
        ("operator.password_chosen", "operator:hanako"),
        ("operator.logged_out", "operator:hanako"),
    ]


def test_names_and_texts_are_written_as_text(web: WebSide, visitor: Visitor) -> None:
    with web.db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE companies SET name = '<script>alert(1)</script>'")

    assert "<script" not in visitor.get("/operator").get_data(as_text=True)
