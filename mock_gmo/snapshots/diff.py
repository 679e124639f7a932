"""What happened between two snapshots, for people: money, transfers, tokens, notifications. Nothing is judged.

Tokens are told by their first characters: a difference may be printed and sent around.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from mock_gmo.bank.days import JAPAN
from mock_gmo.bank.fixed_point import AMOUNT_PLACES, write_decimal
from mock_gmo.bank.postings import BookEntry
from mock_gmo.bank.sp_accounts import SpState
from mock_gmo.bank.transfers import Application, Line
from mock_gmo.notifications.messages import ClientDelivery, Message, NotificationsMemory
from mock_gmo.oauth.server import OAuthMemory
from mock_gmo.oauth.tokens import AccessToken, RefreshToken
from mock_gmo.snapshots.codec import SnapshotError, codec_of
from mock_gmo.snapshots.document import FORMAT, VERSION

TOKEN_CHARACTERS_TOLD: Final = 4
ONLY_BEFORE, ONLY_AFTER, CHANGED = "-", "+", "~"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: `sign` is - for what only the first has, + for what only the second has, ~ for a change."""

    sign: str
    subject: str
    told: str

    def line(self) -> str:
        """Return it as one line."""
        return f"{self.sign} {self.subject}  {self.told}"


@dataclass(frozen=True, slots=True)
class SnapshotDiff:
    """The differences of two snapshots, each group in the order in which things happened."""

    postings: tuple[Change, ...]
    balances: tuple[Change, ...]
    transfers: tuple[Change, ...]
    tokens: tuple[Change, ...]
    notifications: tuple[Change, ...]

    @property
    def is_empty(self) -> bool:
        """Whether the two agree in everything that is compared."""
        return not (self.postings or self.balances or self.transfers or self.tokens or self.notifications)

    def lines(self) -> Iterator[str]:
        """Yield the whole as text, a heading before each group that is not empty."""
        for heading, changes in (
            ("postings", self.postings),
            ("balances", self.balances),
            ("transfers", self.transfers),
            ("tokens", self.tokens),
            ("notifications", self.notifications),
        ):
            if changes:
                yield f"{heading} ({len(changes)})"
                yield from (f"  {change.line()}" for change in changes)


@dataclass(frozen=True, slots=True)
class _Compared:
    postings: list[BookEntry]
    applications: dict[str, Application]
    oauth: OAuthMemory
    sp: SpState
    notifications: NotificationsMemory


def diff_snapshots(before: Mapping[str, Any], after: Mapping[str, Any]) -> SnapshotDiff:
    """Return what differs from the first snapshot to the second. Raises SnapshotError that names which is none."""
    first, second = _read(before, "before"), _read(after, "after")
    return SnapshotDiff(
        postings=tuple(_postings(first.postings, second.postings)),
        balances=(*_balances(first, second), *_foreign_shares(first.sp, second.sp)),
        transfers=tuple(_transfers(first.applications, second.applications)),
        tokens=tuple(_tokens(first.oauth, second.oauth)),
        notifications=tuple(_notifications(first.notifications, second.notifications)),
    )


def _read(snapshot: Mapping[str, Any], name: str) -> _Compared:
    try:
        return _read_parts(snapshot)
    except SnapshotError as broken:
        raise SnapshotError(f"{name} {broken.at}", broken.expected) from broken


def _read_parts(snapshot: Mapping[str, Any]) -> _Compared:
    if snapshot.get("format") != FORMAT or snapshot.get("version") != VERSION:
        raise SnapshotError("/format", f"{FORMAT} in version {VERSION}")
    bank = snapshot.get("bank")
    if not isinstance(bank, Mapping):
        raise SnapshotError("/bank", "an object")
    return _Compared(
        postings=codec_of(list[BookEntry]).read(bank.get("postings"), "/bank/postings"),
        applications=codec_of(dict[str, Application]).read(bank.get("applications"), "/bank/applications"),
        oauth=codec_of(OAuthMemory).read(snapshot.get("oauth"), "/oauth"),
        sp=codec_of(SpState).read(bank.get("sp"), "/bank/sp"),
        notifications=codec_of(NotificationsMemory).read(snapshot.get("notifications"), "/notifications"),
    )


def _postings(before: list[BookEntry], after: list[BookEntry]) -> Iterator[Change]:
    """Books only grow, so two of the same origin agree up to a point and then each has its own."""
    common = 0
    while common < min(len(before), len(after)) and before[common] == after[common]:
        common += 1
    for sign, entries in ((ONLY_BEFORE, before[common:]), (ONLY_AFTER, after[common:])):
        for entry in entries:
            legs = ", ".join(f"{leg.ledger} {leg.amount_yen:+,}" for leg in entry.legs)
            line = f"{entry.reference.apply_no}/{entry.reference.item_id}" if entry.reference is not None else "-"
            yield Change(sign, f"{_local(entry.at)} {entry.kind.name}", f"{line}  {legs}")


def _balances(before: _Compared, after: _Compared) -> Iterator[Change]:
    first, second = _sums(before), _sums(after)
    for ledger in sorted(first.keys() | second.keys()):
        if first[ledger] != second[ledger]:
            change = second[ledger] - first[ledger]
            yield Change(CHANGED, ledger, f"{first[ledger]:,} → {second[ledger]:,} ({change:+,})")


