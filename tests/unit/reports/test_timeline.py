"""A payout's story: the same call of log and journal is told once, and money beside it."""

import json
from datetime import datetime
from html.parser import HTMLParser
from typing import Any

from mock_gmo.reports.page import Gathered, write_timeline_page, write_verification_page
from mock_gmo.reports.records import match_calls, read_entries, read_lines
from mock_gmo.reports.timeline import BANK, BOTH, INTEGRATOR, MONEY, Story, tell_stories
from mock_gmo.testing.verdict import Belief, Claim, judge

MARK = "R7Q2M4K8ZC1X5V9B3N6A"
NUMBER = "2026040100000001"
ORDER = "/ganb/api/corporation/v1/transfer/request"
STATUS = "/ganb/api/corporation/v1/transfer/status"
DAY = "2026-04-01T"
NOON = datetime.fromisoformat(f"{DAY}12:00:00+09:00")


def line(at: str, event: str, **members: Any) -> str:
    return json.dumps({"ts": f"{DAY}{at}+00:00", "level": "info", "event": event, **members})


def called(at: str, method: str, path: str, status: int | None, **members: Any) -> str:
    return line(at, "bank.called", method=method, path=path, status=status, submission="su_1", **members)


def entry(at: str, method: str, path: str, status: int | None, **members: Any) -> dict[str, Any]:
    given = dict.fromkeys(("client_id", "request_body", "reply_body", "refusal_id", "check", "apply_no", "fault"))
    common = {"query": "", "headers": {}, "duration_ms": 1.0, "explanation": None}
    return {**given, **common, "at": f"{DAY}{at}+00:00", "method": method, "path": path, "status": status, **members}


def payment(**members: Any) -> dict[str, Any]:
    return {
        "apply_no": NUMBER, "item_id": "1", "account_id": "101010012345", "amount_yen": 50_000, "fee_yen": 143,
        "beneficiary": {}, "edi_info": MARK, "debited_at": f"{DAY}03:10:00+00:00", "state": "20",
        "state_name": "手続済", "came_back_yen": 0, "came_back_at": None, **members,
    }  # fmt: skip


LOG = [
    "starting, no fact",
    line("03:00:00", "http.answered", operation="requestPayout", status=202, request_id="recore-0001"),
    called("03:00:01", "POST", ORDER, None, request_id="recore-0001", result="in_doubt"),
    line("03:00:02", "payout.call_recorded", submission="su_1", outcome="in_doubt", state="in_doubt"),
    called("03:00:04", "GET", STATUS, 200, request_id="recore-0001"),
    called("03:00:05", "POST", ORDER, 201, request_id="recore-0001", result="accepted"),
    line("03:00:06", "http.answered", operation="requestPayout", status=202, request_id="recore-0002"),
    line("03:00:07", "http.answered", operation="getPayout", status=200, request_id="recore-0003"),
]
BODY = {"transfers": [{"ediInfo": MARK}]}
JOURNAL = [
    entry("03:00:01.1", "POST", ORDER, None, request_body=BODY, fault="committed drop"),
    entry("03:00:04.1", "GET", STATUS, 200, reply_body={"transferDetails": []}),
    entry("03:00:05.1", "POST", ORDER, 201, request_body=BODY, reply_body={"applyNo": NUMBER}, apply_no=NUMBER),
    entry("03:09:00", "GET", STATUS, 200, apply_no=NUMBER, reply_body={
        "transferDetails": [{"transferStatusName": "手続済", "transferApplies": [{"applyNo": NUMBER}]}]}),
]  # fmt: skip


def stories(payments: list[dict[str, Any]] | None = None, claims: list[Claim] | None = None) -> list[Story]:
    lines, _ = read_lines(LOG)
    verdict = None if claims is None else judge(claims, [], at=NOON)
    return tell_stories(lines, JOURNAL, payments or [], verdict.rows if verdict is not None else ())


def test_a_lost_reply_is_one_story_in_order_with_the_money_at_its_end() -> None:
    story = next(it for it in stories([payment()]) if it.title == MARK)

    assert [(event.side, event.words.ja) for event in story.events] == [
        (INTEGRATOR, "支払の依頼を受付"),
        (BOTH, "振込依頼"),
        (INTEGRATOR, "結果を記録"),
        (BOTH, "振込状況照会"),
        (BOTH, "振込依頼"),
        (BANK, "振込状況照会"),
        (MONEY, "出金"),
    ]
    assert story.events[1].is_bad
    assert ("integrator", "no answer") in story.events[1].facts
    assert ("told", "手続済") in story.events[5].facts
    assert (story.apply_numbers, story.request_ids, story.amount_yen) == ((NUMBER,), ("recore-0001",), 50_000)


def test_a_request_for_which_no_order_is_found_is_a_story_too() -> None:
    assert [story.title for story in stories()] == [MARK, "recore-0002"]


def test_a_debit_that_nobody_marked_and_money_that_came_back_are_told() -> None:
    back = payment(
        apply_no="2026040100000009", edi_info=None, came_back_yen=50_000, came_back_at=f"{DAY}04:00:00+00:00"
    )

    story = next(it for it in stories([back]) if it.title == "2026040100000009/1")

    assert [event.words.ja for event in story.events] == ["出金", "資金返却"]


def test_what_the_verdict_finds_fault_with_stands_first() -> None:
    claims = [Claim("po_good", 50_000, Belief.OPEN, marks=frozenset({MARK})), Claim("po_lost", 5, Belief.PAID)]

    told = stories(claims=claims)

    assert [(story.title, story.is_bad) for story in told][:2] == [("po_lost", True), ("po_good", False)]


def test_a_line_is_the_call_that_is_nearest_and_each_entry_only_once() -> None:
    lines, others = read_lines(
        [called("03:00:01", "GET", STATUS, 200), called("03:00:02", "GET", STATUS, 200), "{", "[]"]
    )
    entries = read_entries([entry("03:00:01.9", "GET", STATUS, 200), entry("03:00:01.1", "GET", STATUS, 200)])

    matched = match_calls(lines, entries)

    assert [line.entry.index if line.entry else None for line in matched] == [1, 0]
    assert others == 2
    assert match_calls(lines, read_entries([entry("09:00:00", "GET", STATUS, 200)]))[0].entry is None


class _Links(HTMLParser):
    """Gathers what a page would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [tag] if tag in ("script", "link", "img", "iframe", "object") else []
        self.found += [
            str(value) for name, value in attrs if name in ("src", "href") and not str(value).startswith("#")
        ]


def test_the_pages_need_nothing_and_escape_everything() -> None:
    bad = "<script>alert(1)</script>"
    claims = [Claim(bad, 5, Belief.PAID, reason=bad), Claim("po_good", 50_000, Belief.OPEN, marks=frozenset({MARK}))]
    verdict = judge(claims, [], at=NOON)
    about = Gathered(
        bank=bad, at=NOON, log=bad, line_count=1, other_line_count=1, journal_count=1, debit_count=1, verdict=verdict
    )
    first = write_timeline_page(about, stories(claims=claims)).decode()
    second = write_verification_page(
        target=bad, at=NOON, differences=[], not_checked={bad: bad}, ended_early=bad, suites=[]
    ).decode()

    for page in (first, second):
        links = _Links()
        links.feed(page)
        assert links.found == []
        assert bad not in page
        assert "&lt;script&gt;" in page
        assert 'lang="ja"' in page
