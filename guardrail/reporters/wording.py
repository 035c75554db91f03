"""Text and numbers as reports show them to people: inert, short, and never rounded to nothing."""

from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal

from msgspec import to_builtins
from msgspec.json import Encoder

from guardrail.expressions import expression
from guardrail.model import Unknown
from guardrail.money import two_decimals

USAGE = "+ usage"
UNKNOWN = "unknown"
LONGEST_TEXT = 300
"""Characters of a name, a reason or a message that anybody will read."""
LONGEST_LINE = 1_200
"""Characters of a line of code."""

_ENCODER = Encoder()
_HALF_A_CENT = Decimal("0.005")
_DOLLAR = Decimal(1)
_ASCII = str.maketrans(
    {"–": "-", "—": "-", "✗": "x", "≥": ">=", "≤": "<=", "·": "|", "…": "...", "×": "x", "→": "->", "−": "-", "─": "-"}
)


def inert(text: str, limit: int = LONGEST_TEXT) -> str:
    r"""``text`` without power over the place where it is shown, in at most ``limit`` characters.

    Names and tags are written by whoever wrote the plan. Line breaks, terminal escapes, invisible characters and
    marks that turn the direction of writing become visible escapes: ``\x1b``, ``\u202e``. So does half of ``##``, with
    which runners of GitHub and Azure begin a command anywhere in a line of the log.
    """
    if len(text) > limit:
        text = shorten(text, limit)
    if "##" in text:
        text = shorten(text.replace("##", r"#\x23"), limit)
    if text.isprintable():
        return text
    return shorten(visible(text), limit)


def visible(text: str) -> str:
    """``text``, all of it, with an escape for each character that a terminal would obey or not show."""
    return text if text.isprintable() else "".join(char if char.isprintable() else _escape(char) for char in text)


def no_command(line: str) -> str:
    """``line`` with an escape in a ``::`` at its start, which GitHub's runner would take for a command."""
    return line.replace("::", r":\x3a", 1) if line.lstrip().startswith("::") else line


def lines_of_code(text: str) -> str:
    """``text`` with its own lines and indents, each of them inert."""
    is_inert = len(text) <= LONGEST_LINE and "##" not in text and "::" not in text
    if is_inert and text.replace("\n", "").isprintable():  # as all but a few are
        return text.strip("\n")
    return "\n".join(no_command(inert(line, LONGEST_LINE)) for line in text.strip("\n").split("\n"))


def machine_json(value: object) -> bytes:
    r"""``value`` as JSON in UTF-8, without the ``##`` that a runner would take for a command in its log.

    Half of a surrogate pair, which is no text in UTF-8, is spelled out: a file name ``b"a\xff"`` reads ``a\udcff``.
    """
    try:
        document = _ENCODER.encode(value)
    except UnicodeEncodeError:
        document = _ENCODER.encode(_encodable(to_builtins(value)))
    return _no_command_in(document)


def machine_lines(values: Sequence[object]) -> bytes:
    """``values`` as `machine_json` has them, each with the only line break: one in a text is escaped."""
    try:
        return _no_command_in(_ENCODER.encode_lines(values))
    except UnicodeEncodeError:
        return b"".join(machine_json(value) + b"\n" for value in values)


def _no_command_in(document: bytes) -> bytes:
    return document.replace(b"##", rb"#\u0023") if b"#" in document else document  # one byte is found far sooner


def _encodable(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_encodable(key): _encodable(item) for key, item in value.items()}
    return [_encodable(item) for item in value] if isinstance(value, (list, tuple)) else value


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def shorten(text: str, width: int, ellipsis: str = "…") -> str:
    """``text`` in at most ``width`` characters, cut in the middle because both ends tell names apart."""
    if len(text) <= width:
        return text
    kept = width - len(ellipsis)
    if kept <= 0:
        return ellipsis[: max(width, 0)]
    tail = kept // 2
    return f"{text[: kept - tail]}{ellipsis}{text[len(text) - tail :]}"