def _sums(compared: _Compared) -> Counter[str]:
    sums: Counter[str] = Counter()
    for entry in compared.postings:
        for leg in entry.legs:
            sums[leg.ledger] += leg.amount_yen
    # A parent's ledger account has what the children hold, with a minus; people ask for what is in the purse.
    for main_account_id, parent_id in compared.sp.parent_ids.items():
        sums[parent_id] += sums[main_account_id]
    return sums


def _foreign_shares(before: SpState, after: SpState) -> Iterator[Change]:
    """Foreign money between purses is no posting; what a child gains, the parent or another child loses."""
    for purse_id in sorted(before.foreign.keys() | after.foreign.keys()):
        first, second = before.foreign.get(purse_id, {}), after.foreign.get(purse_id, {})
        for currency in sorted(first.keys() | second.keys()):
            was, now = first.get(currency, 0), second.get(currency, 0)
            if was != now:
                told = " → ".join(write_decimal(figure, places=AMOUNT_PLACES) for figure in (was, now))
                yield Change(CHANGED, f"{purse_id} {currency}", told)


def _transfers(before: dict[str, Application], after: dict[str, Application]) -> Iterator[Change]:
    for apply_no in sorted(before.keys() | after.keys()):
        first, second = before.get(apply_no), after.get(apply_no)
        if first is None or second is None:
            application = second or first
            assert application is not None, "the number came from one of the two"
            sign = ONLY_AFTER if first is None else ONLY_BEFORE
            for line in application.lines:
                yield Change(sign, f"{apply_no}/{line.item_id}", f"{_payment(line)}  {line.status.label}")
            continue
        for was, now in zip(first.lines, second.lines, strict=False):
            if was.status is not now.status:
                yield Change(CHANGED, f"{apply_no}/{was.item_id}", f"{was.status.label} → {now.status.label}")
            elif was != now:
                yield Change(CHANGED, f"{apply_no}/{was.item_id}", f"{_payment(was)} → {_payment(now)}")
        if first.request != second.request:
            told = f"{first.request.kind} {first.request.result.name} → {second.request.kind} "
            yield Change(CHANGED, f"{apply_no} request", told + second.request.result.name)


def _payment(line: Line) -> str:
    to = f"{line.bank.code}-{line.branch.code}-{line.account_type}-{line.account_number} {line.beneficiary_name}"
    return f"¥{line.amount_yen:,} to {to}"


def _tokens(before: OAuthMemory, after: OAuthMemory) -> Iterator[Change]:
    yield from _tokens_of_kind("access", before.access_tokens, after.access_tokens)
    yield from _tokens_of_kind("refresh", before.refresh_tokens, after.refresh_tokens)


def _tokens_of_kind(
    kind: str,
    before: tuple[AccessToken | RefreshToken, ...],
    after: tuple[AccessToken | RefreshToken, ...],
) -> Iterator[Change]:
    first = {token.token: token for token in before}
    second = {token.token: token for token in after}
    for text in dict.fromkeys([*first, *second]):
        subject = f"{kind} {text.reveal()[:TOKEN_CHARACTERS_TOLD]}…"
        was, now = first.get(text), second.get(text)
        if was is None and now is not None:
            yield Change(ONLY_AFTER, subject, _token(now))
        elif now is None and was is not None:
            yield Change(ONLY_BEFORE, subject, _token(was))
        elif was is not None and now is not None and was != now:
            yield Change(CHANGED, subject, f"{_end(was)} → {_end(now)}")


def _token(token: AccessToken | RefreshToken) -> str:
    grant = token.grant
    return f"{grant.client_id} for {grant.customer_id}, {' '.join(grant.scopes)}, {_end(token)}"


def _end(token: AccessToken | RefreshToken) -> str:
    if isinstance(token, AccessToken):
        return "revoked" if token.revoked else f"until {_local(token.expires_at)}"
    if token.dead_at is not None:
        return f"replaced {_local(token.dead_at)}"
    return f"until {_local(token.expires_at)}"


def _notifications(before: NotificationsMemory, after: NotificationsMemory) -> Iterator[Change]:
    for client_id in dict.fromkeys([*before.clients, *after.clients]):
        was, now = (memory.clients.get(client_id, ClientDelivery()).state for memory in (before, after))
        if was is not now:
            yield Change(CHANGED, f"delivery to {client_id}", f"{was} → {now}")
    first = {message.message_id: message for message in before.messages}
    second = {message.message_id: message for message in after.messages}
    for message_id in dict.fromkeys([*first, *second]):
        old, new = first.get(message_id), second.get(message_id)
        if old is None and new is not None:
            yield Change(ONLY_AFTER, message_id, _message(new))
        elif new is None and old is not None:
            yield Change(ONLY_BEFORE, message_id, _message(old))
        elif old is not None and new is not None and (old.state, old.attempts) != (new.state, new.attempts):
            yield Change(CHANGED, message_id, f"{_progress(old)} → {_progress(new)}")


def _message(message: Message) -> str:
    deposit = message.deposit
    return f"to {message.client_id}: ¥{deposit.line.amount_yen:,} at {deposit.va_id}, {_progress(message)}"


def _progress(message: Message) -> str:
    return f"{message.state} ({len(message.attempts)} attempts)"


def _local(at: datetime) -> str:
    return at.astimezone(JAPAN).strftime("%Y-%m-%d %H:%M:%S")
