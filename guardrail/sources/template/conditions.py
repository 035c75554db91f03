"""Conditions, which are three-valued: true, false, or unknown with the parameters that would decide them.

Where a parameter is compared with a constant, the `World` is told, so that the reader can try that value.
"""

from typing import TYPE_CHECKING, Any

from guardrail.model import Unknown
from guardrail.sources.template.values import Expression, Hidden, Table, symbol_of, text_of

if TYPE_CHECKING:
    from guardrail.sources.template.stack import Stack


class Conditions:
    """The conditions of one stack."""

    def __init__(self, stack: "Stack", rules: Table) -> None:
        self._stack = stack
        self._rules = rules
        self._decided: dict[str, bool | Unknown] = {}

    def holds(self, name: Any) -> bool | Unknown:
        """Whether a named condition holds. What depends on an Unknown one is to be noted with `Stack.consult`."""
        name = text_of(name)
        if name is None or name not in self._rules:
            return Unknown(f"the condition {str(name)[:80]} is not in the template")
        if name not in self._decided:
            self._decided[name] = Unknown(f"the condition {name} leads to itself")
            self._decided[name] = self.decide(self._rules[name])
        return self._decided[name]

    def decide(self, rule: Any) -> bool | Unknown:
        """Whether a rule, a test of the template, holds."""
        if isinstance(rule, Table) and len(rule.once()) == 1:
            ((name, argument),) = rule.items()
            operands = argument if isinstance(argument, list) else [argument]
            if name == "Condition":
                return self.holds(argument)
            if name == "Fn::Equals" and len(operands) == 2:  # noqa: PLR2004 - it compares two things
                return self._equal(self._stack.evaluate(operands[0]), self._stack.evaluate(operands[1]))
            if name == "Fn::Not" and len(operands) == 1:
                return _negated(self.decide(operands[0]))
            if name in ("Fn::And", "Fn::Or"):
                return self._combined(operands, absorbing=name == "Fn::Or")
        return self._truth(self._stack.evaluate(rule))

    def _truth(self, value: Any) -> bool | Unknown:
        if isinstance(value, Unknown):
            return value
        return {"true": True, "false": False}.get(
            str(text_of(value)).lower(), Unknown("a condition is not true or false")
        )

    def _combined(self, operands: list[Any], *, absorbing: bool) -> bool | Unknown:
        """Kleene's and, whose absorbing value is false, or his or."""
        undecided: list[Unknown] = []
        for operand in operands:
            truth = self.decide(operand)
            if truth is absorbing:
                return absorbing
            if isinstance(truth, Unknown):
                undecided.append(truth)
        if not undecided:
            return not absorbing
        variables = [name for each in undecided if isinstance(each, Expression) for name in each.variables]
        return Expression(undecided[0].reason, variables=tuple(dict.fromkeys(variables)))

    def _equal(self, left: Any, right: Any) -> bool | Unknown:
        texts = text_of(left), text_of(right)
        if None not in texts:
            return texts[0] == texts[1]
        if isinstance(left, list) or isinstance(right, list):
            return left == right if isinstance(left, list) and isinstance(right, list) else False
        left, right, text = (left, right, texts[1]) if isinstance(left, Unknown) else (right, left, texts[0])
        if not isinstance(left, Expression):
            return left if isinstance(left, Unknown) else False
        if left.symbol is not None and left.symbol == symbol_of(right):
            return True
        if text is not None and text in left.unequal_to:
            return False
        return self._undecided(left, right, text)

    def _undecided(self, left: Expression, right: Any, text: str | None) -> bool | Unknown:
        """A comparison that hangs on parameters, or, where these are out of reach, on itself."""
        if text is not None and len(left.variables) == 1 and left.symbol == f"${{{left.variables[0]}}}":
            self._stack.world.compare(left.variables[0], [text], is_closed=False)
            return Expression(left.reason, variables=left.variables)
        if left.hides or isinstance(right, Hidden) or (isinstance(right, Expression) and right.hides):
            return Unknown(left.reason)  # what would name the question must not be printed
        sides = sorted((symbol_of(left) or left.reason, symbol_of(right) or "something unknown"))
        comparison = f"whether {sides[0]} equals {sides[1]}"
        assigned = self._stack.world.assignment.get(comparison)
        if isinstance(assigned, str):
            return assigned == "true"
        self._stack.world.compare(comparison, ["true", "false"], is_closed=True)
        return Expression(left.reason, variables=(comparison,))


def _negated(truth: bool | Unknown) -> bool | Unknown:  # noqa: FBT001 - a truth value is what it is about
    return truth if isinstance(truth, Unknown) else not truth
