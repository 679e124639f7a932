"""Wrong integrators: the service with one mistake in it, each one that a team in the field has made or could make.

Mistakes that can move money twice, lose it, tell ReCORE something false or show a secret name no place: the world
must find them, which knows nothing of them. The others name the subject in whose tests they are hunted.
"""

from datetime import timedelta

from integrator import (
    connections,
    doubt,
    gate,
    listing,
    payout_checks,
    payouts,
    restoring,
    standings,
    submitting,
    vault,
)
from integrator.bank_client import wire
from integrator.bank_client.calls import Calls
from integrator.connections import Tokens
from integrator.domain import audit as audit_rules
from integrator.domain import batch, callback, days, marks, submission, turns
from integrator.domain import payout as payout_rules
from integrator.domain.outcome import Attempt, Fact, OutcomeKind
from integrator.domain.payout import PayoutState
from integrator.domain.submission import SubmissionState
from integrator.gate import Gate
from integrator.secret import Secret
from integrator.store import api_keys, claims, purging, stops
from integrator.store import batches as batch_rows
from integrator.store import callbacks as callback_rows
from integrator.store import connections as connection_rows
from integrator.store import submissions as submission_rows
from integrator.vault import Vault
from tests.mutants import integrator_mistakes as wrong
from tests.mutants.early_telling import told_before_the_commit
from tests.mutants.planting import Mistake, everywhere, member, row, together

SCENARIOS = ("tests/scenario",)
CONNECTIONS = ("tests/unit/integrator_connections", "tests/scenario/test_connection.py", "tests/unit/integrator_web")
SAFETY = ("tests/unit/integrator_safety", "tests/unit/integrator_vault", "tests/scenario")
CALLBACKS = ("tests/unit/integrator_callbacks", "tests/unit/integrator_domain", "tests/scenario/test_callbacks.py")
WEB = ("tests/unit/integrator_web",)
DOMAIN = ("tests/unit/integrator_domain", "tests/scenario")