def ascii_only(text: str) -> str:
    """``text`` for an encoding that lacks the glyphs: ``2 – 6`` is ``2 - 6``, ``≥`` is ``>=``, the rest is escaped."""
    if text.isascii():
        return text
    return text.translate(_ASCII).encode("ascii", "backslashreplace").decode("ascii")


_NOT_ASCII = expression(r"[^\x00-\x7f]")


def display_width(text: str) -> int:
    """Columns that ``text`` takes in a terminal: two for wide characters, none for combining ones."""
    if text.isascii():
        return len(text)
    others = _NOT_ASCII.findall(text)
    return len(text) - len(others) + sum(map(_WIDTHS.__getitem__, others))


class _Widths(dict[str, int]):
    """The columns of each character that was met."""

    def __missing__(self, char: str) -> int:
        from unicodedata import combining, east_asian_width  # which most reports do without

        width = self[char] = 0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1
        return width


_WIDTHS = _Widths()


def usd(amount: Decimal) -> str:
    """USD with two decimals: ``1,007.40``. An amount that is not zero never reads as zero: ``<0.01``."""
    if amount and abs(amount) <= _HALF_A_CENT:
        return "<0.01" if amount > 0 else "-<0.01"
    return two_decimals(amount or abs(amount))


def signed_usd(amount: Decimal) -> str:
    """A difference in USD: ``+254.25``, ``-10.00``, ``0.00``."""
    return f"+{usd(amount)}" if amount > 0 else usd(amount)


def dollars(amount: Decimal) -> str:
    """Whole USD, half to even: ``5,137`` of 5136.52, ``−493`` of -493.12. No amount but zero reads as zero: ``<1``."""
    rounded = amount.quantize(_DOLLAR, ROUND_HALF_EVEN)
    text = f"{abs(rounded):,}" if rounded or not amount else "<1"
    return f"−{text}" if amount < 0 else text


def signed_dollars(amount: Decimal) -> str:
    """A difference in whole USD: ``+3,756``, ``−493``, ``0``."""
    return f"+{dollars(amount)}" if amount > 0 else dollars(amount)


def number(amount: Decimal | int) -> str:
    """A quantity without trailing zeros: ``2``, ``0.016``, ``200,000``."""
    text = f"{amount:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def difference(amount: Decimal | Unknown, shown: Callable[[Decimal], str] = signed_usd) -> str:
    """``+254.25``; ``≥+254.25`` or ``≤+254.25`` where that much is known, else that it is unknown.

    A bound of zero would read as no change.
    """
    if not isinstance(amount, Unknown):
        return shown(amount)
    if amount.at_least and amount.at_most is None:
        return f"≥{shown(amount.at_least)}"
    if amount.at_most and amount.at_least is None:
        return f"≤{shown(amount.at_most)}"
    return UNKNOWN


def spread(least: Decimal | int, most: Decimal | int) -> str:
    """A range: ``2 – 6``, or ``2`` where both ends agree."""
    low, high = number(least), number(most)
    return low if low == high else f"{low} – {high}"


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """``1 error``, ``2 errors``."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def members(endpoints: int, workflows: int) -> str:
    """What a group consists of: ``2 endpoints, 1 workflow``."""
    said = [counted(endpoints, "endpoint")] if endpoints or not workflows else []
    return ", ".join([*said, *([counted(workflows, "workflow")] if workflows else [])])


def of_instances(count: int) -> str:
    """`` (3 instances)`` behind a block; nothing where it is about one."""
    return f" ({count:,} instances)" if count > 1 else ""


def group_name(values: Mapping[str, str | Unknown | None]) -> str:
    """What the endpoints of a group have in common: ``search · production``, ``no Team · environment unknown``."""
    words = []
    for key, value in values.items():
        name = inert(key.removeprefix("tag:"))
        words.append(
            f"no {name}" if value is None else f"{name} unknown" if isinstance(value, Unknown) else inert(value)
        )
    return " · ".join(words)
