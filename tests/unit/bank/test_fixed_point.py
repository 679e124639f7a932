"""Decimal figures as whole numbers of their smallest part, read and written."""

import pytest

from mock_gmo.bank.fixed_point import AMOUNT_PLACES, VISA_PLACES, parse_decimal, write_decimal


@pytest.mark.parametrize(
    ("text", "places", "figure"),
    [
        ("350.48", 3, 350_480),
        ("350.480", 3, 350_480),
        ("350", 3, 350_000),
        ("0.001", 3, 1),
        ("-0.001", 3, -1),
        ("-12.5", 3, -12_500),
        ("12.000001", 6, 12_000_001),
        ("0", 6, 0),
    ],
)
def test_a_figure_is_read_in_its_smallest_part(text: str, places: int, figure: int) -> None:
    assert parse_decimal(text, places=places) == figure


@pytest.mark.parametrize("text", ["", "-", "+1", ".5", "1.", "1.2345", "1,5", "1.5 ", "１", "1e3", "1.5\n", "1.5.5"])
def test_another_form_or_more_decimals_is_no_figure(text: str) -> None:
    with pytest.raises(ValueError, match="up to 3 decimals"):
        parse_decimal(text, places=3)


@pytest.mark.parametrize(
    ("figure", "places", "text"),
    [
        (350_480, 3, "350.48"),
        (350_000, 3, "350.0"),
        (1, 3, "0.001"),
        (-1, 3, "-0.001"),
        (-12_500, 3, "-12.5"),
        (0, 3, "0.0"),
        (12_000_001, 6, "12.000001"),
        (100_000, 6, "0.1"),
    ],
)
def test_a_figure_is_written_without_zeros_at_its_end_but_one(figure: int, places: int, text: str) -> None:
    assert write_decimal(figure, places=places) == text
    assert parse_decimal(text, places=places) == figure


def test_amounts_have_three_places_and_card_figures_six() -> None:
    assert (AMOUNT_PLACES, VISA_PLACES) == (3, 6)
