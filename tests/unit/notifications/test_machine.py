"""The delivery machine: its table of states, its repetitions, what it keeps and for how long."""

from datetime import timedelta
from itertools import product

import pytest

from mock_gmo.notifications.machine import Notifications
from mock_gmo.notifications.messages import Attempt, ClientDelivery, NotificationsMemory, Outcome
from mock_gmo.notifications.rules import NotificationRules
from mock_gmo.notifications.states import MOVES, DeliveryState, DeliveryTrigger
from tests.unit.notifications.receiving import (
    CLIENT,
    NOON,
    after,
    attempt_all,
    make_happening,
    make_machine,
    only,
    start,
    states_of,
    stop,
)

RUNNING, STOPPED, BY_ITSELF = (
    DeliveryState.RUNNING,
    DeliveryState.STOPPED_BY_REQUEST,
    DeliveryState.STOPPED_BY_ITSELF,
)
# 10 s, 20 s, 40 s and so on after the attempt before, and a last one when the hour is over.
TRIES = [0, 10, 30, 70, 150, 310, 630, 1270, 2550, 3600]
DAYS_14 = 14 * 86_400


def machine_in(state: DeliveryState) -> Notifications:
    memory = NotificationsMemory({CLIENT: ClientDelivery(state, since=NOON)}, (), 0, 0)
    return Notifications(NotificationRules(), lambda length: "A" * length, memory)


def state_of(machine: Notifications, seconds: float = 0) -> DeliveryState:
    return machine.delivery_of(CLIENT, at=after(seconds)).state


def test_the_table_has_every_state_with_every_trigger() -> None:
    assert MOVES.keys() == set(product(DeliveryState, DeliveryTrigger))


@pytest.mark.parametrize(
    ("before", "trigger"), [row for row in MOVES if row[1] is not DeliveryTrigger.GAVE_UP], ids=str
)
def test_a_request_moves_delivery_as_the_table_says(before: DeliveryState, trigger: DeliveryTrigger) -> None:
    machine = machine_in(before)

    machine.subscribe(CLIENT, trigger, at=after(1))

    delivery = machine.delivery_of(CLIENT, at=after(1))
    assert delivery.state is MOVES[before, trigger]
    assert delivery.since == (after(1) if delivery.state is not before else NOON)


@pytest.mark.parametrize("before", list(DeliveryState))
def test_an_hour_of_failures_moves_delivery_as_the_table_says(before: DeliveryState) -> None:
    machine = machine_in(RUNNING)
    machine.tell(make_happening())
    attempt_all(machine, until=after(3599))
    due = machine.take_due(until=after(3600))
    assert due is not None
    if before is not RUNNING:
        # What is under way when somebody stops delivery fails afterwards.
        machine.subscribe(CLIENT, DeliveryTrigger.STOP, at=after(3600))
        machine._clients[CLIENT] = ClientDelivery(before, since=NOON)

    machine.record(due[0].number, Attempt(after(3600), Outcome.NO_ANSWER))

    assert state_of(machine, 3600) is MOVES[before, DeliveryTrigger.GAVE_UP]
    assert states_of(machine) == ["waiting"]


def test_delivery_is_stopped_in_the_beginning_and_messages_are_kept() -> None:
    machine = make_machine()
    message = machine.tell(make_happening())

    assert state_of(machine) is STOPPED
    assert attempt_all(machine, until=after(7200)) == []
    assert message.delete_at == NOON + timedelta(days=14)


def test_a_message_is_sent_at_once_and_repeated_at_growing_intervals_for_an_hour() -> None:
    machine = make_machine()
    start(machine)
    machine.tell(make_happening())

    assert attempt_all(machine, until=after(100_000)) == [(seconds, 1) for seconds in TRIES]
    assert state_of(machine, 3600) is BY_ITSELF
    assert states_of(machine) == ["waiting"]


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.DELIVERED])
def test_every_outcome_but_a_delivery_is_repeated(outcome: Outcome) -> None:
    machine = make_machine()
    start(machine)
    machine.tell(make_happening())

    assert attempt_all(machine, until=after(15), outcome=outcome) == [(0, 1), (10, 1)]


def test_a_delivered_message_is_not_sent_again() -> None:
    machine = make_machine()
    start(machine)
    machine.tell(make_happening())
    attempt_all(machine, until=NOON)

    assert attempt_all(machine, until=after(10), outcome=Outcome.DELIVERED) == [(10, 1)]
    assert attempt_all(machine, until=after(7200)) == []
    message = only(machine.messages())
    assert (message.state, message.ended_at) == ("delivered", after(10))
    assert [attempt.outcome for attempt in message.attempts] == ["not_connected", "delivered"]


