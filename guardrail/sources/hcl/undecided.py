"""Decisions: conditions and keys with unknown values, and their possible outcomes.

``var.big ? "ml.m5.4xlarge" : "ml.m5.large"`` is exactly one of two, and ``local.types[var.size]`` one of as many as
there are keys. While a root module is read, each such place leaves a `Decision` among the references of what depends on
it; read again with an outcome for each decision, the module is what Terraform would make of it.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from guardrail.expressions import expression
from guardrail.later import Later
from guardrail.model import Unknown
from guardrail.sources.base import UNNAMED, Reference
from guardrail.sources.hcl.values import SetValue

if TYPE_CHECKING:
    import json
else:
    json = Later("json")

MOST = 64
"""Ways that are tried; what depends on more is unknown."""
_LONGEST = 200
"""Characters of a condition that is told from others by its text."""

_TRUTHS = ("true", "false")
_ANOTHER = "\0"
"""The outcome of a key that is none of those there are."""
_EQUALITY = expression(r'([^\s()]+) == ("(?:[^"\\]|\\.)*"|[^\s()"]+)')
_LITERAL = expression(r'".*"|true|false|null|-?\d+')
"""What a value can be: ``var.a == var.b`` says of neither which one it is."""
_VARIABLE = expression(r"(?<![\w.\]])var\.([\w-]+)")


class Decision(Reference, frozen=True):
    """A condition, or a key, that nobody knows; its address is its text, ``var.active`` or ``var.env == "prod"``."""

    among: tuple[str, ...] = _TRUTHS
    """How it can turn out."""


Outcomes: TypeAlias = Mapping[Decision, str]


def text_of_unknown(value: Unknown) -> str | None:
    """The expression that identifies an unknown value: ``var.big`` of ``${var.big}``; None where there is none."""
    partial = value.partial
    if partial is None or "${" not in partial or UNNAMED in partial:
        return None
    is_one = partial.startswith("${") and partial.endswith("}") and partial.count("${") == 1
    return partial[2:-1] if is_one else json.dumps(partial, ensure_ascii=False)


def written(value: Any) -> str | None:
    """The text of a value as an expression; None where two values could share it, or where it is too long."""
    if isinstance(value, Unknown):
        return text_of_unknown(value)
    if isinstance(value, (str, bool)) or value is None or value.__class__ is int:
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list) and len(value) <= MOST:
        items = [written(item) for item in value]
        return None if None in items else f"[{', '.join(map(str, items))}]"
    return None


def formula(pattern: str, *values: Any) -> str | None:
    """The partial text of something made of unknown values: ``${var.env == "prod"}`` of ``{} == {}``."""
    texts = [written(value) for value in values]
    if None in texts:
        return None
    text = pattern.format(*texts)
    return f"${{{text}}}" if len(text) <= _LONGEST else None


def condition(unknown: Unknown) -> tuple[Decision, bool] | None:
    """The decision that an unknown condition asks for, and which truth of the condition its ``true`` stands for."""
    text = text_of_unknown(unknown)
    if text is None:
        return None
    holds = True
    while text.startswith("!"):
        text, holds = text[1:], not holds
    return Decision(text, ""), holds


def key_among(unknown: Unknown, subject: Any, *, tolerant: bool) -> Decision | None:
    """The decision which key of a collection an unknown one is; None where nothing tells it from others.

    Where it is ``tolerant``, one that is not there is an outcome too.
    """
    text = text_of_unknown(unknown)
    keys: Sequence[str] = ()
    if isinstance(subject, dict):
        keys = tuple(subject)
    elif isinstance(subject, list) and not isinstance(subject, SetValue):
        keys = tuple(map(str, range(len(subject))))
    among = (*keys, *((_ANOTHER,) if tolerant else ()))
    return Decision(text, "", among) if text is not None and keys and len(among) <= MOST else None


def ways(decisions: Iterable[Decision]) -> list[Outcomes]:
    """Every way in which all of the decisions can turn out together; none where they are too many.

    ``var.env`` is not "dev" and "prod" at once, and where ``var.active`` is the key "blue" it is nothing else either.
    """
    found: list[dict[Decision, str]] = [{}]
    for decision in decisions:
        found = [way for known in found for outcome in decision.among if _can_be(way := {**known, decision: outcome})]
        if len(found) > MOST:
            return []
    return list(found)


def _can_be(outcomes: Outcomes) -> bool:
    """Whether one value can be all that these outcomes say of it."""
    facts = [fact for decision, outcome in outcomes.items() for fact in _facts(decision, outcome)]
    known = {subject: value for subject, value, holds in facts if holds}
    return all((known.get(subject) == value) is holds for subject, value, holds in facts if subject in known)


def _facts(decision: Decision, outcome: str) -> Iterable[tuple[str, str, bool]]:
    """What an outcome says: of which value, that it is, or is not, which one."""
    if decision.among != _TRUTHS:
        if outcome == _ANOTHER:
            return [(decision.address, key, False) for key in decision.among if key != _ANOTHER]
        return [(decision.address, outcome, True)]
    compared = _EQUALITY.fullmatch(decision.address)
    if compared is None or not _LITERAL.fullmatch(compared[2]):
        return [(decision.address, outcome, True)]
    value = compared[2]
    return [(compared[1], json.loads(value) if value.startswith('"') else value, outcome == "true")]


def distinct(tried: Sequence[Outcomes], is_same: Callable[[int, int], bool]) -> list[tuple[int, Outcomes]]:
    """The places of the ways to show, each with the outcomes that tell it from the others.

    A decision that makes no difference, however the others turn out, is in none of them.
    """
    kept = list(enumerate(tried))
    for decision in tried[0]:
        groups: dict[frozenset[tuple[Decision, str]], list[tuple[int, Outcomes]]] = {}
        for at, way in kept:
            rest = {other: outcome for other, outcome in way.items() if other != decision}
            groups.setdefault(frozenset(rest.items()), []).append((at, rest))
        if all(is_same(group[0][0], at) for group in groups.values() for at, _ in group):
            kept = [group[0] for group in groups.values()]
    return kept


def described(outcomes: Outcomes) -> str:
    """The way for people: ``var.active = "blue", var.env != "prod"``, without what follows from the rest."""
    facts = {decision: list(_facts(decision, outcome)) for decision, outcome in outcomes.items()}
    known = {subject for said in facts.values() for subject, _, holds in said if holds}
    return ", ".join(
        _described(decision, outcome)
        for decision, outcome in outcomes.items()
        if any(holds or subject not in known for subject, _, holds in facts[decision])
    )


def _described(decision: Decision, outcome: str) -> str:
    text = decision.address
    if decision.among != _TRUTHS:
        return f"another {text}" if outcome == _ANOTHER else f"{text} = {json.dumps(outcome, ensure_ascii=False)}"
    if re.fullmatch(r"[^\s()]+", text):
        return f"{text} = {outcome}"
    if outcome == "true":
        return text
    return text.replace(" == ", " != ") if _EQUALITY.fullmatch(text) else f"not {text}"


def request(decisions: Iterable[Decision]) -> str:
    """What to give so that one way is left: ``give --var active=…``."""
    decisions = list(decisions)
    names = dict.fromkeys(name for decision in decisions for name in _VARIABLE.findall(decision.address))
    others = [decision.address for decision in decisions if not _VARIABLE.search(decision.address)]
    wanted = ["give " + " ".join(f"--var {name}=…" for name in names)] if names else []
    return "; ".join([*wanted, *([f"it depends on {', '.join(others)}"] if others else [])])
