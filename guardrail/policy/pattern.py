r"""Regular expressions that match a whole text in linear time, whatever the pattern and whatever the text.

Names in a plan are hostile, and patterns come from settings that somebody else may have written; a backtracking engine
can be made to run for hours by the two of them. The subset: literals, ``.``, ``[a-z]`` and ``[^a-z]``, ``\d \w \s``,
``( )``, ``|``, ``* + ?`` and ``{m,n}``. There is nothing to capture, and nothing to anchor: the whole text must match.

An automaton after Thompson (1968), made deterministic while it runs: each state is the set of places that the pattern
may be at.
"""

import re
from collections.abc import Callable
from typing import TypeAlias

_MAX_LENGTH = 2_000
_MAX_STATES = 2_000
_MAX_DEPTH = 50

Accepts: TypeAlias = Callable[[str], bool]
_ANY: Accepts = lambda _: True  # noqa: E731 - a predicate among predicates
_CLASSES: dict[str, Accepts] = {
    "d": str.isdecimal,
    "D": lambda c: not c.isdecimal(),
    "w": lambda c: c.isalnum() or c == "_",
    "W": lambda c: not (c.isalnum() or c == "_"),
    "s": str.isspace,
    "S": lambda c: not c.isspace(),
}
_META = frozenset("\\.[](){}|*+?^$")


class PatternError(ValueError):
    """A pattern outside the subset; its text says what and where."""


class Pattern:
    """A compiled pattern."""

    __slots__ = ("_accepts", "_ignore_case", "_literal", "_next", "_start", "_steps")

    def __init__(self, text: str, *, ignore_case: bool = False) -> None:
        """Raise `PatternError` where ``text`` is no pattern of the subset."""
        self._ignore_case = ignore_case
        text = _lowered(text) if ignore_case else text
        self._literal = None if _META.intersection(text) else text
        self._steps: dict[tuple[frozenset[int], str], frozenset[int]] = {}
        self._accepts: list[Accepts | None] = []
        self._next: list[tuple[int, ...]] = []
        self._start: frozenset[int] = frozenset()
        if self._literal is None:
            program = _PatternParser(text).program()
            self._accepts, self._next = program.accepts, program.next
            self._start = self._closure((program.start,))

    def matches(self, text: str) -> bool:
        """Whether the whole of ``text`` matches."""
        text = text.lower() if self._ignore_case else text
        if self._literal is not None:
            return text == self._literal
        states = self._start
        for character in text:
            key = (states, character)
            after = self._steps.get(key)
            if after is None:
                after = self._steps[key] = self._step(states, character)
            if not after:
                return False
            states = after
        return _END in states

    def _step(self, states: frozenset[int], character: str) -> frozenset[int]:
        reached: list[int] = []
        for state in states:
            accepts = None if state == _END else self._accepts[state]
            if accepts is not None and accepts(character):
                reached.extend(self._next[state])
        return self._closure(tuple(reached))

    def _closure(self, states: tuple[int, ...]) -> frozenset[int]:
        """The states and all that can be reached from them without reading a character."""
        seen: set[int] = set()
        waiting = list(states)
        while waiting:
            state = waiting.pop()
            if state in seen:
                continue
            seen.add(state)
            if state != _END and self._accepts[state] is None:
                waiting.extend(self._next[state])
        return frozenset(seen)


_END = -1


def _lowered(text: str) -> str:
    r"""A pattern in lower case, but for its classes: ``A\D`` becomes ``a\D``."""
    return re.sub(r"(?s)\\.|[^\\]+", lambda part: part[0] if part[0][0] == "\\" else part[0].lower(), text)


class _Program:
    """States as two parallel lists: what each accepts (None: nothing is read) and where it leads."""

    __slots__ = ("accepts", "next", "start")

    def __init__(self) -> None:
        self.accepts: list[Accepts | None] = []
        self.next: list[tuple[int, ...]] = []
        self.start = _END

    def add(self, accepts: Accepts | None, after: tuple[int, ...]) -> int:
        if len(self.accepts) >= _MAX_STATES:
            raise PatternError(f"more than {_MAX_STATES:,} states; use smaller repetitions")
        self.accepts.append(accepts)
        self.next.append(after)
        return len(self.accepts) - 1


_Fragment: TypeAlias = Callable[[_Program, int], int]
"""Adds its states to a program, leading to the given state, and returns the state to begin with."""