def test_one_failing_message_does_not_hold_up_the_next_until_delivery_stops_for_all() -> None:
    machine = make_machine()
    start(machine)
    machine.tell(make_happening())
    attempt_all(machine, until=after(3000))
    machine.tell(make_happening(at=after(3000)))

    assert attempt_all(machine, until=after(100_000)) == [
        (3000, 2), (3010, 2), (3030, 2), (3070, 2), (3150, 2), (3310, 2), (3600, 1),
    ]  # fmt: skip
    machine.tell(make_happening(at=after(4000)))
    assert attempt_all(machine, until=after(100_000)) == []
    assert states_of(machine) == ["waiting"] * 3


def test_a_start_after_the_stop_sends_what_was_kept_from_the_beginning_of_a_new_hour() -> None:
    machine = make_machine()
    start(machine)
    machine.tell(make_happening())
    attempt_all(machine, until=after(3600))
    machine.tell(make_happening(at=after(5000)))
    start(machine, at=after(6000))

    assert attempt_all(machine, until=after(6015)) == [(6000, 1), (6000, 2), (6010, 1), (6010, 2)]
    assert state_of(machine, 6015) is RUNNING


def test_a_message_is_deleted_after_14_days_in_the_stopped_state() -> None:
    machine = make_machine()
    machine.tell(make_happening())
    machine.tell(make_happening(at=after(100)))

    start(machine, at=after(DAYS_14))

    assert states_of(machine) == ["deleted", "waiting"]
    assert attempt_all(machine, until=after(DAYS_14)) == [(DAYS_14, 2)]


def test_the_14_days_begin_with_the_stop_and_end_with_a_start() -> None:
    machine = make_machine()
    machine.tell(make_happening())
    start(machine, at=after(1_000_000))
    stop(machine, at=after(1_000_010))

    assert machine.messages()[0].delete_at == after(1_000_010 + DAYS_14)
    start(machine, at=after(1_000_020))
    assert machine.messages()[0].delete_at is None


def test_fetched_messages_count_as_delivered_and_come_oldest_first_500_at_most() -> None:
    machine = make_machine()
    for number in range(501):
        machine.tell(make_happening(at=after(1000 - number)))

    first = machine.fetch_unsent(CLIENT, at=after(2000))
    second = machine.fetch_unsent(CLIENT, at=after(2000))

    assert [message.number for message in first] == list(range(501, 1, -1))
    assert [message.number for message in second] == [1]
    assert machine.fetch_unsent(CLIENT, at=after(2000)) == []
    start(machine, at=after(2001))
    assert attempt_all(machine, until=after(9000)) == []
    assert set(states_of(machine)) == {"fetched"}


def test_the_list_tells_while_delivery_runs_what_is_unsent_but_not_what_is_under_way() -> None:
    machine = make_machine()
    start(machine)
    machine.tell(make_happening())
    attempt_all(machine, until=NOON)
    machine.tell(make_happening(at=after(1)))
    due = machine.take_due(until=after(1))
    assert due is not None

    fetched = machine.fetch_unsent(CLIENT, at=after(2))
    machine.record(due[0].number, Attempt(after(2), Outcome.DELIVERED, 200))

    assert [message.number for message in fetched] == [1]
    assert states_of(machine) == ["fetched", "delivered"]


def test_clients_are_stopped_and_told_each_for_itself() -> None:
    machine = make_machine()
    start(machine)
    machine.tell(make_happening())
    machine.tell(make_happening("client-b"))

    assert attempt_all(machine, until=NOON, outcome=Outcome.DELIVERED) == [(0, 1)]
    assert [message.number for message in machine.fetch_unsent("client-b", at=NOON)] == [2]
    assert machine.fetch_unsent(CLIENT, at=NOON) == []


def test_a_request_works_after_its_delay_and_the_last_wish_wins() -> None:
    machine = make_machine(notification_subscribe_delay_seconds=600)
    start(machine)
    start(machine, at=after(599))
    assert state_of(machine, 599) is STOPPED
    assert state_of(machine, 600) is RUNNING

    stop(machine, at=after(700))
    start(machine, at=after(800))
    assert state_of(machine, 1300) is RUNNING
    assert state_of(machine, 5000) is RUNNING


def test_what_was_due_before_a_stop_works_is_sent_before_it() -> None:
    machine = make_machine(notification_subscribe_delay_seconds=60)
    start(machine)
    machine.tell(make_happening(at=after(60)))
    stop(machine, at=after(75))

    assert attempt_all(machine, until=after(1000)) == [(60, 1), (70, 1), (90, 1), (130, 1)]
    assert state_of(machine, 1000) is STOPPED


