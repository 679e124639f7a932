"""What can happen in a world, as one table: the act in the field's words, its weight by profile, its rule.

An act draws everything that it leaves open from a chance of its own, so it does the same whatever other acts a story
has. It returns the line that the story gets, or None when there was nothing to do.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.simulation import bank_side, people, shop, storylines, trouble
from tests.simulation.stage import Stage

Rule = Callable[[Stage, Random], str | None]
PROFILES = ("dev", "ci", "hunt", "night")
STORYLINES_IN_A_HUNT = 6


# Without these nothing would come about in a world.
EVERYWHERE = frozenset({"work", "pass seconds", "pass minutes", "place", "confirm", "confirm all", "approve", "start"})


@dataclass(frozen=True, slots=True)
class Act:
    """One row: its name, its weight by profile, and what it does."""

    name: str
    dev: int
    ci: int
    night: int
    rule: Rule
    is_storyline: bool = False

    @property
    def may_swarm(self) -> bool:
        """Whether the act is frequent in some worlds and rare in others."""
        return self.name not in EVERYWHERE

    def weight(self, profile: str) -> int:
        """Return how often it happens, compared with the others."""
        hunt = self.ci * (STORYLINES_IN_A_HUNT if self.is_storyline else 1)
        weights: dict[str, int] = {"dev": self.dev, "ci": self.ci, "hunt": hunt, "night": self.night}
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
    Act("beneficiary closes",     3,   3,   3, bank_side.close_beneficiary),
    Act("tokens expire",          4,   4,   4, people.expire_tokens),
    Act("limit",                  3,   3,   3, people.change_limit),
    Act("deposit",                3,   3,   3, people.deposit),
    Act("confirmation",           2,   2,   2, people.change_confirmation),
    Act("maintenance",            2,   2,   2, bank_side.maintenance),
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
    Act("rotate keys",            2,   2,   2, trouble.rotate_keys),
    Act("clock back",             3,   3,   3, trouble.clock_back),
    Act("stand still",            5,   5,   5, trouble.stand_still),
    Act("hours",                  3,   3,   3, shop.pass_hours),
    Act("to midnight",            2,   2,   2, shop.to_midnight),
    Act("over a limit",           2,   2,   2, shop.over_a_limit),
    Act("lost, cancelled",        8,   8,   3, storylines.lost_then_cancelled, is_storyline=True),
    Act("lost at midnight",       6,   6,   2, storylines.lost_at_midnight, is_storyline=True),
    Act("lost, other consent",    6,   6,   2, storylines.lost_then_another_consents, is_storyline=True),
    Act("lost for a day",         5,   5,   2, storylines.lost_for_a_day, is_storyline=True),
    Act("lost, lost again",       8,   8,   3, storylines.lost_and_repeated_in_vain, is_storyline=True),
    Act("stall before a call",    6,   6,   2, storylines.stands_still_before_its_call, is_storyline=True),
    Act("stall in a call",        6,   6,   2, storylines.stands_still_in_its_call, is_storyline=True),
    Act("stopped",                6,   6,   2, storylines.stopped_with_work_to_do, is_storyline=True),
    Act("receiver is ill",        6,   6,   2, storylines.receiver_is_ill, is_storyline=True),
    Act("replace the living",     8,   8,   3, storylines.replaces_the_living, is_storyline=True),
    Act("asked in vain",          6,   6,   2, storylines.asked_in_vain, is_storyline=True),
    Act("unfunded",               8,   8,   2, storylines.unfunded_on_its_day, is_storyline=True),
    Act("money comes back",       8,   8,   2, storylines.comes_back, is_storyline=True),
)
# fmt: on
BY_NAME = {act.name: act for act in ACTS}
