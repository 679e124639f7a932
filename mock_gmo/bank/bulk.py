"""What is different about a bulk transfer (総合振込) as an order: its line numbers, its name lengths, its EDI rule.

Everything else of an order is checked as for single transfers, in checks.py; its states are in bulk_states.py.
"""

from collections.abc import Iterable

from mock_gmo.bank.refusals import ItemIdsNotConsecutive
from mock_gmo.bank.transfers import OrderLine

# Source: Corporation API, BulkTransferRequest and BulkTransfer.
BULK_LINE_COUNT_MAX = 9_999
BULK_REMITTER_LENGTH_MAX = 40
BULK_BENEFICIARY_LENGTH_MAX = 30
EDI_PASSED = "Y"


def read_item_ids(lines: Iterable[OrderLine]) -> list[str]:
    """Return the line numbers without leading zeros, in the order of the lines.

    Numbers are 1 to 9,999, each once, in any order and with gaps [GUESS]. Raises ItemIdsNotConsecutive otherwise,
    which names the first line at fault.
    """
    found: dict[str, None] = {}
    for line in lines:
        item_id = line.item_id or ""
        number = int(item_id) if item_id.isascii() and item_id.isdigit() else 0
        if not 1 <= number <= BULK_LINE_COUNT_MAX or str(number) in found:
            raise ItemIdsNotConsecutive(item_id or None)
        found[str(number)] = None
    return list(found)


def passes_edi(line: OrderLine) -> bool:
    """Say whether the line's EDI text reaches the beneficiary: always, but in a bulk transfer only with 識別表示 Y."""
    return line.marks is None or line.marks.identification == EDI_PASSED
