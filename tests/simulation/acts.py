"""What can happen in a world, as one table: the act in the field's words, its weight by profile, its rule.

An act draws everything that it leaves open from a chance of its own, so it does the same whatever other acts a story
has. It returns the line that the story gets, or None when there was nothing to do.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.simulation import people, shop, trouble
from tests.simulation.stage import Stage

Rule = Callable[[Stage, Random], str | None]
PROFILES = ("dev", "ci", "night")


@dataclass(frozen=True, slots=True)
class Act:
    """One row: its name, its weight by profile, and what it does."""

    name: str
    dev: int
    ci: int
    night: int
    rule: Rule

    def weight(self, profile: str) -> int:
        """Return how often it happens, compared with the others."""
        weights: dict[str, int] = {"dev": self.dev, "ci": self.ci, "night": self.night}
        return weights[profile]


# fmt: off
ACTS: tuple[Act, ...] = (
    # name                      dev  ci  night  rule
    Act("work",                 110, 110, 110, shop.work),
    Act("pass seconds",          40,  40,  40, shop.pass_seconds),
    Act("pass minutes",          9,  9,  9, shop.pass_minutes),
    Act("place",                 34,  34,  34, shop.place),
    Act("place several",          4,   4,  12, shop.place_several),
    Act("place again",           14,  14,  14, shop.place_again),
    Act("place refused",          2,   2,   2, shop.place_refused),
    Act("read",                  10,  10,  10, shop.read),
    Act("cancel",                 8,   8,   8, shop.cancel),
    Act("replace",                8,   8,   8, shop.replace),
    Act("ask the bank",           4,   4,   4, shop.inquire),
    Act("confirm",               24,  24,  24, people.confirm),
    Act("confirm all",            12,   12,  12, people.confirm_all),
    Act("approve",               10,  10,  10, people.approve),
    Act("send back",              2,   2,   2, people.send_back),
    Act("withdraw",               2,   2,   2, people.withdraw),
    Act("fail",                   2,   2,   2, people.fail),
    Act("return funds",           5,   5,   5, people.return_funds),
    Act("recall",                 3,   3,   3, people.recall),
    Act("recall agreed",          3,   3,   3, people.recall_agreed),
    Act("recall refused",         2,   2,   2, people.recall_refused),
    Act("consent",                5,   5,   5, people.consent),
    Act("tokens expire",          4,   4,   4, people.expire_tokens),
    Act("limit",                  3,   3,   3, people.change_limit),
    Act("deposit",                3,   3,   3, people.deposit),
    Act("confirmation",           2,   2,   2, people.change_confirmation),
    Act("maintenance",            2,   2,   2, people.maintenance),
    Act("stop payouts",           2,   2,   2, people.stop_payouts),
    Act("resume payouts",         3,   3,   3, people.resume_payouts),
    Act("decide",                 5,   5,   5, people.decide),
    Act("trouble to the bank",   34,  34,  34, trouble.on_the_way_to_bank),
    Act("trouble with an order", 40,  40,  40, trouble.with_an_order),
    Act("trouble for callbacks",  8,   8,   8, trouble.for_callbacks),
    Act("trouble for ReCORE",     8,   8,   8, trouble.for_recore),
    Act("fault at the bank",     26,  26,  26, trouble.at_the_bank),
    Act("kill",                  10,  10,  10, trouble.kill),
    Act("kill at",               18,  18,  18, trouble.kill_at),
    Act("kill the web",           3,   3,   3, trouble.kill_web),
    Act("start",                 30,  30,  30, trouble.start),
    Act("database fails",         7,   7,   7, trouble.database_fails),
    Act("backup",                 3,   3,   3, trouble.back_up),
    Act("restore",                1,   1,   1, trouble.restore),
    Act("purge",                  2,   2,   2, trouble.purge),
    Act("clock back",             3,   3,   3, trouble.clock_back),
    Act("stand still",            5,   5,   5, trouble.stand_still),
    Act("hours",                  3,   3,   3, shop.pass_hours),
    Act("to midnight",            2,   2,   2, shop.to_midnight),
    Act("over a limit",           2,   2,   2, shop.over_a_limit),
)
# fmt: on
BY_NAME = {act.name: act for act in ACTS}
