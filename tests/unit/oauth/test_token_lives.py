"""How long tokens live, and what ends them."""

import pytest

from mock_gmo.oauth.errors import OAuthRefusal
from mock_gmo.oauth.rules import OAuthRules
from mock_gmo.oauth.server import TokenReply
from tests.unit.oauth.authorization_servers import NOON, OTHER_CLIENT, Dialogue, seconds

DAYS_30 = 2_592_000
DAYS_90 = 7_776_000


def begun(rules: OAuthRules | None = None) -> tuple[Dialogue, TokenReply]:
    dialogue = Dialogue(rules or OAuthRules())
    return dialogue, dialogue.redeem(dialogue.code())


def test_an_access_token_ends_at_its_second_and_stays_known():
    dialogue, reply = begun()

    assert dialogue.opens(reply, at=NOON + seconds(DAYS_30 - 0.001))
    assert not dialogue.opens(reply, at=NOON + seconds(DAYS_30))
    assert dialogue.server.find_access(reply.access_token.reveal()) is not None


def test_a_refresh_token_ends_at_its_second():
    dialogue, reply = begun()

    with pytest.raises(OAuthRefusal, match="invalid_grant"):
        dialogue.refresh(reply, at=NOON + seconds(DAYS_90))
    assert dialogue.refresh(reply, at=NOON + seconds(DAYS_90 - 0.001)).expires_in == DAYS_30


def test_a_refresh_gives_a_new_pair_that_lives_from_then_on():
    dialogue, first = begun()
    later = NOON + seconds(1_000)

    second = dialogue.refresh(first, at=later)

    assert second.access_token != first.access_token
    assert second.refresh_token != first.refresh_token
    assert dialogue.opens(second, at=later + seconds(DAYS_30 - 1))
    assert dialogue.refresh(second, at=later + seconds(DAYS_90 - 1)).scope == first.scope


def test_after_a_refresh_the_old_pair_is_dead_at_once():
    dialogue, first = begun()

    dialogue.refresh(first)

    assert not dialogue.opens(first)
    with pytest.raises(OAuthRefusal, match="invalid_grant"):
        dialogue.refresh(first)


def test_a_rule_lets_the_old_access_token_live_on():
    dialogue, first = begun(OAuthRules(old_access_dead_at_once=False))

    dialogue.refresh(first)

    assert dialogue.opens(first)


def test_a_grace_lets_a_refresh_be_repeated_for_some_seconds():
    dialogue, first = begun(OAuthRules(refresh_grace_seconds=10))
    lost = dialogue.refresh(first)

    again = dialogue.refresh(first, at=NOON + seconds(9))

    assert dialogue.opens(again, at=NOON + seconds(9))
    assert not dialogue.opens(lost, at=NOON + seconds(9))
    with pytest.raises(OAuthRefusal, match="invalid_grant"):
        dialogue.refresh(first, at=NOON + seconds(10))


def test_repeating_does_not_stretch_the_grace():
    dialogue, first = begun(OAuthRules(refresh_grace_seconds=10))
    for after in (0, 4, 8):
        dialogue.refresh(first, at=NOON + seconds(after))

    with pytest.raises(OAuthRefusal, match="invalid_grant"):
        dialogue.refresh(first, at=NOON + seconds(10))


def test_without_rotation_the_refresh_token_stays():
    dialogue, first = begun(OAuthRules(rotates_refresh_tokens=False))

    second = dialogue.refresh(first)

    assert second.refresh_token == first.refresh_token
    assert dialogue.opens(dialogue.refresh(second))


@pytest.mark.parametrize(
    ("which", "opens", "refreshes", "count"),
    [
        ("access_token", False, True, 1),
        ("refresh_token", True, False, 1),
        ("client_id", False, False, 2),
    ],
)
def test_tokens_can_be_made_to_expire_now(which, opens, refreshes, count):
    dialogue, reply = begun()
    assert reply.refresh_token is not None
    values = {
        "access_token": reply.access_token.reveal(),
        "refresh_token": reply.refresh_token.reveal(),
        "client_id": dialogue.client.client_id,
    }

    assert dialogue.server.expire(**{which: values[which]}, at=NOON) == count
    assert dialogue.server.expire(**{which: values[which]}, at=NOON) == 0

    assert dialogue.opens(reply) is opens
    if refreshes:
        dialogue.refresh(reply)
    else:
        with pytest.raises(OAuthRefusal, match="invalid_grant"):
            dialogue.refresh(reply)


def test_expiring_another_client_or_an_unknown_token_ends_nothing():
    dialogue, reply = begun()

    assert dialogue.server.expire(client_id=OTHER_CLIENT.client_id, at=NOON) == 0
    assert dialogue.server.expire(access_token="unknown", refresh_token="unknown", at=NOON) == 0

    assert dialogue.opens(reply)
