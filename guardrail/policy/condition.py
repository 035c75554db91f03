"""Conditions: mappings of fields to what they must be, compiled into three-valued tests (Kleene's logic).

``{variant.shadow: false, instance.hourly_usd: {at_most: {param: max_hourly_usd}}}``: the keys of a mapping are and-ed;
``any``, ``all`` and ``not`` combine conditions; ``each`` and ``some`` ask the variants of an endpoint, or other parts
of what the policy applies to: ``each: {pools: {pool.hourly_usd: {at_most: 2}}}``. A test answers
True, False or `Unknown` with its reason. A field without a value (None) fails every operator except ``present: false``
and equality with null. A comparison with a parameter that is null is absent: it drops out of the ``all``, ``any`` or
``not`` that it stands in, and what has no part left is absent too.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import cache
from operator import ge, gt, le, lt
from typing import Any, TypeAlias

from msgspec import Struct, structs

from guardrail.errors import PolicyError, did_you_mean
from guardrail.model import Unknown
from guardrail.policy.fields import Field, FieldType
from guardrail.policy.getters import Getter
from guardrail.policy.pattern import Pattern, PatternError
from guardrail.policy.policy import SubjectKind
from guardrail.policy.scope import Operand, PolicyScope, is_reference, show
from guardrail.policy.subject import Subject, Together
from guardrail.scaling import Truth

Test: TypeAlias = Callable[[Subject], Truth]
Part: TypeAlias = Test | None
"""A part of a condition; None where a null parameter makes it absent."""

_ORDER: dict[str, Callable[[Any, Any], bool]] = {"lt": lt, "at_most": le, "gt": gt, "at_least": ge}
OPERATORS: dict[FieldType, tuple[str, ...]] = {
    "string": ("eq", "ne", "in", "not_in", "matches", "contains", "is", "days_from_today", "present"),
    "integer": ("eq", "ne", *_ORDER, "in", "not_in", "present"),
    "number": ("eq", "ne", *_ORDER, "in", "not_in", "present"),
    "usd": ("eq", "ne", *_ORDER, "in", "not_in", "present"),
    "boolean": ("eq", "ne", "present"),
    "strings": ("eq", "ne", "in", "not_in", "contains", "present"),
    "mapping": ("has_keys", "present"),
    "object": ("present",),
}
"""Which operators a field of each type takes. ``eq`` is what a bare value means, and is not written."""


_MEANT: dict[str, str] = {
    **dict.fromkeys(("lte", "le", "max", "maximum", "<=", "less_or_equal"), "at_most"),
    **dict.fromkeys(("gte", "ge", "min", "minimum", ">=", "greater_or_equal"), "at_least"),
    **dict.fromkeys(("<", "less_than", "below"), "lt"),
    **dict.fromkeys((">", "greater_than", "above"), "gt"),
    **dict.fromkeys(("!=", "neq", "not_equals", "is_not"), "ne"),
    **dict.fromkeys(("regex", "regexp", "pattern", "like", "glob"), "matches"),
    **dict.fromkeys(("exists", "exist", "defined", "is_set"), "present"),
    **dict.fromkeys(("one_of", "any_of", "isin"), "in"),
    **dict.fromkeys(("none_of", "notin", "nin"), "not_in"),
    **dict.fromkeys(("includes", "has"), "contains"),
    **dict.fromkeys(("keys", "has_key"), "has_keys"),
    **dict.fromkeys(("within_days", "days", "max_days", "expires_in", "days_ahead"), "days_from_today"),
    **dict.fromkeys(("format", "type", "is_a"), "is"),
}
"""What other languages call our operators."""
_EQUALITY = frozenset({"eq", "==", "=", "equals", "equal"})


def compile_condition(condition: object, scope: PolicyScope) -> Test:
    """The test that ``condition`` describes; one whose every part is absent holds.

    Raises `PolicyError`, saying where, for a field, operator or parameter that does not exist, for an operand that the
    field can never have, and for a condition without a part. Where the scope collects errors they are kept in there
    instead, so that all of them are found at once.
    """
    return scope.attempt(lambda: _condition(condition, scope), None) or always


class Condition:
    """A condition that is asked of many subjects: once of all those in which the fields that it reads are the same.

    ``{variant.kind: instance, endpoint.mode: async}`` has as many answers as there are kinds and modes, of however many
    variants it is asked. One that is ``late`` is compiled when it is asked, for most policies apply to nothing of a
    stack. Raises as `compile_condition` does.
    """

    __slots__ = ("_condition", "_reads", "_scope", "_test")

    def __init__(self, condition: object, scope: PolicyScope, *, late: bool = False) -> None:
        self._condition = condition
        self._reads: list[Getter] = []
        self._scope = structs.replace(scope, reads=self._reads)
        self._test: Test | None = None
        if not late:
            self._compiled()

    def _compiled(self) -> Test:
        if self._test is None:
            self._test = compile_condition(self._condition, self._scope)
        return self._test

    def __call__(self, subject: Subject) -> Truth:
        """What it says of one subject."""
        return self._compiled()(subject)

    def of_all(self, subjects: Together) -> list[Truth]:
        """What it says of each of several."""
        test = self._compiled()
        if len(subjects.each) == 1:
            return [test(subjects.each[0])]
        if not self._reads:
            return [test(subject) for subject in subjects.each]
        columns = [*map(subjects.column, dict.fromkeys(self._reads))]
        values = columns[0] if len(columns) == 1 else [*zip(*columns, strict=True)]
        truths = {alike: test(subject) for alike, subject in dict(zip(values, subjects.each, strict=True)).items()}
        return list(map(truths.__getitem__, values))


def _condition(condition: object, scope: PolicyScope) -> Part:
    if not isinstance(condition, dict):
        raise scope.error(f"expected a mapping of fields, got {show(condition)}")
    if not condition:
        raise scope.error("an empty condition always holds: name a field, or leave it out")
    return _conjunction([_collected(str(key), value, scope.at(str(key))) for key, value in condition.items()])


def _collected(key: str, value: object, scope: PolicyScope) -> Part:
    """`_entry`, whose error is kept where the scope collects errors."""
    return scope.attempt(lambda: _entry(key, value, scope), None)


def _entry(key: str, value: object, scope: PolicyScope) -> Part:
    match key:
        case "all" | "any":
            parts = scope.list(value)
            if not parts:
                raise scope.error(
                    f"an empty list {'always' if key == 'all' else 'never'} holds: name a condition in it"
                )
            tests = [_condition(part, scope.at(index)) for index, part in enumerate(parts)]
            return _conjunction(tests) if key == "all" else _disjunction(tests)
        case "not":
            test = _condition(value, scope)
            return None if test is None else _not(test)
        case "each" | "some":
            return _quantified(key, value, scope)
    test = _on_field(scope.field(key), value, scope)
    if test is not None and key == "endpoint.environment" and scope.steps[0] in ("when", "quantities"):
        scope.read(_environment)
        return _in_doubt(test)
    return test


def _on_field(field: Field, value: object, scope: PolicyScope) -> Part:
    if not isinstance(value, dict) or is_reference(value):
        return _operation(field, "eq", value, scope)
    if not value:
        raise scope.error("no operator; a bare value means equality")
    return _conjunction([_operation(field, str(name), operand, scope.at(str(name))) for name, operand in value.items()])


def _operation(field: Field, operator: str, raw: object, scope: PolicyScope) -> Part:
    """The comparison of a field; ``eq`` stands for a bare value, and cannot be written."""
    if raw is None and operator in ("eq", "ne"):
        return _present(field.get, expected=operator == "ne")
    if operator not in OPERATORS[field.type] or (operator == "eq" and scope.steps[-1] == "eq"):
        meant = _tag_meant(operator, raw) if field.path == "endpoint.tags" else ""
        raise scope.error(f"{field.path} has no operator {operator}{meant or _meant(operator, field.type)}")
    if raw == [] and operator in _LISTED:
        raise scope.error(f"an empty list {_LISTED[operator]} holds: name something in it")
    if operator in _OWN_OPERANDS:
        return _OWN_OPERANDS[operator](field, operator, raw, scope)
    unit = field.unit if field.type in ("integer", "number", "usd") and not field.path.startswith("param.") else None
    operand = scope.operand("string" if operator == "contains" else field.type, raw, unit)
    if isinstance(raw, dict) and raw.get("field") == field.path and "times" not in raw:
        raise scope.error(f"{field.path} is compared with itself, which tells nothing: name another field")
    if operand is None:
        return None
    scope.admit(field, operand)
    if operator in _ORDER:
        if not is_reference(raw) and (problem := field.order_problem(operator, operand)):
            raise scope.error(problem)
        return _ordered(field, _ORDER[operator], operand, scope)
    if operator == "contains":
        return _contains(field.get, operand)
    return _equal(field.get, operand, negated=operator == "ne")


def _tag_meant(operator: str, raw: object) -> str:
    """``{contains: Owner}`` and a bare ``Owner`` mean that there is a tag; ``{Owner: x}`` its value."""
    if operator in ("eq", "contains"):
        return f": write {{has_keys: [{raw}]}}, or endpoint.tags.{raw} for its value"
    return f": the value of a tag is endpoint.tags.{operator}"


def _meant(operator: str, kind: FieldType) -> str:
    """What a wrong operator may have meant, as the end of an error: by meaning, by spelling, or all that there are."""
    known = [name for name in OPERATORS[kind] if name != "eq"]
    if operator in _EQUALITY:
        return ": a bare value means equality"
    if _MEANT.get(operator) in known:
        return f": write {_MEANT[operator]}"
    return did_you_mean(operator, known) or f"; it takes {', '.join(known)}"


# Tests ----------------------------------------------------------------------------------------------------------------


def always(_: Subject) -> Truth:
    """A test that holds of every subject."""
    return True


def _conjunction(parts: list[Part]) -> Part:
    tests = [part for part in parts if part is not None]
    return _all(tests) if tests else None


def _disjunction(parts: list[Part]) -> Part:
    tests = [part for part in parts if part is not None]
    return _any(tests) if tests else None


def _all(tests: list[Test]) -> Test:
    return _decided_by(tests, decisive=False)


def _any(tests: list[Test]) -> Test:
    return _decided_by(tests, decisive=True)


def _decided_by(tests: list[Test], *, decisive: bool) -> Test:
    """The test that is ``decisive`` where one of several is, else unknown where one is, else the opposite."""
    if len(tests) == 1:
        return tests[0]

    def test(subject: Subject) -> Truth:
        unknown: Unknown | None = None
        for one in tests:
            truth = one(subject)
            if truth is decisive:
                return decisive
            if unknown is None and isinstance(truth, Unknown):
                unknown = truth
        return not decisive if unknown is None else unknown

    return test


def _not(test: Test) -> Test:
    def negated(subject: Subject) -> Truth:
        truth = test(subject)
        return truth if isinstance(truth, Unknown) else not truth

    return negated


_SCALED: tuple[SubjectKind, ...] = ("variant", "scalable_target", "inference_component")
PARTS: dict[str, tuple[SubjectKind, tuple[SubjectKind, ...]]] = {
    "variants": ("variant", ("endpoint",)),
    "components": ("inference_component", ("endpoint", "variant")),
    "pools": ("pool", ("variant", "scalable_target")),
    "scaling_policies": ("scaling_policy", _SCALED),
    "schedules": ("schedule", _SCALED),
}
"""What ``each`` and ``some`` ask: what one of them is, and what has them."""


def _quantified(name: str, condition: object, scope: PolicyScope) -> Part:
    parts = "variants"
    if isinstance(condition, dict) and len(condition) > 1 and condition.keys() & PARTS.keys():
        raise scope.error(f"{name} asks one kind of parts: write {{all: [{{{name}: {{…}}}}, {{{name}: {{…}}}}]}}")
    if isinstance(condition, dict) and len(condition) == 1 and next(iter(condition)) in PARTS:
        ((parts, condition),) = condition.items()
        scope = scope.at(parts)
    kind, owners = PARTS[parts]
    scope.read(_itself)
    if scope.applies_to not in owners:
        has = f"asks the {parts.replace('_', ' ')} of {_either(owners)}"
        own = [part for part, (_, of) in PARTS.items() if scope.applies_to in of]
        raise scope.error(
            f"{name} {has}, and here it is about {_a(scope.applies_to)}{_ask_first(scope.applies_to, kind)}"
            f"{', which has ' + ', '.join(own) if own and parts == 'variants' else ''}"
        )
    test = _condition(condition, scope.within(kind, is_part=kind in ("pool", "scaling_policy", "schedule")))
    if test is None:
        return None
    combine = _all if name == "each" else _any

    def quantified(subject: Subject) -> Truth:
        found = subject.parts(parts)
        if isinstance(found, Unknown):
            return found
        return combine([_on(test, one) for one in found])(subject) if found else name == "each"

    return quantified


def _a(kind: SubjectKind) -> str:
    """``an endpoint``, ``a scaling target``."""
    words = {"scalable_target": "scaling target", "stack": "everything together"}.get(kind, kind.replace("_", " "))
    return words if kind == "stack" else f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def _either(kinds: tuple[SubjectKind, ...]) -> str:
    *others, last = map(_a, kinds)
    return f"{', '.join(others)} or {last}" if others else last


def _ask_first(around: SubjectKind, kind: SubjectKind) -> str:
    """How to get there from an endpoint: through its variants."""
    return ": put it into another each or some, which asks its variants" if around == "endpoint" != kind else ""


def _itself(subject: Subject) -> Subject:
    """What is read by who asks the parts of a subject: no two are alike."""
    return subject


def _on(test: Test, subject: Subject) -> Test:
    return lambda _: test(subject)


def _present(get: Getter, *, expected: bool) -> Test:
    """Whether there is one. A text of which a part is known is there: ``${aws_kms_key.volumes.arn}``."""

    def test(subject: Subject) -> Truth:
        value = get(subject)
        if value.__class__ is Unknown:
            return value if value.partial is None else expected
        return (value is not None) is expected

    return test


class _Range(Struct, frozen=True):
    """What is known of a number: both are the number itself where it is known, and None where there is no bound."""

    least: Any
    most: Any

    @classmethod
    def of(cls, value: Any) -> "_Range":
        return cls(value.at_least, value.at_most) if isinstance(value, Unknown) else cls(value, value)

    def excludes(self, other: "_Range") -> bool:
        """Whether no number lies in both."""
        return _above(self.least, other.most) or _above(other.least, self.most)


def _above(one: Any, other: Any) -> bool:
    return one is not None and other is not None and one > other


def _equal(get: Getter, operand: Operand, *, negated: bool) -> Test:
    if callable(operand):
        return _compared(get, operand, lambda value, other: (value == other) is not negated)
    if isinstance(operand, (int, float, Decimal)) and not isinstance(operand, bool):
        equals = _Range(operand, operand)
        return _in_range(get, lambda value: (value == operand) is not negated, [equals], not negated)

    def test(subject: Subject) -> Truth:
        value = get(subject)
        if value.__class__ is Unknown:
            return value
        return value is not None and (value == operand) is not negated

    return test


def _in_range(get: Getter, holds: Callable[[Any], bool], ranges: list[_Range], wanted: bool) -> Test:  # noqa: FBT001
    """A test of equality with one of ``ranges``: an unknown number whose bounds lie outside of all is none of them."""

    def test(subject: Subject) -> Truth:
        value = get(subject)
        if value.__class__ is Unknown:
            bounded = value.at_least is not None or value.at_most is not None
            return not wanted if bounded and all(map(_Range.of(value).excludes, ranges)) else value
        return value is not None and holds(value)

    return test


def _environment(subject: Subject) -> object:
    return subject.environment


def _in_doubt(test: Test) -> Test:
    """A test of the environment: where that is unknown, rules for production apply and others may apply."""

    def doubted(subject: Subject) -> Truth:
        truth = test(subject)
        return subject.environment if truth is False and isinstance(subject.environment, Unknown) else truth

    return doubted


def _ordered(field: Field, compare: Callable[[Any, Any], bool], operand: Operand, scope: PolicyScope) -> Test:
    """A comparison by size. Of an unknown number its bounds may decide it: at least 3 is not below 2."""
    get, is_field = field.get, callable(operand)
    upwards = compare in (gt, ge)

    def test(subject: Subject) -> Truth:
        left, right = get(subject), operand(subject) if is_field else operand
        if left is None or right is None:
            return False
        try:
            if left.__class__ is not Unknown and right.__class__ is not Unknown:
                return compare(left, right)
            one, two = _Range.of(left), _Range.of(right)
            worst, best = (one.least, two.most), (one.most, two.least)
            if not upwards:
                worst, best = (one.most, two.least), (one.least, two.most)
            if None not in worst and compare(*worst):
                return True
            if None not in best and not compare(*best):
                return False
        except TypeError as error:
            raise PolicyError(f"policy {scope.policy}: cannot compare {field.path}, which is no number here") from error
        return left if isinstance(left, Unknown) else right

    return test


def _compared(get: Getter, other: Getter, compare: Callable[[Any, Any], bool]) -> Test:
    """A comparison of two fields."""

    def test(subject: Subject) -> Truth:
        left, right = get(subject), other(subject)
        if left is None or right is None:
            return False
        for value in (left, right):
            if isinstance(value, Unknown):
                return value
        return compare(left, right)

    return test


def _known(get: Getter, holds: Callable[[Any], bool]) -> Test:
    """A test of a value that is there and known."""

    def test(subject: Subject) -> Truth:
        value = get(subject)
        if value.__class__ is Unknown:
            return value
        return value is not None and holds(value)

    return test


def _contains(get: Getter, operand: Operand) -> Test:
    if callable(operand):
        return _compared(get, operand, lambda value, item: item in value)
    return _known(get, lambda value: operand in value)


def _matches(field: Field, _: str, raw: object, scope: PolicyScope) -> Part:
    texts = scope.members("string", raw if isinstance(raw, (list, dict)) else [raw])
    if texts is None:
        return None
    try:
        patterns = tuple(Pattern(text) for text in texts)
    except PatternError as error:
        raise scope.error(f"{show(raw)} is no pattern: {error}") from error
    problem = next(filter(None, map(field.pattern_problem, texts)), None)
    if problem is not None:
        raise scope.error(problem)
    return _known(field.get, lambda value: any(pattern.matches(value) for pattern in patterns))


def _is(field: Field, _: str, raw: object, scope: PolicyScope) -> Test:
    if not isinstance(raw, str) or raw not in FORMS:
        near = did_you_mean(str(raw), FORMS)
        raise scope.error(f"{show(raw)} is no form of text{near or '; there are ' + ', '.join(FORMS)}")
    return _known(field.get, FORMS[raw])


def day_of(text: str) -> date | None:
    """The day that a text is, ``2027-01-31``; None of any other text, ``2027-02-30`` included."""
    try:
        return date.fromisoformat(text) if len(text) == _DAY_LENGTH and text[7] == "-" else None  # and no 2027-W04-7
    except ValueError:
        return None


_DAY_LENGTH = len("2027-01-31")
_pattern = cache(Pattern)
FORMS: dict[str, Callable[[str], bool]] = {
    "e-mail": lambda text: _pattern(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+").matches(text),
    "date": lambda text: day_of(text) is not None,
    "integer": lambda text: _pattern(r"-?[0-9]+").matches(text),
    "arn": lambda text: _pattern(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:([0-9]{12}|aws)?:.+").matches(text),
}
"""What a text may be: ``{is: date}``."""


def _days(field: Field, _: str, raw: object, scope: PolicyScope) -> Part:
    """``{days_from_today: {at_least: 1, at_most: 90}}``: a text that is no date has no days, and so fails."""

    def days(subject: Subject) -> object:
        value = field.get(subject)
        day = day_of(value) if isinstance(value, str) else None
        if day is None:
            return value if isinstance(value, Unknown) else None
        today = subject.world.today if subject.world else None
        return Unknown("which day it is does not matter here") if today is None else (day - today).days

    counted = structs.replace(
        field, path=f"{field.path} in days", type="integer", unit="days", get=days, least=None, most=None
    )
    return _on_field(structs.replace(counted, values=(), shape=None), raw, scope)


def _looked_up(field: Field, operator: str, raw: dict[str, Any], scope: PolicyScope) -> Part:
    """``{in: {param: allowed, of: {field: endpoint.region}}}``."""
    members = scope.lookup("string" if field.type == "strings" else field.type, raw, listed=True)
    if members is None:
        return None
    wanted, several = operator == "in", field.type == "strings"

    def holds(value: Any, among: Any) -> bool:
        if several:
            return bool(among.issuperset(value) if wanted else among.isdisjoint(value))
        return (value in among) is wanted

    return _compared(field.get, members, holds)


def _collection(field: Field, operator: str, raw: object, scope: PolicyScope) -> Part:
    if isinstance(raw, dict) and is_reference(raw) and "of" in raw and operator != "has_keys":
        return _looked_up(field, operator, raw, scope)
    items = scope.members("string" if field.type in ("mapping", "strings") else field.type, raw)
    if items is None:
        return None
    for item in items:
        scope.admit(field, item)
    get = field.get
    if operator == "has_keys":
        return _known(get, lambda value: all(item in value for item in items))
    members, wanted = frozenset(items), operator == "in"
    if not members:  # nothing is among nothing, whatever an unknown value turns out to be
        return _present(get, expected=True) if not wanted else lambda _: False
    if field.type == "strings":
        return _known(get, members.issuperset if wanted else members.isdisjoint)
    return _in_range(get, lambda value: (value in members) is wanted, [_Range(item, item) for item in items], wanted)


def _presence(field: Field, _: str, raw: object, scope: PolicyScope) -> Test:
    if not isinstance(raw, bool):
        truth = {"yes": ": write true", "no": ": write false"}.get(str(raw).lower(), "")
        raise scope.error(f"expected true or false, got {show(raw)}{truth}")
    return _present(field.get, expected=raw)


_LISTED = {"in": "never", "not_in": "always", "has_keys": "always", "matches": "never"}
"""Operators that take a list, and when they hold of an empty one."""
_OWN_OPERANDS: dict[str, Callable[[Field, str, object, PolicyScope], Part]] = {
    "present": _presence,
    "matches": _matches,
    "in": _collection,
    "not_in": _collection,
    "has_keys": _collection,
    "is": _is,
    "days_from_today": _days,
}
"""The operators whose operand is not simply one value of the field's type."""
