r"""GitHub-flavoured Markdown in which nothing from a plan can act.

Backslashes and character references stop Markdown, but not what GitHub does to the text afterwards: it looks for
mentions, issue numbers, commits, addresses and emoji in every text node that is not code. So whatever is not a plain
word or number goes into a code span, where neither has power, and what could end the span or the cell of a table, a
backtick or a pipe, is written as an escape (``\x60``, ``\x7c``) as `wording.inert` does with control characters.
"""

import re
from collections.abc import Iterator

from guardrail.reporters.wording import LONGEST_TEXT, inert, lines_of_code

_PLAIN = re.compile(
    r"""
    [("]*(?:
      (?![a-f]{7})[A-Za-z]{1,30}(?:['/-][A-Za-z]{1,30}){0,4}(?:\(s\))?   # words, and/or, on-demand, instance(s)
    | [~≥<+-]?\d{1,6}                                                   # counts: below the seven digits of a commit
    | [~≥<+-]{0,2}\d{1,3}(?:,\d{3}){0,6}(?:\.\d{1,12})?                # amounts
    | \d{4}-\d{2}(?:-\d{2})?                                            # dates
    | [×·–/%≥+=→?-]
    )[)"]*[,;:.!?]?
    """,
    re.VERBOSE,
)
_WORD = re.compile(r"""[\w.-]+ = (?:\{[^{}]*\}|"[^"]*"|[^\s,;]+)[,;:.]?|\S+""")
"""A word, or an assignment, which is one thing however many words it has."""
_CLOSING = re.compile(r"[,;:.!?)]*\Z")
_UNBROKEN, _PIECE = 16, 12
"""Characters of a word that stays whole, and of the pieces of a longer one: beside two amounts they fit 360 pixels."""
_TOO_LONG = re.compile(rf"[^- ]{{{_UNBROKEN + 1},}}")
_LINK = re.compile(r"https://[A-Za-z0-9./_~%?=&#-]+")
_FENCE = re.compile(r"^ *(`{3,})", re.MULTILINE)


def code(text: str, limit: int = LONGEST_TEXT) -> str:
    """``text`` as a code span, in at most ``limit`` characters before escapes."""
    return _span(inert(text, limit))


def name(text: str, limit: int = LONGEST_TEXT) -> str:
    """A name as code that fits a narrow column: one without a hyphen may break behind ``_``, ``.`` and ``/``.

    ``a_long_name_of_the_team_that_owns_it`` becomes two spans with ``<wbr>`` between them.
    """
    return "<wbr>".join(_span(piece) for piece in _pieces(inert(text, limit)))


def _pieces(text: str) -> Iterator[str]:
    """``text`` in pieces, each word of more than `_UNBROKEN` characters between two hyphens or blanks in several."""
    start = 0
    for word in _TOO_LONG.finditer(text):
        at = word.start()
        while word.end() - at > _PIECE:
            run = text[at : at + _PIECE]
            at += max(run.rfind(char) for char in "_./") + 1 or _PIECE
            yield text[start:at]
            start = at
    yield text[start:]


def _span(text: str) -> str:
    text = text.replace("`", r"\x60").replace("|", r"\x7c")
    return f"`{text}`" if text.strip() else "`(blank)`"


def prose(text: str, limit: int = LONGEST_TEXT, *, starts_line: bool = True) -> str:
    """A sentence: plain words as they are, everything else in code spans."""
    return " ".join(_spans(_WORD.findall(inert(text, limit)), starts_line=starts_line))


def _spans(words: list[str], *, starts_line: bool) -> Iterator[str]:
    """Plain words, and runs of others in one code span each, the punctuation at its end left outside."""
    run: list[str] = []
    for at, word in enumerate(words):
        opens_a_list = starts_line and at == 0 and not word.lstrip('("')[:1].isalpha()  # "1." or "-"
        plain = not opens_a_list and _PLAIN.fullmatch(word)
        if not plain:
            run.append(word)
        if run and (plain or word[-1] in ",;:"):
            yield _run(run)
            run = []
        if plain:
            yield word
    if run:
        yield _run(run)


def _run(words: list[str]) -> str:
    """``(`a.b`,`` of ``(a.b,``: what opens and closes around it is no code; ``f(a.b)`` stays whole."""
    text = " ".join(words)
    lead = "(" if text.startswith("(") and len(text) > 1 else ""
    text = text.removeprefix(lead)
    at = _CLOSING.search(text)
    end = at.start() if at and at.start() else len(text)
    while text.count("(", 0, end) > text.count(")", 0, end) and text.startswith(")", end):
        end += 1
    return f"{lead}{_span(text[:end])}{text[end:]}"


def fenced(text: str, language: str) -> str:
    """Lines of code, whatever fences they hold themselves."""
    text = lines_of_code(text)
    longest = max((len(fence) for fence in _FENCE.findall(text)), default=2)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def link(label: str, uri: str) -> str:
    """A link, where ``uri`` is one that cannot break out of it; else the label alone."""
    return f"[{label}]({uri})" if _LINK.fullmatch(uri) else label


def between(low: str, word: str, high: str) -> str:
    """``85 → 2,023`` that breaks behind its word alone."""
    return f"{low}&nbsp;{word} {high}"


def details(summary: str, body: str) -> str:
    """What is folded away. ``summary`` is HTML of ours."""
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>\n"
