"""Persons of a company: who applies, who decides, and what is no name or comment."""

import pytest

from mock_gmo.bank.business_id import NotAnApprover, Role, User, Verdict


@pytest.mark.parametrize(
    ("role", "may_apply", "may_decide"),
    [(Role.APPLIES, True, False), (Role.APPROVES, False, True), (Role.BOTH, True, True)],
)
def test_what_a_person_may_do_follows_from_the_role(role: Role, may_apply: bool, may_decide: bool) -> None:
    person = User("corporate", "見本 花子", role)

    assert (person.may_apply, person.may_decide) == (may_apply, may_decide)


def test_a_role_is_written_as_scenarios_write_it_and_is_both_unless_told() -> None:
    assert [role.value for role in Role] == ["applies", "approves", "both"]
    assert User("corporate", "見本 花子").role is Role.BOTH


@pytest.mark.parametrize(("length", "is_name"), [(0, False), (1, True), (45, True), (46, False)])
def test_a_name_has_1_to_45_characters(length: int, is_name: bool) -> None:
    if is_name:
        assert User("corporate", "あ" * length).name == "あ" * length
    else:
        with pytest.raises(ValueError, match="1 to 45 characters"):
            User("corporate", "あ" * length)


@pytest.mark.parametrize(("length", "is_comment"), [(0, False), (1, True), (20, True), (21, False)])
def test_a_comment_has_1_to_20_characters_or_is_not_there(length: int, is_comment: bool) -> None:
    assert Verdict().comment is None
    if is_comment:
        assert Verdict(comment="あ" * length).comment == "あ" * length
    else:
        with pytest.raises(ValueError, match="1 to 20 characters"):
            Verdict(comment="あ" * length)


@pytest.mark.parametrize(
    ("user", "has_right"),
    [
        (None, True),
        (User("corporate", "見本 花子", Role.APPROVES), True),
        (User("corporate", "見本 花子", Role.BOTH), True),
        (User("corporate", "見本 花子", Role.APPLIES), False),
        (User("another", "見本 花子", Role.APPROVES), False),
    ],
)
def test_a_person_decides_for_the_own_company_and_only_with_the_right_role(user: User | None, has_right: bool) -> None:
    if has_right:
        Verdict(user).require_right("corporate")
    else:
        with pytest.raises(NotAnApprover, match="見本 花子"):
            Verdict(user).require_right("corporate")