class _PatternParser:
    """Recursive descent; each rule returns a fragment."""

    def __init__(self, text: str) -> None:
        if len(text) > _MAX_LENGTH:
            raise PatternError(f"longer than {_MAX_LENGTH} characters")
        self._text = text
        self._at = 0
        self._depth = 0

    def program(self) -> _Program:
        fragment = self._alternatives()
        if self._at < len(self._text):
            raise self._error("unbalanced )")
        program = _Program()
        program.start = fragment(program, _END)
        return program

    def _peek(self) -> str:
        return self._text[self._at] if self._at < len(self._text) else ""

    def _take(self) -> str:
        character = self._peek()
        self._at += len(character)
        return character

    def _error(self, problem: str) -> PatternError:
        return PatternError(f"{problem} at character {self._at + 1}")

    def _alternatives(self) -> _Fragment:
        options = [self._sequence()]
        while self._peek() == "|":
            self._at += 1
            options.append(self._sequence())
        return options[0] if len(options) == 1 else _either(options)

    def _sequence(self) -> _Fragment:
        parts: list[_Fragment] = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._repeated())
        return _chain(parts)

    def _repeated(self) -> _Fragment:
        atom = self._atom()
        quantifier = self._peek()
        if quantifier not in ("*", "+", "?", "{"):
            return atom
        self._at += 1
        low, high = self._bounds() if quantifier == "{" else _QUANTIFIERS[quantifier]
        if self._peek() in ("*", "+", "?", "{"):
            raise self._error("a second quantifier")
        return _repeat(atom, low, high)

    def _bounds(self) -> tuple[int, int | None]:
        end = self._text.find("}", self._at)
        body = self._text[self._at : end] if end >= 0 else ""
        low, comma, high = body.partition(",")
        if not body.isascii() or not low.isdecimal() or (high and not high.isdecimal()):
            raise self._error("expected {m}, {m,} or {m,n}")
        if any(number.startswith("0") and number != "0" for number in (low, high)):
            raise self._error("a number of times begins with 0")  # to RE2 such braces are text
        self._at = end + 1
        bounds = int(low), (int(high) if high else None) if comma else int(low)
        if bounds[1] is not None and bounds[0] > bounds[1]:
            raise self._error("repetition bounds out of order")
        if max(bounds[0], bounds[1] or 0) > _MAX_STATES:
            raise PatternError(f"more than {_MAX_STATES:,} states; use smaller repetitions")
        return bounds

    def _atom(self) -> _Fragment:
        character = self._take()
        if character == "(":
            if self._peek() == "?":
                raise self._error("groups are plain ( )")
            return self._group()
        if character == "[":
            return _one(self._class())
        if character == ".":
            return _one(_ANY)
        if character == "\\":
            escaped = self._escape()
            return _one(_is(escaped) if isinstance(escaped, str) else escaped)
        if character in _META:
            raise self._error(
                "no anchors: the whole text is matched" if character in "^$" else f"{character} has nothing to act on"
            )
        return _one(_is(character))

    def _group(self) -> _Fragment:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self._error(f"groups nested more than {_MAX_DEPTH} deep")
        inner = self._alternatives()
        if self._take() != ")":
            raise self._error("missing )")
        self._depth -= 1
        return inner

    def _escape(self) -> str | Accepts:
        """The character behind a backslash, or the class that it names."""
        character = self._take()
        if character in _CLASSES:
            return _CLASSES[character]
        if not character or character.isalnum():
            raise self._error(f"unknown escape \\{character}")
        return character

    def _class(self) -> Accepts:
        negated = self._peek() == "^"
        self._at += negated
        members: list[Accepts] = []
        while self._peek() != "]" or not members:
            members.append(self._member())
        self._at += 1
        if negated:
            return lambda c: not any(member(c) for member in members)
        return lambda c: any(member(c) for member in members)

    def _member(self) -> Accepts:
        first = self._character()
        if not isinstance(first, str):
            return first
        if self._peek() == "-" and self._text[self._at + 1 : self._at + 2] not in ("]", ""):
            self._at += 1
            last = self._character()
            if not isinstance(last, str) or last < first:
                raise self._error("class range out of order")
            return lambda c: first <= c <= last
        return _is(first)

    def _character(self) -> str | Accepts:
        """One side of a range, or a class."""
        character = self._take()
        if not character:
            raise self._error("missing ]")
        return self._escape() if character == "\\" else character


_QUANTIFIERS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}


def _is(expected: str) -> Accepts:
    return expected.__eq__


def _one(accepts: Accepts) -> _Fragment:
    return lambda program, after: program.add(accepts, (after,))


def _chain(parts: list[_Fragment]) -> _Fragment:
    def add(program: _Program, after: int) -> int:
        for part in reversed(parts):
            after = part(program, after)
        return after

    return add


def _either(options: list[_Fragment]) -> _Fragment:
    return lambda program, after: program.add(None, tuple(option(program, after) for option in options))


def _repeat(atom: _Fragment, low: int, high: int | None) -> _Fragment:
    def add(program: _Program, after: int) -> int:
        if high is None:
            loop = program.add(None, (after,))
            program.next[loop] = (atom(program, loop), after)
            after = loop
        else:
            end = after
            for _ in range(high - low):
                after = program.add(None, (atom(program, after), end))
        for _ in range(low):
            after = atom(program, after)
        return after

    return add
