"""Regular expressions: RE2's, as Terraform has them, by google-re2; where it is absent they are unknown.

The recorded answers of Terraform hold the dialect; here is where Go and the C++ library part, and what takes long.
"""

import sys
from typing import Any

import pytest

from guardrail.model import Unknown
from tests.sources.hcl.expressions import REFUSED, value_of

pytestmark = pytest.mark.no_cover  # many runs of the same lines: counting them takes longer than they do


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # Seen in terraform console 1.11.4.
        ('regexall("a*", "baac")', ["", "aa", ""]),  # none that is empty right behind "aa"
        ('replace("aXb", "/x*/", "-")', "-a-X-b-"),
        ('replace("ab", "/(a)/", "$1y")', "b"),  # the group called 1y, which there is not
        ('replace("ab", "/(a)/", "$${1}y")', "ayb"),
        ('replace("ab", "/(a)/", "$x$")', "$b"),
        ('replace("ab", "/(?P<n>a)/", "[$${n}$${zz}$n]")', "[aa]b"),
        ('regex("(?P<n>a)(?P<n>b)", "ab")', {"n": "b"}),  # of a name twice the last
        ('regex("(?<n>a)", "a")', {"n": "a"}),
        ('regex("(?P<n>x)?b", "b")', {"n": None}),
        ('regex("(?P<n>a)(b)", "ab")', REFUSED),  # named beside unnamed
        ('regex("(?P<é>a)", "a")', REFUSED),
        (r'regex("\\C", "a")', REFUSED),
        (r'regex("\\\\C", "\\C")', "\\C"),
        ('regex("a{1001}", "a")', REFUSED),
        ('regex("[[:word:]]+", "-ab_1-")', "ab_1"),
        ('regex("(?=a)a", "a")', REFUSED),  # RE2 does not look ahead
    ],
)
def test_a_pattern_means_what_it_means_to_terraform(expression: str, expected: Any) -> None:
    assert value_of(expression) == expected


@pytest.mark.parametrize(
    "pattern",
    ["^(a+)+$", "^((a|a))*$", "^(a+){20}$", "^(a|aa)+$", "^(([a-z])+.)+[A-Z]([a-z])+$", "^a*a*a*a*a*a*a*a*b$"],
)
def test_no_pattern_takes_for_ever(pattern: str) -> None:
    """What Python's own engine would take minutes or years over, in 20,000 characters."""
    text = 'join("", [for i in range(1000) : "aaaaaaaaaaaaaaaaaaaa"])'
    assert value_of(f'can(regex("{pattern}", "${{{text}}}!"))') is False


def test_what_is_wrong_with_a_pattern_is_not_written_to_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    assert value_of('regex("CANARY(", "x")') == REFUSED
    assert capfd.readouterr().err == ""


def test_without_google_re2_they_are_unknown_with_the_way_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "re2", None)
    for expression in ('regex("x9", "x9")', 'try(regex("x8", "x9"), "a guess")', 'can(regexall("x7", "x7"))'):
        value = value_of(expression)
        assert isinstance(value, Unknown)
        assert "pip install 'guardrail-sagemaker[regex]'" in value.reason
    assert value_of('replace("a.b", ".", "-")') == "a-b"
