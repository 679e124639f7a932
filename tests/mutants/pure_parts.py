"""The pure parts whose mutants are tried, each with the quick tests that belong to it. A literal table."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Part:
    """One module by its path, and the tests that must notice any change of it, the likeliest first.

    Where `only` names functions, the rest of the module is not pure and is left alone.
    """

    path: str
    tests: tuple[str, ...]
    only: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        return self.path.removesuffix(".py").replace("/", ".")

    def has(self, where: str) -> bool:
        """True when what stands in this function or class belongs to the part."""
        return not self.only or where in self.only


_DOMAIN = "tests/unit/integrator_domain"
_WORDS = f"{_DOMAIN}/test_words.py"
_BANK = "tests/unit/bank"

PARTS = (
    Part("integrator/domain/audit.py", (f"{_DOMAIN}/test_audit.py",)),
    Part("integrator/domain/batch.py", (f"{_DOMAIN}/test_batch.py",)),
    Part("integrator/domain/callback.py", (f"{_DOMAIN}/test_callback.py",)),
    Part("integrator/domain/connection.py", (f"{_DOMAIN}/test_connection.py", _WORDS)),
    Part("integrator/domain/days.py", (f"{_DOMAIN}/test_days.py",)),
    Part("integrator/domain/event.py", (f"{_DOMAIN}/test_event.py", _WORDS)),
    Part("integrator/domain/kana.py", (f"{_DOMAIN}/test_kana.py",)),
    Part("integrator/domain/marks.py", (f"{_DOMAIN}/test_marks.py",)),
    Part("integrator/domain/outcome.py", (f"{_DOMAIN}/test_outcome.py", _WORDS)),
    Part("integrator/domain/payout.py", (f"{_DOMAIN}/test_payout.py", _WORDS)),
    Part("integrator/domain/problem.py", (f"{_DOMAIN}/test_problem.py",)),
    Part("integrator/domain/reconciliation.py", (f"{_DOMAIN}/test_reconciliation.py", _WORDS)),
    Part("integrator/domain/stuck.py", (f"{_DOMAIN}/test_stuck.py",)),
    Part("integrator/domain/submission.py", (f"{_DOMAIN}/test_submission.py", _WORDS)),
    Part("integrator/domain/turns.py", ("tests/unit/integrator_gate/test_turns.py", _WORDS)),
    Part("integrator/listing.py", ("tests/unit/test_integrator_listing.py",), only=("ours", "_look")),
    Part("mock_gmo/bank/bulk_states.py", (f"{_BANK}/test_states.py", f"{_BANK}/test_bulk_life.py")),
    Part("mock_gmo/bank/business_id.py", (f"{_BANK}/test_business_id.py",)),
    Part("mock_gmo/bank/calendar.py", (f"{_BANK}/test_days_and_rules.py", f"{_BANK}/test_national_holidays.py")),
    Part("mock_gmo/bank/days.py", (f"{_BANK}/test_days_and_rules.py",)),
    Part("mock_gmo/bank/fees.py", (f"{_BANK}/test_days_and_rules.py",)),
    Part("mock_gmo/bank/fixed_point.py", (f"{_BANK}/test_fixed_point.py",)),
    Part("mock_gmo/bank/kana.py", (f"{_BANK}/test_kana.py",)),
    Part("mock_gmo/bank/limits.py", (f"{_BANK}/test_limits.py",)),
    Part("mock_gmo/bank/rules.py", (f"{_BANK}/test_days_and_rules.py",)),
    Part("mock_gmo/bank/states.py", (f"{_BANK}/test_states.py", f"{_BANK}/test_transfer_life.py")),
    Part("mock_gmo/bank/virtual_account_names.py", (f"{_BANK}/test_virtual_account_names.py",)),
    Part("mock_gmo/bank/yen.py", (f"{_BANK}/test_days_and_rules.py",)),
    Part("mock_gmo/testing/verdict.py", ("tests/unit/testing/test_verdict.py",)),
)
