"""Lines around a change, moved as ``terraform fmt`` moves them: each pair was formatted by Terraform 1.11.4."""

import pytest

from guardrail.fixes.alignment import settled

CASES = [
    ("a = 1\nbcd = 2\n", "a   = 1\nbcd = 2\n"),
    ("a = 1 # x\nbcd = 22 # y\n", "a   = 1  # x\nbcd = 22 # y\n"),
    ("a = 1\n\nbcd = 2\n", "a = 1\n\nbcd = 2\n"),
    ("a = 1\n# between\nbcd = 2\n", "a = 1\n# between\nbcd = 2\n"),
    ('a = "x = 1"\nbcd = "# no"\n', 'a   = "x = 1"\nbcd = "# no"\n'),
    ("a = {\n  b = 1\n}\nbcd = 2\n", "a = {\n  b = 1\n}\nbcd = 2\n"),
    ("a = 1\nbcd = {\n  b = 1\n}\n", "a = 1\nbcd = {\n  b = 1\n}\n"),
    ('a = { x = 1 }\nbcd = "${b == c}"\n', 'a   = { x = 1 }\nbcd = "${b == c}"\n'),
    ("é = 1\nbcd = 2\n", "é   = 1\nbcd = 2\n"),
    ("a = <<E\n  x = 1\nE\nbcd = 2\n", "a   = <<E\n  x = 1\nE\nbcd = 2\n"),
]


@pytest.mark.parametrize(("loose", "formatted"), CASES)
def test_a_group_in_line_stays_in_line(loose: str, formatted: str) -> None:
    """A line that was in the formatted text with another value: the group is as it was formatted."""
    before = formatted.replace("= 2", "= 9").replace("22 #", "99 #")
    line = formatted.count("\n") - 1
    assert settled(before, formatted, range(line, line + 1)) == formatted
    assert settled(loose, loose.replace("= 1", "= 8"), range(1)) in (
        loose.replace("= 1", "= 8"),
        formatted.replace("= 1", "= 8"),
    )


def test_a_longer_value_moves_the_comments_beside_it() -> None:
    before = "  a   = true # one\n  bcd = 2    # two\n"
    after = "  a   = false # one\n  bcd = 2    # two\n"
    assert settled(before, after, range(1)) == "  a   = false # one\n  bcd = 2     # two\n"


def test_a_group_that_was_out_of_line_is_left_alone() -> None:
    before = "  a = true # one\n  bcd = 2 # two\n"
    after = before.replace("true", "false")
    assert settled(before, after, range(1)) == after


def test_neighbours_of_a_removed_line_close_up() -> None:
    before = "  a      = 1\n  longer = 2\n  bcd    = 3 # three\n"
    assert settled(before, "  a      = 1\n  bcd    = 3 # three\n", range(1, 1)) == "  a   = 1\n  bcd = 3 # three\n"
