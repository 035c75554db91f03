"""What to change, said of one subject: the fix in a line or three, and the lines to paste with its own type in them."""

from msgspec import structs

from guardrail.policy.base import Remediation
from guardrail.policy.condition import Test, compile_condition
from guardrail.policy.message import Text, compile_text
from guardrail.policy.policy import Fix, Policy
from guardrail.policy.scope import Scope
from guardrail.policy.subject import Subject

ANY_TYPE = "ml.<type>"
"""Stands in the remediation of a policy where a finding may know a better instance type."""


class Fixes:
    """The fixes of one policy. They are compiled when the first one is needed, which in most checks none is."""

    __slots__ = ("_compiled", "_policy", "_scope")

    def __init__(self, policy: Policy, scope: Scope) -> None:
        self._policy = policy
        self._scope = scope
        self._compiled: list[tuple[Test | None, Text, Text]] | None = None

    def compile(self) -> list[tuple[Test | None, Text, Text]]:
        """The conditions with their texts in both languages.

        Raises `PolicyError` for a field, operator or parameter that does not fit.
        """
        if self._compiled is None:
            scope, fixes = self._scope, self._policy.fix
            listed = [(scope, fixes)] if isinstance(fixes, Fix) else [(scope.at(n), fix) for n, fix in enumerate(fixes)]
            self._compiled = [_compile(fix, place) for place, fix in listed]
        return self._compiled

    def of(self, subject: Subject) -> Remediation | None:
        """The first fix whose condition holds; None where there is none."""
        for when, terraform, cloudformation in self.compile():
            if when is None or when(subject) is True:
                return Remediation(terraform=terraform(subject), cloudformation=cloudformation(subject))
        return None


def _compile(fix: Fix, scope: Scope) -> tuple[Test | None, Text, Text]:
    return (
        compile_condition(fix.when, scope.at("when")) if fix.when else None,
        compile_text(fix.terraform, scope.at("terraform")),
        compile_text(fix.cloudformation, scope.at("cloudformation")),
    )


class Remediations:
    """The remediation of one policy, with the instance type in it that suits a subject."""

    __slots__ = ("_remediation", "_type")

    def __init__(self, policy: Policy, scope: Scope) -> None:
        """Raises `PolicyError` where the policy takes the type from a field that does not exist."""
        self._remediation = policy.remediation
        self._type = scope.field(policy.suggests) if policy.suggests else None

    def of(self, subject: Subject) -> Remediation:
        """The lines to change: `ANY_TYPE` stays where nothing better is known, or it must not be told."""
        field = self._type
        if field is None or (field.secrecy is not None and subject.hides(field.secrecy)):
            return self._remediation
        known = field.get(subject)
        if not isinstance(known, str):
            return self._remediation
        return structs.replace(
            self._remediation,
            terraform=self._remediation.terraform.replace(ANY_TYPE, known),
            cloudformation=self._remediation.cloudformation.replace(ANY_TYPE, known),
        )