def test_a_stop_while_a_message_is_under_way_keeps_it_when_it_fails() -> None:
    machine = make_machine()
    start(machine)
    machine.tell(make_happening())
    due = machine.take_due(until=NOON)
    assert due is not None
    stop(machine, at=after(1))

    message = machine.record(due[0].number, Attempt(after(2), Outcome.NO_ANSWER))

    assert (message.state, message.due_at, message.delete_at) == ("waiting", None, after(1 + DAYS_14))


def test_without_a_token_nothing_is_kept_and_nothing_is_made_up_for() -> None:
    machine = make_machine()
    start(machine)
    machine.tell(make_happening(has_token=False))
    machine.tell(make_happening())
    due = machine.take_due(until=NOON)
    assert due is not None
    machine.drop(due[0].number, at=NOON)
    stop(machine, at=after(1))

    assert states_of(machine) == ["no_token", "no_token"]
    assert machine.fetch_unsent(CLIENT, at=after(2)) == []


def test_a_copy_is_sent_again_under_the_same_id_after_the_delivery() -> None:
    machine = make_machine()
    start(machine)
    machine.tell(make_happening(copies_count=1))

    assert attempt_all(machine, until=NOON, outcome=Outcome.DELIVERED) == [(0, 1), (0, 1)]
    assert states_of(machine) == ["delivered"]


def test_a_held_message_lets_the_next_one_go_first() -> None:
    machine = make_machine()
    start(machine)
    machine.tell(make_happening(is_held=True))
    machine.tell(make_happening(at=after(3)))

    assert attempt_all(machine, until=after(3), outcome=Outcome.DELIVERED) == [(3, 2), (3, 1)]


def test_a_held_message_goes_alone_when_no_other_comes() -> None:
    machine = make_machine()
    start(machine)
    machine.tell(make_happening(is_held=True))

    assert attempt_all(machine, until=after(60), outcome=Outcome.DELIVERED) == [(10, 1)]


def test_a_delayed_message_is_due_later_and_a_lost_one_never() -> None:
    machine = make_machine()
    start(machine)
    machine.tell(make_happening(delay_seconds=5))
    machine.tell(make_happening(is_lost=True))

    assert attempt_all(machine, until=after(60), outcome=Outcome.DELIVERED) == [(5, 1)]
    assert states_of(machine) == ["delivered", "lost"]


def test_no_more_is_remembered_than_the_bound() -> None:
    machine = make_machine(notification_messages_max=3)
    for number in range(10):
        machine.tell(make_happening(at=after(number)))

    messages = machine.messages()
    assert [message.number for message in messages if message.state == "waiting"] == [8, 9, 10]
    assert [message.number for message in messages if message.state == "deleted"] == [5, 6, 7]
    start(machine, at=after(20))
    attempt_all(machine, until=after(20), outcome=Outcome.DELIVERED)
    assert [message.number for message in machine.messages()] == [8, 9, 10]


def test_every_message_has_an_id_of_19_letters_and_digits_of_its_own() -> None:
    ids = iter(["A" * 19, "A" * 19, "B" * 19])
    machine = Notifications(NotificationRules(), lambda _: next(ids))
    machine.tell(make_happening())
    machine.tell(make_happening())

    assert [message.message_id for message in machine.messages()] == ["A" * 19, "B" * 19]
    made = make_machine().tell(make_happening())
    assert len(made.message_id) == 19
    assert made.message_id.isalnum()


def test_a_machine_goes_on_from_its_memory_as_if_nothing_had_been() -> None:
    machine = make_machine(notification_subscribe_delay_seconds=100)
    start(machine)
    machine.delivery_of(CLIENT, at=after(100))
    machine.tell(make_happening(at=after(100)))
    machine.tell(make_happening(at=after(101), is_held=True))
    machine.tell(make_happening("client-b", at=after(102)))
    attempt_all(machine, until=after(105))
    stop(machine, at=after(200))

    again = Notifications(machine.rules, lambda length: "Z" * length, machine.memory())

    for one in (machine, again):
        one.take_due(until=after(110))
    assert again.memory() == machine.memory()
    assert attempt_all(again, until=after(9_999_999)) == attempt_all(machine, until=after(9_999_999))
    assert again.memory() == machine.memory()


@pytest.mark.parametrize(
    "change",
    [
        {"notification_answer_seconds": 0},
        {"notification_first_retry_seconds": 0},
        {"notification_retry_seconds_max": 0},
        {"notification_kept_seconds": 0},
        {"notification_unsent_list_max": 501},
        {"notification_unsent_list_max": 0},
        {"notification_messages_max": 0},
        {"notification_subscribe_delay_seconds": -1},
        {"notification_former_token_seconds": -1},
        {"notification_retry_seconds_max": 10**12},
        {"notification_kept_seconds": 10**12},
    ],
    ids=str,
)
def test_rules_out_of_range_are_refused(change: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(change))):
        NotificationRules(**change)
