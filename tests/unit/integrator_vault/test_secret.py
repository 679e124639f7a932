"""A secret does not print, in whatever way a program prints things."""

import copy
import pickle
from dataclasses import dataclass

import pytest

from integrator.secret import Secret

TEXT = "k3JxP0b7QmZt9LrVw2Ys8NcHd5GfA1Ee"


@dataclass(frozen=True)
class Holder:
    token: Secret


@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        "{}".format,
        "{!r:>60}".format,
        "{:>60}".format,
        lambda secret: f"{secret}",
    ],
)
def test_a_secret_never_prints(show: object) -> None:
    assert callable(show)
    assert TEXT not in show(Secret(TEXT))


def test_what_holds_a_secret_does_not_print_it_either() -> None:
    assert TEXT not in f"{Holder(Secret(TEXT))} {[Secret(TEXT)]} { {'token': Secret(TEXT)} }"


def test_a_secret_is_neither_copied_nor_pickled() -> None:
    for copy_it in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not copied or pickled"):
            copy_it(Secret(TEXT))


def test_secrets_are_equal_by_their_text() -> None:
    assert Secret(TEXT) == Secret(TEXT)
    assert Secret(TEXT) != Secret("other")
    assert Secret(TEXT) != TEXT
    assert len({Secret(TEXT), Secret(TEXT)}) == 1


def test_only_reveal_gives_the_text() -> None:
    assert Secret(TEXT).reveal() == TEXT
