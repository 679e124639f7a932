"""A problem as it stands on the wire."""

from integrator.domain.problem import Problem

SHORT = Problem("too-late", "間に合いません", "振込日を過ぎました。", "The day has passed.")


def test_a_problem_tells_its_members_by_their_names_and_leaves_out_what_is_absent() -> None:
    assert SHORT.as_json() == {
        "type": "urn:gmo-bank-integrator:problem:too-late",
        "title": "間に合いません",
        "detail": "振込日を過ぎました。",
        "detail_en": "The day has passed.",
    }


def test_a_refusal_of_input_says_where_what_was_expected_and_what_came() -> None:
    problem = Problem("bad", "不正", "不正です。", "Bad.", field="amount_yen", expected="1 or more", came="0")

    assert problem.as_json() == {
        "type": "urn:gmo-bank-integrator:problem:bad",
        "title": "不正",
        "detail": "不正です。",
        "detail_en": "Bad.",
        "field": "amount_yen",
        "expected": "1 or more",
        "came": "0",
    }
