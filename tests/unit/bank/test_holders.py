"""What the bank does otherwise for persons: what an order loses, what virtual accounts are called, what cannot be."""

from dataclasses import replace
from typing import Any

import pytest

from mock_gmo.bank.customers import CUSTOMER_KINDS, Customer
from mock_gmo.bank.holders import order_of, va_holder_name
from tests.unit.bank.building import make_account, make_order

PERSON = {"family_name_kana": "ﾐﾎﾝ", "given_name_kana": "ﾀﾛｳ"}

# Kind: whether a note for an approver is kept, and whether EDI text is. Source: Personal API, Transfers.
KEPT = {"corporation": (True, True), "sole_proprietor": (False, True), "individual": (False, False)}


def make_customer(kind: str, **changes: Any) -> Customer:
    return Customer(**{"customer_id": "c", "name": "見本", "kind": kind, **PERSON, **changes})


@pytest.mark.parametrize("kind", KEPT)
def test_an_order_loses_what_its_holder_cannot_say(kind: str) -> None:
    order = replace(make_order(), apply_comment="4月分")
    order = replace(order, lines=tuple(replace(line, edi_info="MARK") for line in order.lines))

    taken = order_of(make_customer(kind), order)

    keeps_note, keeps_edi = KEPT[kind]
    assert taken.apply_comment == ("4月分" if keeps_note else None)
    assert {line.edi_info for line in taken.lines} == {"MARK" if keeps_edi else None}
    assert [line.amount_yen for line in taken.lines] == [line.amount_yen for line in order.lines]


def test_every_kind_of_holder_has_its_row() -> None:
    assert KEPT.keys() == CUSTOMER_KINDS


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("corporation", "ﾐﾎﾝｺｳﾎﾞｳ ﾐﾎﾝ ﾀﾛｳ"), ("sole_proprietor", "ﾐﾎﾝ ﾀﾛｳ")],
)
def test_virtual_accounts_of_a_sole_proprietor_bear_the_person(kind: str, expected: str) -> None:
    account = replace(make_account(), name_kana="ﾐﾎﾝｺｳﾎﾞｳ ﾐﾎﾝ ﾀﾛｳ")

    assert va_holder_name(make_customer(kind), account) == expected


@pytest.mark.parametrize(
    ("kind", "changes", "complaint"),
    [
        ("company", {}, "kind is one of"),
        ("individual", {"business_id_management": True}, "corporations only"),
        ("sole_proprietor", {"business_id_management": True}, "corporations only"),
        ("sole_proprietor", {"given_name_kana": None}, "family_name_kana and given_name_kana"),
        ("sole_proprietor", {"family_name_kana": ""}, "family_name_kana and given_name_kana"),
    ],
)
def test_some_customers_cannot_be(kind: str, changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        make_customer(kind, **changes)