WRONG_INTEGRATORS: tuple[Mistake, ...] = (
    # Paying twice
    Mistake("new-key-on-retry", "a repetition goes out under a new idempotency key",
            lambda: everywhere(submitting, "call", wrong.new_key)),
    Mistake("timeout-is-failure", "a call that timed out is taken for one that was not carried out",
            wrong.classified(Attempt.FIRST, Fact.TIMED_OUT, kind=OutcomeKind.NOT_CARRIED_OUT)),
    Mistake("broken-is-failure", "a connection that broke is taken for a call that was not carried out",
            wrong.classified(Attempt.FIRST, Fact.BROKEN, kind=OutcomeKind.NOT_CARRIED_OUT)),
    Mistake("5xx-is-failure", "a server error is taken for a call that was not carried out",
            wrong.classified(Attempt.FIRST, Fact.SERVER_ERROR, kind=OutcomeKind.NOT_CARRIED_OUT)),
    Mistake("unreadable-is-failure", "an unreadable reply is taken for a call that was not carried out",
            wrong.classified(Attempt.FIRST, Fact.UNREADABLE, kind=OutcomeKind.NOT_CARRIED_OUT)),
    Mistake("resend-after-a-day", "what is in doubt is sent again although the bank has forgotten the key",
            lambda: everywhere(submission, "KEY_LIFE", lambda _: timedelta(days=36500))),
    Mistake("repeats-as-another-user", "what one user sent is repeated with the consent of another",
            lambda: everywhere(submission, "next_in_doubt", wrong.same_grant), DOMAIN),
    Mistake("lapsed-lease-sends-again", "a call whose worker died goes back to those that were never sent",
            lambda: everywhere(doubt, "_lapse", wrong.lapse_sends_again)),
    Mistake("late-worker-sends", "a worker that stood still sends although its lease and its turn are gone",
            lambda: together(everywhere(submitting, "_is_still_ours", wrong.always(True)),
                             everywhere(gate, "DEPARTURE_MAX", lambda _: timedelta(days=36500)))),
    Mistake("late-worker-writes", "a worker that stood still records over what others have decided since",
            lambda: everywhere(submission_rows, "change_held", wrong.without_lease)),
    Mistake("replaces-what-may-still-pay", "a payout may be replaced while the bank may still pay it",
            lambda: everywhere(payout_checks, "check_replaced", wrong.nothing)),
    # Believing what is not so
    Mistake("refused-repetition-is-rejection", "the refusal of a repetition is taken for the end of the order",
            wrong.refused_when_repeated(Fact.REFUSED)),
    Mistake("limited-repetition-is-rejection", "a 429 to a repetition is taken for the end of the order",
            wrong.refused_when_repeated(Fact.LIMITED)),
    Mistake("not-found-is-dead", "an order in doubt that the status inquiry does not show is told dead",
            lambda: everywhere(doubt, "_act", wrong.not_found_is_dead)),
    Mistake("unanswered-is-dead", "an inquiry that nobody answered is taken for one that found nothing",
            lambda: everywhere(doubt, "look_up", wrong.unanswered_is_empty)),
    Mistake("unseen-is-dead", "an order that the bank took and does not show is told expired",
            lambda: everywhere(standings, "store_unseen", wrong.told_expired)),
    Mistake("state-by-prefix", "states of the bank are compared by their beginning",
            lambda: everywhere(standings, "_standing", wrong.by_prefix)),
    Mistake("doubt-is-rejection", "an order whose first call ended in doubt is told as refused",
            lambda: row(submission.AFTER_CALL, (SubmissionState.SENDING, OutcomeKind.IN_DOUBT),
                        (SubmissionState.DEAD, PayoutState.REJECTED))),
    Mistake("2-is-settled", "what waits for its approver is told as settled",
            wrong.standing("2", PayoutState.SETTLED, SubmissionState.FOLLOWED)),
    Mistake("20-is-final", "a settled transfer is not looked at again, so its return is never known",
            wrong.standing("20", PayoutState.SETTLED, SubmissionState.FINISHED)),
    Mistake("13-is-dead", "a transfer that the bank tries again later is told dead",
            wrong.standing("13", PayoutState.NOT_EXECUTED, SubmissionState.DEAD)),
    Mistake("24-is-returned", "a recall under way is told as money that came back",
            wrong.standing("24", PayoutState.RETURNED, SubmissionState.DEAD)),
    Mistake("26-is-returned", "a recall that was refused is told as money that came back",
            wrong.standing("26", PayoutState.RETURNED, SubmissionState.DEAD)),
    Mistake("40-is-settled", "a transfer that failed is told as settled",
            wrong.standing("40", PayoutState.SETTLED, SubmissionState.FINISHED)),
    Mistake("cancelled-at-once", "a wish to cancel is told as a cancel that came about",
            lambda: everywhere(submission, "shown_to_recore", wrong.cancelled_at_once)),
    Mistake("one-state-for-all-lines", "the state of the first line is taken for that of all lines of a batch",
            lambda: everywhere(standings, "store_standings", wrong.one_for_all)),
    Mistake("batch-lines-mixed-up", "the lines of a batch are told apart by their order, not by their marks",
            lambda: everywhere(listing, "ours", wrong.lines_turned_round)),
    Mistake("amounts-of-neighbours", "in a batch each line pays the amount of the next",
            lambda: everywhere(wire, "transfer_body", wrong.neighbours_amount)),
    Mistake("one-yen-more", "every line pays one yen more than was asked for",
            lambda: everywhere(wire, "transfer_body", wrong.one_yen_more)),
    Mistake("one-key-for-all", "every order of a company goes out under the same idempotency key",
            lambda: everywhere(marks, "bank_key_of", wrong.always("nk-THE-ONE-AND-ONLY"))),
    Mistake("callback-lost-when-refused", "an event that the receiver did not take is forgotten",
            lambda: everywhere(callback_rows, "postpone_delivery", wrong.lost_callback)),
    Mistake("stop-is-not-looked-at", "orders leave although payouts are stopped",
            lambda: together(everywhere(stops, "is_stopped", wrong.always(False)),
                             everywhere(claims, "stopped_here", wrong.never_stopped))),
    # The limit
    Mistake("limit-per-process", "each process keeps a limit of its own",
            lambda: member(Gate, "wait", wrong.own_gate)),
    Mistake("limit-without-reserve", "calls leave nine tenths of a second apart",
            lambda: everywhere(turns, "spacing", wrong.without_reserve)),
    # Secrets
    Mistake("token-logged", "the headers of a call are written to the log",
            lambda: member(Calls, "_write_line", wrong.with_headers)),
    Mistake("tokens-unsealed", "tokens are stored as they are",
            lambda: together(member(Vault, "seal", wrong.in_clear), member(Vault, "open", wrong.from_clear))),
    Mistake("secret-shows-itself", "a secret that is printed shows its text",
            lambda: together(member(Secret, "__repr__", wrong.shows_itself),
                             member(Secret, "__str__", wrong.shows_itself)),
            ("tests/unit/integrator_vault", "tests/unit/house_rules")),
    Mistake("seal-unbound", "a sealed token opens in another company's row",
            lambda: everywhere(vault, "_binding", wrong.unbound), SAFETY),
    Mistake("purge-leaves-tokens", "the purge counts expired tokens and leaves them",
            lambda: everywhere(purging, "drop_expired_tokens", wrong.marks_only), SAFETY),
    # Orders
    Mistake("429-is-refusal", "a call that came too soon is told as a refused order",
            wrong.classified(Attempt.FIRST, Fact.LIMITED, kind=OutcomeKind.REJECTED), DOMAIN),
    Mistake("401-is-in-doubt", "an order that was refused for its token needs an inquiry first",
            wrong.classified(Attempt.FIRST, Fact.TOKEN_REFUSED, kind=OutcomeKind.IN_DOUBT), DOMAIN),
    Mistake("repetition-written-anew", "a repetition is written anew, with the day of the repetition",
            lambda: everywhere(submitting, "call", wrong.new_body), SCENARIOS),
    Mistake("utc-date", "the day of an order is the one in London",
            lambda: everywhere(days, "civil_date", wrong.in_utc), DOMAIN),
    Mistake("page-two-ignored", "only the first page of a list is read, and taken for the whole",
            lambda: everywhere(listing, "read_list", wrong.first_page_only), SCENARIOS),
    Mistake("all-refused-for-one", "one bad line rejects every payout of its batch",
            lambda: everywhere(batch, "culprits", wrong.everybody), DOMAIN),
    Mistake("wrong-line-refused", "the payout after the bad one is rejected",
            lambda: everywhere(batch, "culprits", wrong.the_next_one), DOMAIN),
    Mistake("cancels-for-all", "a cancel of one payout cancels its whole batch",
            lambda: everywhere(batch_rows, "is_cancel_wanted_by_all", wrong.always(True)), SCENARIOS),
    Mistake("key-with-any-body", "the key of one order answers another order",
            lambda: everywhere(payouts, "_known", wrong.any_body),
            ("tests/unit/integrator_store", "tests/unit/integrator_web")),
    Mistake("restore-without-doubt", "a restored database goes on as if nothing had been lost",
            lambda: everywhere(restoring, "_doubt", wrong.always(0)), SCENARIOS),
    # Connections
    Mistake("state-unchecked", "a redirect is taken whatever its state",
            lambda: everywhere(connections, "_check_state", wrong.nothing), CONNECTIONS),
    Mistake("state-for-many", "the state of a consent can be used again",
            lambda: everywhere(connection_rows, "use_consent_request", wrong.nothing), CONNECTIONS),
    Mistake("refresh-race", "two workers may refresh one grant at the same time",
            lambda: everywhere(connection_rows, "claim_refresh", wrong.always(True)), CONNECTIONS),
    Mistake("refresh-token-kept", "the new refresh token of a refresh is thrown away",
            lambda: member(Tokens, "_sealed", wrong.old_refresh_token), CONNECTIONS),
    # Callbacks
    Mistake("callbacks-out-of-order", "what happened last is told first",
            lambda: everywhere(callback_rows, "claim_delivery", wrong.newest_first)),
    Mistake("callback-before-commit", "ReCORE is told of a change while it can still be rolled back",
            told_before_the_commit),
    Mistake("callback-unsigned", "callbacks carry something that is no signature",
            lambda: everywhere(callback, "signature", wrong.unsigned), CALLBACKS),
    Mistake("callback-time-unsigned", "the signature of a callback leaves out its time",
            lambda: everywhere(callback, "signature", wrong.signs_body_only), CALLBACKS),
    Mistake("callback-to-inside", "callbacks may go to private addresses",
            lambda: everywhere(callback, "may_connect", wrong.always(True)), CALLBACKS),
    # Keeping account
    Mistake("settled-is-reconciled", "what the bank calls settled counts as reconciled",
            lambda: everywhere(payout_rules, "is_reconciled", wrong.settled_is_reconciled), SCENARIOS),
    Mistake("audit-unchained", "the hash of an audit row does not cover the row before",
            lambda: everywhere(audit_rules, "entry_hash", wrong.not_chained),
            ("tests/unit/integrator_store", "tests/unit/integrator_domain")),
    Mistake("revoked-key-opens", "an API key that was revoked still opens",
            lambda: everywhere(api_keys, "find_key", wrong.never_revoked), WEB),
)  # fmt: skip
