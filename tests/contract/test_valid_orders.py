"""An order that the contract allows never fails over a field: what is left to say no is a rule of the bank."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_gmo.contract import read_operations
from tests.unit.gateway.calling import make_caller

BANK = make_caller(profile="strict")
REQUEST = next(found for found in read_operations("corporation") if found.operation_id == "requestTransfer")

digits = st.characters(min_codepoint=0x30, max_codepoint=0x39)
# Whatever JSON can carry as characters: every script, control characters, NUL; no half of a surrogate pair.
anything = st.characters(exclude_categories=["Cs"])


def number(low: int, high: int, *, length_max: int) -> st.SearchStrategy[Any]:
    """A number as the contract takes it: as such, as digits, as digits behind zeros."""
    numbers = st.integers(low, high)
    padded = numbers.map(lambda value: str(value).zfill(length_max))
    return numbers | numbers.map(str) | padded


def optional(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A member that may be empty or null as well."""
    return st.none() | st.just("") | values


@st.composite
def lines(draw: st.DrawFn, *, item_id: int) -> dict[str, Any]:
    """One line with everything in it that its schema allows."""
    line = {
        "itemId": draw(st.sampled_from([item_id, str(item_id), f"{item_id:06}"])),
        "transferAmount": draw(st.integers(1, 10**20 - 1).map(str) | st.just("0" * 19 + "1")),
        "beneficiaryBankCode": draw(st.text(digits, min_size=4, max_size=4) | st.sampled_from(["0001", "0310"])),
        "beneficiaryBranchCode": draw(st.text(digits, min_size=3, max_size=3) | st.just("001")),
        "accountTypeCode": draw(st.sampled_from(["1", "2", "4", "9"])),
        "accountNumber": draw(st.text(digits, min_size=7, max_size=7)),
        "beneficiaryName": draw(st.text(anything, min_size=1, max_size=48) | st.just("ｻﾝﾌﾟﾙ ﾊﾅｺ")),
    }
    extra = {
        "ediInfo": optional(st.text(anything, max_size=20)),
        "beneficiaryBankName": optional(st.text(anything, max_size=30)),
        "beneficiaryBranchName": optional(st.text(anything, max_size=15)),
        "nobody knows this": st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.lists(st.integers()),
    }
    return line | {name: draw(values) for name, values in extra.items() if draw(st.booleans())}


@st.composite
def orders(draw: st.DrawFn) -> dict[str, Any]:
    """An order with everything in it that its schema allows; several lines have what the texts then ask for."""
    count = draw(st.integers(1, 3))
    order = {
        "accountId": draw(st.just("101010012345") | st.from_regex(r"[0-9A-Za-z]{12,29}", fullmatch=True)),
        "transfers": [draw(lines(item_id=item_id)) for item_id in range(1, count + 1)],
        "transferDesignatedDate": draw(
            st.dates().filter(lambda day: day.year >= 1000).map(str) | st.just("2026-04-01")
        ),
    }
    totals = {
        "totalCount": number(1, 99, length_max=6),
        "totalAmount": number(1, 999_999_999_999, length_max=20),
    }
    extra = {
        "remitterName": optional(st.text(anything, max_size=48)),
        "transferDateHolidayCode": optional(st.sampled_from(["1", "2", "3"])),
        "applyComment": optional(st.text(anything, max_size=20)),
    }
    order |= {name: draw(values) for name, values in totals.items() if count > 1 or draw(st.booleans())}
    return order | {name: draw(values) for name, values in extra.items() if draw(st.booleans())}


@given(order=orders(), with_key=st.booleans())
@settings(
    max_examples=80,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_an_order_that_the_contract_allows_is_never_refused_over_a_field(order: dict[str, Any], with_key: bool) -> None:
    assert REQUEST.body_errors is not None
    assert list(REQUEST.body_errors(order)) == []

    for path in ("/transfer/transferfee", "/transfer/request"):
        reply = BANK.post(path, order, headers={"Idempotency-Key": "k" * 128} if with_key else {})

        assert reply.status_code in (200, 201, 400)
        assert reply.json.get("errorCode") in (None, "220011"), reply.text
