"""Texts read by the tables that Lark makes of a grammar: what its parser and its contextual lexer do, and nothing else.

To import Lark, and to make its objects of tables, takes longer than all the rest of a check of ten resources. Trees and
rejections are those of Lark (tests/sources/hcl/test_grammar.py holds them against it).
"""

import re
from collections.abc import Mapping

import msgspec
from msgspec import Raw, Struct

from guardrail.expressions import expression

END = "$END"
"""The type of what stands behind the last token."""


class Token(str):
    """A piece of a text."""

    __slots__ = ("start", "type")

    start: int
    """Its offset in the text."""
    type: str


class Tree(Struct):
    """What a rule has made of its parts."""

    data: str
    """The name of the rule, or the one that the grammar gives this way to write it."""
    children: "list[Tree | Token]"


class RejectedError(Exception):
    """A text that the grammar does not have."""

    def __init__(self, at: int, expected: frozenset[str]) -> None:
        super().__init__(f"rejected at {at}")
        self.at = at
        self.expected = expected
        """The types of the tokens that could stand there; empty where nothing begins so."""


class Word(Struct, frozen=True, array_like=True):
    """A token that is always the same text."""

    text: str
    within: tuple[str, ...]
    """The tokens whose expressions match it too, as that of a name does ``for``, and that are tried before it."""


class Rule(Struct, frozen=True, array_like=True):
    """A way to write something."""

    name: str
    label: str
    """What the tree is called."""
    size: int
    """How many parts it is made of."""
    children: tuple[tuple[int, bool], ...] | None
    """Which of these become children, and whether in their place their own do; None where all become children."""
    is_transparent: bool
    """Whether an only child stands for the tree itself."""


class Tables(Struct, frozen=True):
    """A grammar, compiled."""

    grammar: str
    """What they are made of."""
    expressions: dict[str, str]
    """Of tokens, in the order in which they are tried, which is before all words."""
    words: dict[str, Word]
    ignored: tuple[str, ...]
    """The tokens that may stand anywhere."""
    rules: tuple[Rule, ...]
    states: tuple[Raw, ...]
    """What follows in each, by the name of a token or a rule: a state, or the rule ``~number`` that ends there."""
    end: int
    """The state that a whole text leads to from the first one."""


class Parser:
    """A parser of texts, by tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._expressions = {name: expression(pattern) for name, pattern in tables.expressions.items()}
        self._states: dict[int, _State] = {}

    def parse(self, text: str) -> Tree:
        """The tree of a text. Raises `RejectedError`."""
        numbers, values, at = [0], list[Tree | Token](), 0
        while True:
            state = self._state(numbers[-1])
            token = self._token(state, text, at)
            while (action := state.actions.get(token.type, 0)) < 0:
                self._reduce(self._tables.rules[~action], numbers, values)
                if token.type == END and numbers[-1] == self._tables.end:
                    return values[-1]  # type: ignore[return-value] # what the start of a grammar is made of
                state = self._state(numbers[-1])
            if token.type not in state.actions:
                raise RejectedError(token.start, frozenset(filter(str.isupper, state.actions)))
            numbers.append(action)
            values.append(token)
            at = token.start + len(token)

    def _reduce(self, rule: Rule, numbers: list[int], values: "list[Tree | Token]") -> None:
        """Put what a rule makes of its parts, which are the last values, in their place."""
        first = len(values) - rule.size
        children = values[first:]
        if rule.children is not None:
            parts, children = children, []
            for index, is_inlined in rule.children:
                if not is_inlined:
                    children.append(parts[index])
                elif children:
                    children += parts[index].children  # type: ignore[union-attr] # a tree
                else:
                    children = parts[index].children  # type: ignore[union-attr] # which nobody else has
        del numbers[first + 1 :], values[first:]
        numbers.append(self._state(numbers[-1]).actions[rule.name])
        values.append(children[0] if rule.is_transparent and len(children) == 1 else Tree(rule.label, children))

    def _state(self, number: int) -> "_State":
        state = self._states.get(number)
        if state is None:
            actions = msgspec.json.decode(self._tables.states[number], type=dict[str, int])
            state = self._states[number] = _State(actions, self._tables, self._expressions)
        return state

    def _token(self, state: "_State", text: str, at: int) -> Token:
        """The token at an offset, or behind what is ignored there, of those that may stand in a state."""
        name, value = END, ""
        while at < len(text):
            found = state.match(text, at)
            if found is None:
                raise RejectedError(at, state.expected() if self._is_any(text, at) else frozenset())
            name, value = found
            if name not in self._tables.ignored:
                break
            at += len(value)
            name, value = END, ""
        token = Token(value)
        token.type, token.start = name, at
        return token

    def _is_any(self, text: str, at: int) -> bool:
        """Whether a token of any kind stands at an offset."""
        words = tuple(word.text for word in self._tables.words.values())
        return text.startswith(words, at) or any(each.match(text, at) for each in self._expressions.values())


class _State:
    """What may follow in a state, and how its tokens are told from a text."""

    __slots__ = ("_expressions", "_lengths", "_words", "actions")

    def __init__(self, actions: Mapping[str, int], tables: Tables, expressions: Mapping[str, re.Pattern[str]]) -> None:
        self.actions = actions
        names = {*actions, *tables.ignored}
        self._expressions = [(name, each, dict[str, str]()) for name, each in expressions.items() if name in names]
        """Each with the words that it matches and that are tokens of their own."""
        self._words: dict[str, str] = {}
        inside = {name: words for name, _, words in self._expressions}
        for name, word in tables.words.items():
            if name in names:
                for words in [inside[each] for each in word.within if each in inside] or [self._words]:
                    words[word.text] = name
        self._lengths = sorted(set(map(len, self._words)), reverse=True)

    def match(self, text: str, at: int) -> tuple[str, str] | None:
        """The type and the text of the token at an offset; None where none of these stands there."""
        for name, each, words in self._expressions:
            found = each.match(text, at)
            if found is not None:
                return words.get(found[0], name), found[0]
        for length in self._lengths:
            value = text[at : at + length]
            if value in self._words:
                return self._words[value], value
        return None

    def expected(self) -> frozenset[str]:
        """The tokens that are told from a text by an expression or a word of their own."""
        names = (*(name for name, *_ in self._expressions if name in self.actions), *self._words.values())
        return frozenset(names)
