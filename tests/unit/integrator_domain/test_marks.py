"""Marks and keys follow from an order's own key for ever: a restored database finds its orders at the bank by them."""

from integrator.domain.marks import TURNS_KNOWN, bank_key_of, mark_of, marks_of


def test_the_mark_and_the_key_of_an_order_are_the_same_in_every_version() -> None:
    assert mark_of("cmp_1", "key-1") == "RND1DDSDJPQUHB8UHVUC"
    assert bank_key_of("cmp_1", "key-1") == "nk-QUP9HYCKSE90ZXK8ZMO5OUTBO7W7N4GA7AC5FRR8"


def test_another_key_or_another_company_has_another_mark() -> None:
    assert mark_of("cmp_1", "key-2") == "RFFTP9PHTYEYS3UEDP63"
    assert mark_of("cmp_2", "key-1") == "RIJEH316J9OXIGG5MMJZ"


def test_each_further_submission_of_an_order_has_another_mark_and_key() -> None:
    assert mark_of("cmp_1", "key-1", 0) == mark_of("cmp_1", "key-1")
    assert mark_of("cmp_1", "key-1", 1) == "RSQZACZEIVIOFAZO1XJT"
    assert bank_key_of("cmp_1", "key-1", 1) == "nk-EQR1NFWGNN0VYVRUU9FF5UXVB23SROZW2WJB98FW"


def test_an_order_is_known_by_sixteen_marks_the_latest_first() -> None:
    known = marks_of("cmp_1", "key-1")

    assert (known[0], known[-2:]) == (
        mark_of("cmp_1", "key-1", 15),
        ["RSQZACZEIVIOFAZO1XJT", mark_of("cmp_1", "key-1")],
    )
    assert len(set(known)) == TURNS_KNOWN == 16
