"""What fits into one request, and who is blamed when the bank refuses it."""

import pytest

from integrator.domain.batch import (
    OWN_BANK_CODE,
    TOGETHER_MAX,
    TOTAL_YEN_MAX,
    culprits,
    fitting,
    together_after_refusal,
)


def test_the_banks_limits_are_those_of_its_document() -> None:
    assert (TOGETHER_MAX, TOTAL_YEN_MAX, OWN_BANK_CODE) == (99, 10**12 - 1, "0310")


@pytest.mark.parametrize(
    ("amounts_yen", "beside_yen", "count"),
    [
        ([], 1, 0),
        ([1, 2, 3], 1, 3),
        ([1], TOTAL_YEN_MAX - 1, 1),
        ([1], TOTAL_YEN_MAX, 0),
        ([5, TOTAL_YEN_MAX, 1], 1, 1),  # nobody overtakes the older one that does not fit
    ],
)
def test_as_many_fit_as_the_banks_total_holds(amounts_yen: list[int], beside_yen: int, count: int) -> None:
    assert fitting(amounts_yen, beside_yen=beside_yen) == count


@pytest.mark.parametrize(
    ("item_ids", "named", "blamed"),
    [
        ([1], [], {1}),  # a request of one line is itself at fault
        ([1], [9], {1}),
        ([1, 2, 3], [], set()),
        ([1, 2, 3], [2], {2}),
        ([1, 2, 3], [3, 1], {1, 3}),
        ([1, 2], [1, 2], {1, 2}),
        ([1, 2, 3], [9], set()),  # a line that was not sent
        ([1, 2, 3], [2, 9], set()),
        ([1, 2, 3], [None], set()),
        ([1, 2, 3], [2, None], set()),  # it blames another one besides, and does not say which
    ],
)
def test_a_refusal_is_about_those_it_plainly_names(
    item_ids: list[int], named: list[int | None], blamed: set[int]
) -> None:
    assert culprits(item_ids, named) == blamed


def test_each_refusal_that_names_nobody_halves_until_one_is_alone() -> None:
    sizes = [TOGETHER_MAX]
    while sizes[-1] > 1 and len(sizes) < 99:
        sizes.append(together_after_refusal(sizes[-1]))

    assert sizes == [99, 49, 24, 12, 6, 3, 1]
    assert together_after_refusal(1) == 1
