"""Text and numbers for people."""

from decimal import Decimal

import pytest

from guardrail.reporters.wording import (
    ascii_only,
    counted,
    display_width,
    inert,
    number,
    shorten,
    signed_usd,
    spread,
    usd,
)


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("red \x1b[31m", "red \\x1b[31m"),
        ("two\nlines\r\n", "two\\nlines\\r\\n"),
        ("right to left \u202e", "right to left \\u202e"),
        ("invisible \u200b\ufeff", "invisible \\u200b\\ufeff"),
        ("line separator \u2028", "line separator \\u2028"),
        ("terminal control \x9b2J", "terminal control \\x9b2J"),
        ("half a pair \ud800", "half a pair \\ud800"),
        ("no-break\xa0space", "no-break\\xa0space"),
    ],
)
def test_what_could_act_on_a_terminal_becomes_a_visible_escape(hostile: str, harmless: str) -> None:
    assert inert(hostile) == harmless


def test_ordinary_text_of_any_script_stays_as_it_is() -> None:
    assert inert("prod-größe-検索") == "prod-größe-検索"


def test_ten_thousand_characters_become_three_hundred() -> None:
    assert len(inert("a" * 10_000)) == 300
    assert len(inert("\x00" * 10_000)) <= 300


def test_both_ends_of_a_long_name_survive() -> None:
    assert shorten("module.search.aws_sagemaker_endpoint.this", 21) == "module.sea…point.this"


@pytest.mark.parametrize(("width", "expected"), [(5, "ab…fg"), (7, "abcdefg"), (1, "…"), (0, "")])
def test_shortened_text_takes_at_most_its_width(width: int, expected: str) -> None:
    assert shorten("abcdefg", width) == expected


def test_a_terminal_without_glyphs_gets_ascii() -> None:
    assert ascii_only("✗ 2 – 6 · ≥~1.00 × é…") == "x 2 - 6 | >=~1.00 x \\xe9..."


def test_wide_characters_take_two_columns_and_combining_ones_none() -> None:
    assert display_width("検索") == 4
    assert display_width("e\u0301") == 1
    assert display_width("✗ 検索 a") == 1 + 1 + 4 + 1 + 1


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("1007.4", "1,007.40"),
        ("0", "0.00"),
        ("-0.00", "0.00"),
        ("0.005", "<0.01"),
        ("0.0051", "0.01"),
        ("-10", "-10.00"),
    ],
)
def test_usd_has_two_decimals_and_is_never_rounded_to_nothing(amount: str, expected: str) -> None:
    # Half a cent would round to the even 0.00, which reads as free.
    assert usd(Decimal(amount)) == expected


@pytest.mark.parametrize(("amount", "expected"), [("254.25", "+254.25"), ("-10", "-10.00"), ("0", "0.00")])
def test_a_difference_shows_its_sign(amount: str, expected: str) -> None:
    assert signed_usd(Decimal(amount)) == expected


@pytest.mark.parametrize(
    ("amount", "expected"), [("0.0160", "0.016"), ("200000", "200,000"), ("2E+3", "2,000"), ("0.0000233", "0.0000233")]
)
def test_quantities_have_no_exponent_and_no_trailing_zeros(amount: str, expected: str) -> None:
    assert number(Decimal(amount)) == expected


def test_a_range_whose_ends_agree_is_one_number() -> None:
    assert spread(2, 6) == "2 – 6"
    assert spread(Decimal("2.0"), 2) == "2"


def test_counted_nouns_agree_with_their_number() -> None:
    assert counted(1, "error") == "1 error"
    assert counted(2000, "error") == "2,000 errors"
