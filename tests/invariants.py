"""What must hold in every world after every story, whatever broke in it."""

from collections import Counter
from pathlib import Path

from sqlalchemy import select

from integrator.domain.payout import DEAD, PayoutState
from integrator.store.schema import payouts, submission_lines
from mock_gmo.app import world_of
from tests.world import World


def assert_books_balance(world: World) -> None:
    """Every posting sums to zero, and every running balance is what its legs give."""
    check = world_of(world.bank_app).bank.check_books()

    assert check.sum_yen == 0
    assert not check.differing


def assert_paid_at_most_once(world: World) -> None:
    """No payout has two debits that were not given back, and no debit is without a payout."""
    with world.db.read() as tx:
        marks = {row.mark: row.payout_id for row in tx.execute(select(submission_lines))}
    kept: Counter[str] = Counter()
    for payment in world.payments():
        assert payment.edi_info in marks, f"{payment.amount_yen} yen were debited without a payout"
        if payment.came_back_yen == 0:
            kept[marks[payment.edi_info]] += 1
    assert all(count == 1 for count in kept.values()), f"paid twice: {kept}"


def assert_what_recore_was_told_is_true(world: World) -> None:
    """Settled means debited and not given back; dead means that no money is away."""
    with world.db.read() as tx:
        rows = tx.execute(
            select(payouts.c.payout_id, payouts.c.state, submission_lines.c.mark, payouts.c.amount_yen).join(
                submission_lines, submission_lines.c.payout_id == payouts.c.payout_id
            )
        ).all()
    away = Counter({row.payout_id: 0 for row in rows})
    by_mark = {row.mark: row for row in rows}
    for payment in world.payments():
        row = by_mark.get(payment.edi_info or "")
        if row is not None:
            away[row.payout_id] += payment.amount_yen - payment.came_back_yen
    for row in rows:
        state = PayoutState(row.state)
        if state is PayoutState.SETTLED:
            assert away[row.payout_id] == row.amount_yen, f"{row.payout_id} is told settled, but the money is not away"
        if state in DEAD:
            assert away[row.payout_id] == 0, f"{row.payout_id} is told {state}, but the money is away"


def assert_limit_was_kept(world: World) -> None:
    """The bank never had to refuse a call for coming too soon."""
    assert [sent for sent in world.line.sent if sent.status == 429] == []


def assert_no_secret_in_clear(world: World, texts: dict[str, str], files: list[Path]) -> None:
    """Tokens, codes, client secrets and API keys stand in none of these texts and files."""
    oauth_secrets = {value for value in world.secrets_seen if value}
    assert oauth_secrets, "a test that looks for no secret proves nothing"
    for name, text in texts.items():
        for secret in oauth_secrets:
            assert secret not in text, f"a secret stands in clear in {name}"
    for file in files:
        content = file.read_bytes()
        for secret in oauth_secrets:
            assert secret.encode() not in content, f"a secret stands in clear in {file.name}"


def assert_all_is_well(world: World) -> None:
    """The invariants that need nothing but the world."""
    assert_books_balance(world)
    assert_paid_at_most_once(world)
    assert_what_recore_was_told_is_true(world)
