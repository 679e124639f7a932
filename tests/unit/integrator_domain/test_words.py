"""The words of the domain. They stand in databases, logs, events and backups, so none may ever change."""

from enum import StrEnum

import pytest

from integrator.domain.connection import ConnectionState, Happening, ToldChange
from integrator.domain.event import EventKind
from integrator.domain.outcome import Attempt, Fact, OutcomeKind
from integrator.domain.payout import PayoutState
from integrator.domain.reconciliation import DifferenceKind, LineKind
from integrator.domain.submission import CancelState, DoubtStep, SubmissionState
from integrator.domain.turns import Urgency

WORDS: dict[type[StrEnum], str] = {
    PayoutState: "accepted submitting in_doubt awaiting_confirmation awaiting_approval reserved processing settled "
    "recall_in_process returned rejected expired not_executed withdrawn cancelling cancelled needs_person",
    SubmissionState: "waiting sending in_doubt repeating followed needs_person dead finished",
    DoubtStep: "adopt repeat look_again ask_person",
    CancelState: "none wanted due requested",
    Attempt: "first repeat",
    Fact: "not_connected done refused token_refused limited unreadable server_error timed_out broken lease_lapsed",
    OutcomeKind: "accepted rejected not_carried_out in_doubt",
    ConnectionState: "not_connected connected needs_consent",
    Happening: "consented refreshed refresh_not_sent refresh_in_doubt refresh_abandoned refresh_refused grant_ended "
    "tokens_ended",
    ToldChange: "connected consent_ends renewed lost",
    EventKind: "payout.changed connection.changed callback.test",
    LineKind: "transfer fee fee_back return other_debit other_credit",
    DifferenceKind: "missing unexpected different fee_missing fee_unexpected return_missing return_unexpected "
    "unknown_order",
    Urgency: "pay soon later",
}


@pytest.mark.parametrize("kind", WORDS, ids=lambda kind: kind.__name__)
def test_no_word_ever_changes(kind: type[StrEnum]) -> None:
    assert [member.value for member in kind] == WORDS[kind].split()
    assert [member.name.lower() for member in kind] == [
        {"callback.test": "callback_test"}.get(member.value, member.value.replace(".", "_")) for member in kind
    ]
