"""One run against one bank: asks the cases in turn, learns from the answers, gathers the differences.

What is asked is made in `cases` and `wrong_calls`, what an answer is worth is said by `judging` and `paging`.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from typing import Any, Final

from mock_gmo.contract import Operation
from mock_gmo.profiles import Profile
from mock_gmo.verify import paging
from mock_gmo.verify.calling import Call, Caller, LimitReached, Reply, Unreachable
from mock_gmo.verify.cases import (
    VALID,
    Case,
    Known,
    any_call,
    example_cases,
    least_cases,
    link_case,
    parameters_of,
    refused,
    renamed,
)
from mock_gmo.verify.documents import Contracts
from mock_gmo.verify.judging import Difference, judge, read_body
from mock_gmo.verify.wrong_calls import Subject, form_cases, wrong_cases

TRIES_MAX: Final = 3  # of one call that meets the request limit
TOO_MANY: Final = 429
CLOSED: Final = 503
FORBIDDEN: Final = 403
VIRTUAL_ACCOUNT: Final = "virtual-account"
# What says that an operation is not open to this token or customer, and not that the bank has changed.
NOT_OPEN: Final[Mapping[int, str]] = {
    403: "the token or its holder may not call it",
    405: "the bank does not offer it to this customer",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One call that was made for a case, and its answer."""

    case: Case
    reply: Reply
    at: datetime
    seconds: float
    differences: tuple[Difference, ...]
    note: str = ""
    """Why nothing follows from the answer; empty when it was judged."""


@dataclass
class Verification:
    """What a run has found so far."""

    asked: list[Asked] = field(default_factory=list)
    not_checked: dict[str, str] = field(default_factory=dict)
    ended_early: str = ""

    @property
    def differences(self) -> list[tuple[Asked, Difference]]:
        """Return every difference with the call that showed it, in order."""
        return [(asked, difference) for asked in self.asked for difference in asked.differences]


