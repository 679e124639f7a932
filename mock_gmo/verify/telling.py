"""What a run has found, told: lines for a terminal, test cases for JUnit, exchanges for HAR, rows for the page."""

from collections.abc import Sequence
from dataclasses import dataclass

from mock_gmo.journal import MASK
from mock_gmo.reports.exchanges import Exchange, without_secrets
from mock_gmo.reports.junit import Checked, Suite
from mock_gmo.verify.calling import Caller, dressed
from mock_gmo.verify.judging import Difference
from mock_gmo.verify.run import Asked, Verification
from mock_gmo.verify.safety import Target


@dataclass(frozen=True, slots=True)
class Told:
    """One difference as a row."""

    operation: str
    case: str
    where: str
    expected: str
    came: str
    tag: str

    def line(self) -> str:
        """Return the row as one line."""
        return f"{self.operation}: {self.case}: {self.where}: expected {self.expected}, came {self.came} [{self.tag}]"


def tell_differences(found: Verification) -> list[Told]:
    """Return every difference as a row; the same one of several cases of an operation stands there once, the first."""
    rows: dict[tuple[str, Difference], Told] = {}
    for asked, difference in found.differences:
        operation = asked.case.operation.operation_id
        row = Told(operation, asked.case.name, difference.where, difference.expected, difference.came, difference.tag)
        rows.setdefault((operation, difference), row)
    return list(rows.values())


def tell_lines(found: Verification, *, target: Target) -> list[str]:
    """Return the run for a terminal: differences, what was not checked, and how it ended."""
    differences = tell_differences(found)
    lines = [difference.line() for difference in differences]
    lines += [f"not checked: {name}: {why}" for name, why in found.not_checked.items()]
    lines += [f"not judged: {it.case.operation.operation_id}: {it.case.name}: {it.note}" for it in _unjudged(found)]
    if found.ended_early:
        lines.append(f"ended early: {found.ended_early}; not everything was checked")
    count = len(differences)
    lines.append(f"{count} difference{'' if count == 1 else 's'} in {len(found.asked)} calls to {target.base}")
    return lines


def tell_suites(found: Verification) -> list[Suite]:
    """Return one suite an operation, one test a call."""
    names = dict.fromkeys(asked.case.operation.operation_id for asked in found.asked)
    suites = [
        Suite(name, tuple(_checked(asked) for asked in found.asked if asked.case.operation.operation_id == name))
        for name in names
    ]
    open_ends = [Checked("not checked", name, 0.0, skipped=why) for name, why in found.not_checked.items()]
    if found.ended_early:
        open_ends.append(Checked("not checked", "the rest of the run", 0.0, failures=(found.ended_early,)))
    return [*suites, *([Suite("not checked", tuple(open_ends))] if open_ends else [])]


def tell_exchanges(found: Verification, *, target: Target, caller: Caller) -> list[Exchange]:
    """Return every call with its answer, masked. Values stay only where the money is made up: on loopback."""
    return [_exchange(asked, target, caller) for asked in found.asked]


def _unjudged(found: Verification) -> Sequence[Asked]:
    """Return the answers from which nothing follows, but for those of operations that are not open at all."""
    return [it for it in found.asked if it.note and it.case.operation.operation_id not in found.not_checked]


def _checked(asked: Asked) -> Checked:
    failures = tuple(f"{it.where}: expected {it.expected}, came {it.came} [{it.tag}]" for it in asked.differences)
    return Checked(
        asked.case.operation.operation_id, asked.case.name, asked.seconds, failures=failures, skipped=asked.note
    )


def _exchange(asked: Asked, target: Target, caller: Caller) -> Exchange:
    call, reply = asked.case.call, asked.reply
    headers = dressed(call, MASK)
    comment = "; ".join(
        [f"{asked.case.operation.operation_id}: {asked.case.name}", *(it.where for it in asked.differences)]
    )
    exchange = Exchange(
        at=asked.at,
        method=call.method,
        url=target.base + call.target,
        request_headers=headers,
        request_body=call.body,
        status=reply.status,
        reply_headers=tuple((name, caller.without_token(value)) for name, value in reply.headers),
        reply_body=caller.without_token(reply.body.decode("utf-8", "replace")).encode(),
        seconds=asked.seconds,
        comment=comment,
    )
    return without_secrets(exchange, keeps_values=target.is_loopback)
