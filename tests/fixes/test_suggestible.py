"""Suggestions by what comes of them: the file that the fix makes, to the byte, or none."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from guardrail.errors import GuardrailError
from guardrail.fixes.base import NoFixError
from guardrail.fixes.suggestible import MOST_LINES, Lines, Suggestible, blob_of, decoded, encoded, lines_to_replace

TARGET = "locals {\n  a = 1\n}\n\nresource x y {\n  least = 1\n  most  = 3\n}\n"
BLOCK = "\nresource p y {\n  of = x.y\n}\n"


def applied(before: str, edit: Lines) -> str:
    """What GitHub makes of a file: the lines of the comment go, those of the suggestion stand in their place."""
    lines = before.split("\n")
    return "\n".join([*lines[: edit.first - 1], *edit.new, *lines[edit.last :]])


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        # line 6 is "  least = 1"
        (TARGET, TARGET.replace("least = 1", "least = 0"), (6, 6, 1)),
        # lines 6 to 8 are the rest of the block, and BLOCK has 4 lines
        (TARGET, TARGET.replace("least = 1", "least = 0") + BLOCK, (6, 8, 3 + 4)),
        # only put in: the last line of the block, and BLOCK after it
        (TARGET, TARGET + BLOCK, (8, 8, 1 + 4)),
        (TARGET + "\nlocals {\n}\n", TARGET + BLOCK + "\nlocals {\n}\n", (8, 8, 1 + 4)),
        # beside lines that are alike: below the last of them
        ("a\na\n", "a\na\na\n", (2, 2, 2)),
        # at the very top: the first line with what comes before it
        ("a\n", "b\na\n", (1, 1, 2)),
        # only taken out: line 7 goes, and line 6 stays
        (TARGET, TARGET.replace("  most  = 3\n", ""), (6, 7, 1)),
        ("a\nb\n", "b\n", (1, 2, 1)),
        # in a template
        ("A:\n  B:\n    C: 1\n  D:\n    E: 1\n", "A:\n  B:\n    C: 0\n  N:\n    C: 2\n  D:\n    E: 1\n", (3, 3, 3)),
        ("\tx = 1\n", "\tx = 2\n", (1, 1, 1)),
        ("x = <<T\n```\n````\nT\ny = 1\n", "x = <<T\n```\n````\nT\ny = 2\n", (5, 5, 1)),
    ],
)
def test_the_lines_make_the_file_of_the_fix(before: str, after: str, expected: tuple[int, int, int]) -> None:
    edit = lines_to_replace(before.encode(), after.encode())
    assert applied(before, edit) == after
    assert (edit.first, edit.last, len(edit.new)) == expected


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("a\r\nb\r\n", "a\r\nc\r\n", "CR LF"),
        ("a\nb\r\nc\nd\n", "a\nb\r\nc\ne\n", "CR LF"),
        ("a\nb", "a\nc", "does not end in a line feed"),
        ("a\nb", "a\nb\nc", "does not end in a line feed"),
        ("a\nb\n", "a\nb", "does not end in a line feed"),
        # the line below which the blocks belong is the last one, though the lines above it could take them
        (TARGET[:-1].replace("1", "2"), TARGET[:-1].replace("1", "3") + BLOCK[:-1], "does not end in a line feed"),
        ("a\u2028b = 1\n", "a\u2028b = 2\n", "nobody sees"),
        ("a\u202eb = 1\n", "a\u202eb = 2\n", "nobody sees"),
        ("\ufeffa = 1\n", "\ufeffa = 2\n", "nobody sees"),
        ("a\x1b[0m = 1\n", "a\x1b[0m = 2\n", "nobody sees"),
        ("a\n", "a\n" + "b\n" * (MOST_LINES + 1), "too long"),
        ("a\nx\nb\n".replace("x", "x" * 20_000), "c\nx\nd\n".replace("x", "x" * 20_000), "too long"),
    ],
)
def test_what_a_review_cannot_keep_is_no_suggestion(before: str, after: str, reason: str) -> None:
    with pytest.raises(NoFixError, match=reason):
        lines_to_replace(before.encode(), after.encode())


@pytest.mark.parametrize("rest", ["z", "\u2028z\n", "\x0c\x85\n", "<<T\n``````\nT"])
def test_the_rest_of_a_file_may_be_what_it_wants(rest: str) -> None:
    before, after = f"a = 1\nb\n{rest}", f"a = 2\nb\n{rest}"
    assert applied(before, lines_to_replace(before.encode(), after.encode())) == after


def test_a_file_is_known_by_what_git_calls_its_content() -> None:
    """As ``git hash-object`` says of a line with hello, and of nothing."""
    assert blob_of(b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"
    assert blob_of(b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"


FIX = Suggestible(
    finding="0123456789abcdef",
    address="a.b",
    headline="b: x",
    saving="",
    gone=("p",),
    bill="the bill stays as it is",
    path="main.tf",
    blob="e" * 40,
    edit=Lines(first=1, last=2, new=("a",)),
)


def test_a_file_hands_them_on() -> None:
    assert decoded(encoded([FIX]).encode(), "x") == [FIX]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"first": 1', '"first": 0'),
        ('"first": 1', '"first": 3'),
        ('"first": 1', '"first": "1"'),
        ('"a"\n', '"a\\n```\\n@team"\n'),
        ('"a"\n', '"a\\u202e"\n'),
        ("0123456789abcdef", "0123456789abcdef -->"),
        ('"headline"', '"run"'),
    ],
)
def test_a_file_of_another_shape_is_refused(old: str, new: str) -> None:
    text = encoded([FIX])
    assert old in text
    with pytest.raises(GuardrailError, match="x has no suggestions of guardrail"):
        decoded(text.replace(old, new).encode(), "x")


LINES = st.lists(st.sampled_from(["a", "b", "", "}", "  x", "```", "\t`````"]), min_size=1, max_size=8)


@given(LINES, LINES)
def test_whatever_changes_a_suggestion_makes_it_so(old: list[str], new: list[str]) -> None:
    """Over short files of few lines, which are alike in many places."""
    before, after = ("".join(f"{line}\n" for line in text) for text in (old, new))
    assume(before != after)
    edit = lines_to_replace(before.encode(), after.encode())
    assert applied(before, edit) == after
    assert 1 <= edit.first <= edit.last <= len(old)


@given(LINES, LINES)
def test_a_last_line_without_an_end_is_in_no_suggestion(old: list[str], new: list[str]) -> None:
    before, after = "\n".join((*old, "z")), "\n".join((*new, "z"))
    assume(old != new)
    try:
        edit = lines_to_replace(before.encode(), after.encode())
    except NoFixError:
        return
    assert applied(before, edit) == after
    assert edit.last <= len(old)
