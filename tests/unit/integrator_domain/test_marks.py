"""Marks and keys follow from an order's own key for ever: a restored database finds its orders at the bank by them."""

from integrator.domain.marks import bank_key_of, mark_of


def test_the_mark_and_the_key_of_an_order_are_the_same_in_every_version() -> None:
    assert mark_of("cmp_1", "key-1") == "RND1DDSDJPQUHB8UHVUC"
    assert bank_key_of("cmp_1", "key-1") == "nk-QUP9HYCKSE90ZXK8ZMO5OUTBO7W7N4GA7AC5FRR8"


def test_another_key_or_another_company_has_another_mark() -> None:
    assert mark_of("cmp_1", "key-2") == "RFFTP9PHTYEYS3UEDP63"
    assert mark_of("cmp_2", "key-1") == "RIJEH316J9OXIGG5MMJZ"