class Run:
    """Verifies the chosen operations of one document after the other."""

    def __init__(self, caller: Caller, contracts: Contracts, *, profile: Profile) -> None:
        self._caller, self._contracts, self._profile = caller, contracts, profile
        self._found = Verification()
        self._seen: set[Any] = set()
        self._has_succeeded = False

    def verify(self, operations: Iterable[Operation]) -> Verification:
        """Ask everything. Raises Unreachable when it turns out at once that no bank, or nothing of it, can be asked."""
        chosen = tuple(operations)
        try:
            for name in dict.fromkeys(operation.document for operation in chosen):
                self._document(tuple(it for it in chosen if it.document == name))
        except (LimitReached, Unreachable) as ended:
            if not self._has_succeeded:
                raise Unreachable(str(ended)) from ended
            self._found.ended_early = str(ended)
        if not self._has_succeeded:
            reasons = "; ".join(f"{name}: {why}" for name, why in self._found.not_checked.items())
            raise Unreachable(f"nothing could be checked: {reasons or 'no inquiry succeeded'}")
        return self._found

    def _document(self, operations: tuple[Operation, ...]) -> None:
        prefix = self._prefix(operations[0].document)
        if prefix is None:
            for operation in operations:
                self._found.not_checked[operation.operation_id] = f"the profile {self._profile.name} has no such API"
            return
        known = Known(self._contracts.identifiers)
        paths = {operation.operation_id: prefix + operation.relative_path for operation in operations}
        waiting: deque[Case] = deque()
        subjects = []
        for operation in operations:
            path = paths[operation.operation_id]
            if path in self._profile.absent_paths:
                self._absent(operation, path)
                continue
            waiting.extend(self._successes(operation, path, known))
            self._ask_all(waiting, known, paths, operations)
            subjects.append((operation, path))
        self._ask_all(waiting, known, paths, operations)
        for number, (operation, path) in enumerate(subjects):
            self._wrong(operation, path, known, is_first=number == 0)

    def _prefix(self, document: str) -> str | None:
        return next((prefix for prefix, names in self._profile.paths.items() if names[0] == document), None)

    def _absent(self, operation: Operation, path: str) -> None:
        row = self._contracts.refusals["operation_not_found"]
        self._ask(refused(operation, "not there", Call(operation.method, path), row))

    def _successes(self, operation: Operation, path: str, known: Known) -> list[Case]:
        examples = example_cases(operation, path, self._contracts, known)
        return [
            *least_cases(operation, path, self._contracts, known),
            *(case for case in examples if case.kind == VALID),
        ]

    def _ask_all(
        self, waiting: deque[Case], known: Known, paths: Mapping[str, str], operations: tuple[Operation, ...]
    ) -> None:
        """Ask the successes; an answer may lead to further ones, by the links of the contract."""
        by_id = {it.operation_id: it for it in operations if paths[it.operation_id] not in self._profile.absent_paths}
        while waiting:
            case = waiting.popleft()
            if case.operation.operation_id in self._found.not_checked or case.key in self._seen:
                continue
            asked = self._ask(case)
            body = read_body(asked.reply)
            if asked.reply.status != case.status or body is None:
                continue
            self._has_succeeded = True
            known.learn(case.operation.scope_family or "", body)
            self._again(case, body)
            for link in self._contracts.links(case.operation):
                place = paging.key_place(link)
                if place is not None and link.operation_id == case.operation.operation_id:
                    self._pages(case, body, place)
                elif link.operation_id in by_id:
                    target = by_id[link.operation_id]
                    path = paths[link.operation_id]
                    led = link_case(link, target, path, parameters_of(case.call), body, self._contracts)
                    if led is not None:
                        waiting.append(led)

    def _again(self, case: Case, body: Mapping[str, Any]) -> None:
        """The same inquiry again says the same. An account that moves meanwhile says so once, not twice."""
        again = self._ask(renamed(case, f"{case.name}, again", case.call))
        second = read_body(again.reply)
        differences = paging.changed(body, second, tag=case.tag) if second is not None else []
        if differences:
            third = read_body(self._ask(renamed(case, f"{case.name}, a third time", case.call)).reply)
            self._add(paging.changed(second, third, tag=case.tag))

    def _pages(self, case: Case, first: Mapping[str, Any], place: str) -> None:
        pages: list[Any] = [first]
        self._add(paging.flag_and_key(first, place, tag=case.tag))
        keys: list[str] = []
        while (key := paging.next_key(pages[-1], place)) is not None:
            if key in keys or len(pages) >= paging.PAGES_MAX:
                self._add(paging.endless(len(pages), tag=case.tag))
                break
            keys.append(key)
            call = Call(case.call.method, case.call.path, (*case.call.query, (paging.KEY, key)))
            asked = self._ask(renamed(case, f"{case.name}, page {len(pages) + 1}", call))
            body = read_body(asked.reply)
            if asked.reply.status != case.status or body is None:
                return
            pages.append(body)
            self._add(paging.flag_and_key(body, place, tag=case.tag))
        self._add(paging.repeats(pages, tag=case.tag))

    def _wrong(self, operation: Operation, path: str, known: Known, *, is_first: bool) -> None:
        if operation.operation_id in self._found.not_checked:
            return
        for case in example_cases(operation, path, self._contracts, known):
            if case.kind != VALID:
                self._ask_wrong(case)
        served = self._served_calls(operation)
        call = served[0] if served else any_call(operation, path, self._contracts, known)
        if call is None:
            return
        if not served:
            self._found.not_checked[f"{operation.operation_id}, a success"] = "the bank has given nothing to ask it for"
        subject = Subject(operation, call, bool(served), self._contracts, known, self._profile.is_strict, is_first)
        for case in chain(wrong_cases(subject), *(form_cases(replace(subject, call=it)) for it in served)):
            self._ask_wrong(case)

    def _ask_wrong(self, case: Case) -> None:
        # What turns out not to be open is not asked again: every answer would be the same.
        if case.key not in self._seen and case.operation.operation_id not in self._found.not_checked:
            self._ask(case)

    def _served_calls(self, operation: Operation) -> list[Call]:
        """Return the calls that the bank has served, those with most parameters first."""
        served = [
            it.case.call
            for it in self._found.asked
            if it.case.operation is operation and it.case.kind == VALID and it.reply.status == it.case.status
        ]
        own = [call for call in dict.fromkeys(served) if paging.KEY not in dict(call.query)]
        return sorted(own, key=lambda call: len(parameters_of(call)), reverse=True)

    def _ask(self, case: Case) -> Asked:
        self._seen.add(case.key)
        answer = self._caller.ask(case.call)
        tries = 1
        while answer.reply.status == TOO_MANY and tries < TRIES_MAX:
            answer = self._caller.ask(case.call)
            tries += 1
        reply = answer.reply
        self._require_a_bank(case, reply)
        note = self._not_open(case, reply)
        differences = [] if note else judge(case, reply, self._contracts)
        if self._caller.holds_token(reply):
            differences.append(Difference("answer", "without the access token", "the access token", "SPEC"))
        asked = Asked(case, reply, answer.at, answer.seconds, tuple(differences), note)
        self._found.asked.append(asked)
        return asked

    def _add(self, differences: list[Difference]) -> None:
        """Note what the last answer shows beside the ones before it."""
        if differences:
            last = self._found.asked[-1]
            self._found.asked[-1] = replace(last, differences=(*last.differences, *differences))

    def _require_a_bank(self, case: Case, reply: Reply) -> None:
        """Before anything has succeeded, an answer can say that there is nobody to verify. Raises Unreachable."""
        if self._has_succeeded or case.kind != VALID:
            return
        if read_body(reply) is None:
            raise Unreachable(
                f"the target answers {reply.status} without a JSON object: it is not the bank's API "
                "(is the path of --target right?)"
            )
        for status, sentence in _NO_START.items():
            if reply.status == status:
                raise Unreachable(sentence)

    def _not_open(self, case: Case, reply: Reply) -> str:
        """Return why nothing follows from an answer, or nothing when it is to be judged."""
        operation, rows = case.operation, self._contracts.refusals.values()
        code = (read_body(reply) or {}).get("errorCode")
        if reply.status == case.status or not any((row.status, row.code) == (reply.status, code) for row in rows):
            return ""
        if reply.status == TOO_MANY:
            return "the request limit was met three times; lower --requests-per-second"
        if reply.status in NOT_OPEN and (reply.status == FORBIDDEN or self._may_be_off(operation)):
            self._found.not_checked[operation.operation_id] = NOT_OPEN[reply.status]
            return NOT_OPEN[reply.status]
        depends = case.kind == VALID and (reply.status, code) in self._dependent(case)
        return "refused for a reason that lies in the customer, as the contract knows it" if depends else ""

    def _may_be_off(self, operation: Operation) -> bool:
        return operation.scope_family == VIRTUAL_ACCOUNT or self._profile.has_portal_tokens

    def _dependent(self, case: Case) -> set[tuple[int, str]]:
        """Return status and code of the refusals that the bank may give for reasons that no caller can know."""
        ids = {it.refusal_id for it in self._contracts.examples(case.operation)} & DEPENDS
        if case.operation.has_transfer_errors:
            ids |= FEE_DEPENDS
        given = parameters_of(case.call).keys() - self._contracts.identifiers
        table = self._contracts.refusals
        ids |= {it for it in DEPENDS if table[it].field in given}
        return {(table[it].status, table[it].code) for it in ids if it is not None}


DEPENDS: Final = frozenset({
    "visa_card_missing", "visa_items_too_many", "transfer_class_needs_business_id", "va_contract_ended",
    "va_not_usable",
})  # fmt: skip
FEE_DEPENDS: Final = frozenset({
    "outside_hours", "not_a_business_day", "limit_exceeded", "insufficient_funds", "beneficiary_is_debited_account",
})  # fmt: skip
_NO_START: Final[Mapping[int, str]] = {
    401: "the bank does not accept the token: it has expired, or belongs to another environment",
    404: "the target knows no such path: is the path of --target right?",
    405: "the target knows no such operation: are the path of --target and --profile right?",
    CLOSED: "the bank is closed for maintenance or overloaded: come again later",
}
