"""A secret is silent."""

import pickle
from copy import deepcopy

import pytest

from mock_gmo.secret import Secret


def test_a_secret_shows_itself_in_no_way_of_printing():
    secret = Secret("hunter2-hunter2")

    for printed in (repr(secret), str(secret), f"{secret}", f"{secret:>20}", f"{secret!r}", repr([secret])):
        assert "hunter2" not in printed
        assert "[masked]" in printed


def test_a_secret_compares_by_its_text():
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert hash(Secret("a")) == hash(Secret("a"))
    assert Secret("あ").matches("あ")
    assert not Secret("a").matches("\ud800")


@pytest.mark.parametrize("candidate", ["", "h", "hunter2", "hunter2-hunter", "hunter2-hunter22", " hunter2-hunter2"])
def test_a_part_of_a_secret_or_more_than_it_is_not_the_secret(candidate):
    assert not Secret("hunter2-hunter2").matches(candidate)


def test_a_secret_is_not_pickled():
    with pytest.raises(TypeError):
        pickle.dumps(Secret("a"))


def test_copies_share_the_secret():
    secret = Secret("a")

    assert deepcopy([secret])[0] is secret
