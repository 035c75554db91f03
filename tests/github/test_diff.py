"""Which lines of a diff a review can comment on, by diffs that git writes and by what GitHub's API cuts short."""

import pytest

from guardrail.github.diff import Hunk, hunks

# git diff of twenty numbered lines: line 3 is another one, 9 is gone, and one is put in behind 19
PATCH = """\
@@ -1,12 +1,11 @@
 1
 2
-3
+three
 4
 5
 6
 7
 8
-9
 10
 11
 12
@@ -17,4 +16,5 @@
 17
 18
 19
+more
 20
\\ No newline at end of file"""


def test_lines_of_the_right_side_of_each_hunk_and_where_lines_are_gone_above_them() -> None:
    """Line 3 of the new file stands below the old one, and line 9, which is "10", below the old 9."""
    assert list(hunks(PATCH)) == [Hunk(1, 11, (3, 9)), Hunk(16, 20, ())]


@pytest.mark.parametrize(
    ("first", "last", "shows", "is_cut"),
    [
        (1, 11, True, True),
        (3, 3, True, False),
        (3, 8, True, False),
        (2, 3, True, True),
        (8, 9, True, True),
        (9, 11, True, False),
        (11, 12, False, False),
        (0, 2, False, False),
        (11, 16, False, False),
    ],
)
def test_what_is_shown_together_and_what_is_cut(first: int, last: int, *, shows: bool, is_cut: bool) -> None:
    hunk = next(hunks(PATCH))
    assert (hunk.shows(first, last), hunk.is_cut(first, last)) == (shows, is_cut)


@pytest.mark.parametrize(
    ("patch", "found"),
    [
        ("@@ -0,0 +1,2 @@\n+a\n+b", [Hunk(1, 2, ())]),
        ("@@ -0,0 +1 @@\n+a\n\\ No newline at end of file", [Hunk(1, 1, ())]),
        ("@@ -1,2 +0,0 @@\n-a\n-b", []),
        ("@@ -1,2 +1 @@ resource x y {\n a\n-b", [Hunk(1, 1, (2,))]),
        # lines of a file that look like the diff's own
        ("@@ -1 +1,3 @@\n+@@ -1 +1,9 @@\n+--- a\n a", [Hunk(1, 3, ())]),
        ("@@ -1 +1,2 @@\n+a\u2028+b\r\n c\r", [Hunk(1, 2, ())]),
        # cut short, or no diff at all
        ("@@ -1,3 +1,4 @@\n a\n+b\n c", []),
        ("@@ -1 +1,99999999999999999999 @@\n+a", []),
        (f"@@ -1 +1,{'9' * 5_000} @@\n+a", []),
        ("Binary files differ", []),
        ("", []),
    ],
)
def test_of_a_diff_as_much_as_is_whole(patch: str, found: list[Hunk]) -> None:
    assert list(hunks(patch)) == found
