"""What goes to the bank in one request, and what becomes of the rest when the bank refuses the whole. Pure.

A request is one body, one key, one confirmation and one doubt for all its lines; decision 0012 has the reasons.
"""

from collections.abc import Iterable, Sequence

TOGETHER_MAX = 99  # lines of one request. Source: Corporation API, 9, TransferRequest
TOTAL_YEN_MAX = 999_999_999_999  # of one request, ditto
OWN_BANK_CODE = "0310"  # transfers within the bank are not moved by holidays


def fitting(amounts_yen: Iterable[int], *, beside_yen: int) -> int:
    """Return how many of these amounts, in their order, fit into a request that already pays `beside_yen`."""
    total_yen, count = beside_yen, 0
    for amount_yen in amounts_yen:
        total_yen += amount_yen
        if total_yen > TOTAL_YEN_MAX:
            break
        count += 1
    return count


def culprits(item_ids: Sequence[int], named: Iterable[int | None]) -> frozenset[int]:
    """Return the lines that a refusal of the whole request is about; none when it does not say so plainly.

    A request of one line is itself at fault. A refusal that names a line which is not there names nobody.
    """
    if len(item_ids) == 1:
        return frozenset(item_ids)
    found = frozenset(named)
    if not found <= frozenset(item_ids):
        return frozenset()
    return frozenset(item_id for item_id in found if item_id is not None)


def together_after_refusal(count: int) -> int:
    """Return how many lines may go together next after a refusal of `count` that named none: half, so at last one.

    So a payout is refused with others seven times at most before the bank is asked about it alone.
    """
    return max(1, count // 2)
