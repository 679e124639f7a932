"""Which call fails, at which named point of its life, how, and how often.

Here are the rules that a tester has set and the choice of the one that strikes.
Carrying an effect out is the gateway's part.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from threading import Lock

RULES_MAX = 1_000
DELAY_MS_MAX = 600_000
ANY_OPERATION = "*"
FAULT_PREFIX = "fault-"
# Notifications are no calls: they have a name of their own in the place of an operation, and a point of their own.
NOTIFICATION = "notification"
NOTIFIED = "notified"

# The points of a call's life, in order, and what a fault there means; the last is that of a notification.
POINTS: dict[str, str] = {
    "received": "before any check",
    "admitted": "after the checks of the gateway, before the fields are read",
    "validated": "after the fields, before the bank acts",
    "committed": "the bank has acted, the reply is not made yet",
    "reply_written": "the reply is ready to be sent",
    NOTIFIED: "a notification is made",
}

# Effect: the points at which it can happen. Only a reply can be cut, and only what is still to be done
# can be done twice.
EFFECTS: dict[str, tuple[str, ...]] = {
    "drop": ("received", "admitted", "validated", "committed", "reply_written", NOTIFIED),
    "delay": ("received", "admitted", "validated", "committed", "reply_written", NOTIFIED),
    "status": ("received", "admitted", "validated", "committed", "reply_written"),
    "garbage": ("received", "admitted", "validated", "committed", "reply_written"),
    "truncate": ("committed", "reply_written"),
    "duplicate": ("received", "admitted", "validated", NOTIFIED),
    "reorder": (NOTIFIED,),
}


class ImpossibleFault(Exception):
    """This effect cannot happen at this point, or lacks a value; the message says what is possible."""


@dataclass(frozen=True, slots=True)
class FaultRule:
    """One fault: `operation` is "METHOD /path", "notification" or "*"; `times` None means until it is deleted."""

    fault_id: str
    operation: str
    point: str
    effect: str
    client_id: str | None = None
    status: int | None = None
    delay_ms: int | None = None
    times: int | None = None


def check_rule(rule: FaultRule) -> None:
    """Raise ImpossibleFault unless the table above allows the rule and it carries what its effect needs."""
    possible = EFFECTS[rule.effect]
    if rule.point not in possible:
        raise ImpossibleFault(f"{rule.effect} is possible at {', '.join(possible)}; not at {rule.point}")
    if (rule.point == NOTIFIED) is not (rule.operation == NOTIFICATION):
        raise ImpossibleFault(f"the point {NOTIFIED} belongs to the operation {NOTIFICATION}, and to that one only")
    if rule.effect == "delay" and rule.delay_ms is None:
        raise ImpossibleFault("delay needs delay_ms")
    if rule.effect != "delay" and rule.delay_ms is not None:
        raise ImpossibleFault("delay_ms belongs to delay only; add a second fault for a delay before another effect")
    if rule.effect != "status" and rule.status is not None:
        raise ImpossibleFault("status belongs to the effect status only")


class Faults:
    """The rules in force, in the order in which they were set."""

    def __init__(self, rules: Iterable[FaultRule] = (), *, last_no: int = 0) -> None:
        self._lock = Lock()
        self._rules: list[FaultRule] = list(rules)
        self._last_no = last_no

    @property
    def last_no(self) -> int:
        """The number of the fault that was set last; no other ever gets it."""
        return self._last_no

    @property
    def is_empty(self) -> bool:
        """Whether no fault is set: the gateway's quick way past every point."""
        return not self._rules

    def add(self, rule: FaultRule) -> FaultRule:
        """Set a fault and return it with its id. Raises ImpossibleFault."""
        check_rule(rule)
        with self._lock:
            if len(self._rules) >= RULES_MAX:
                raise ImpossibleFault(f"at most {RULES_MAX} faults at a time; delete some first")
            self._last_no += 1
            added = replace(rule, fault_id=f"{FAULT_PREFIX}{self._last_no}")
            self._rules = [*self._rules, added]
            return added

    def all(self) -> list[FaultRule]:
        """Return the rules in force; `times` is what is left."""
        return list(self._rules)

    def remove(self, fault_id: str) -> bool:
        """Delete one fault. False when there is none of that id."""
        with self._lock:
            kept = [rule for rule in self._rules if rule.fault_id != fault_id]
            removed = len(kept) < len(self._rules)
            self._rules = kept
            return removed

    def clear(self) -> None:
        """Delete every fault."""
        with self._lock:
            self._rules = []

    def strike(self, point: str, *, operation: str, client_id: str | None) -> list[FaultRule]:
        """Return what strikes this call here, and use it up: every delay, then at most one other effect.

        Among several, the oldest strikes.
        """
        if not self._rules:
            return []
        with self._lock:
            matching = [rule for rule in self._rules if _matches(rule, point, operation, client_id)]
            delays = [rule for rule in matching if rule.effect == "delay"]
            others = [rule for rule in matching if rule.effect != "delay"][:1]
            struck = delays + others
            self._use_up({rule.fault_id for rule in struck})
            return struck

    def _use_up(self, struck: set[str]) -> None:
        left: list[FaultRule] = []
        for rule in self._rules:
            if rule.fault_id not in struck or rule.times is None:
                left.append(rule)
            elif rule.times > 1:
                left.append(replace(rule, times=rule.times - 1))
        self._rules = left


def _matches(rule: FaultRule, point: str, operation: str, client_id: str | None) -> bool:
    return rule.point == point and rule.operation in (ANY_OPERATION, operation) and rule.client_id in (None, client_id)
