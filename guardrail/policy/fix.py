"""The fix of one subject: one to three lines of text, and the lines to paste with its own type in them."""

from collections.abc import Iterator, Mapping
from functools import partial

from guardrail.expressions import expression
from guardrail.policy.base import Remediation
from guardrail.policy.condition import Condition
from guardrail.policy.message import Choice, Text, compile_text, first_of_all
from guardrail.policy.policy import Fix, Policy
from guardrail.policy.scope import PolicyScope
from guardrail.policy.subject import Subject, Together

ANY_TYPE = "ml.<type>"
"""Stands in the remediation of a policy where a finding may know a better instance type."""


class Fixes:
    """The fixes of one policy. They are compiled when the first one is needed, which in most checks none is."""

    __slots__ = ("_compiled", "_policy", "_scope")

    def __init__(self, policy: Policy, scope: PolicyScope) -> None:
        self._policy = policy
        self._scope = scope
        self._compiled: list[Choice[Remediation]] | None = None

    def compile(self) -> list[Choice[Remediation]]:
        """The conditions with their texts in both languages.

        Raises `PolicyError` for a field, operator or parameter that does not fit.
        """
        if self._compiled is None:
            scope, fixes = self._scope, self._policy.fix
            listed = [(scope, fixes)] if isinstance(fixes, Fix) else [(scope.at(n), fix) for n, fix in enumerate(fixes)]
            self._compiled = [_compile(fix, place) for place, fix in listed]
        return self._compiled

    def of_all(self, together: Together) -> list[Remediation | None]:
        """For each of several subjects the first fix whose condition holds; None where there is none."""
        return first_of_all(self.compile(), together)


def _compile(fix: Fix, scope: PolicyScope) -> Choice[Remediation]:
    when = Condition(fix.when, scope.at("when")) if fix.when else None
    terraform = compile_text(_without_null(fix.terraform, scope), scope.at("terraform"))
    cloudformation = compile_text(_without_null(fix.cloudformation, scope), scope.at("cloudformation"))
    return when, partial(_filled, terraform, cloudformation)


def _filled(terraform: Text, cloudformation: Text, together: Together) -> list[Remediation]:
    """The fix of each of several subjects."""
    both = zip(terraform(together), cloudformation(together), strict=True)
    return [Remediation(terraform=one, cloudformation=other) for one, other in both]


def _without_null(text: str, scope: PolicyScope) -> str:
    """The text without its lines that name a parameter which is null: there is no such way out."""
    null = [f"{{param.{name}}}" for name, value in scope.parameters.items() if value is None]
    return "\n".join(line for line in text.splitlines() if not any(name in line for name in null)) if null else text


class Remediations:
    """The remediation of one policy, with the names of the stack in it and the instance type that suits a subject."""

    __slots__ = ("_has_names", "_remediation", "_type")

    def __init__(self, policy: Policy, scope: PolicyScope) -> None:
        """Raises `PolicyError` where the policy takes the type from a field that does not exist."""
        self._remediation = policy.remediation
        texts = (policy.remediation.terraform, policy.remediation.cloudformation)
        self._has_names = any(
            name in text for name in (ANY_TYPE, _ENDPOINT, _ENDPOINT_NAME, _VARIANT) for text in texts
        )
        self._type = scope.attempt(lambda: scope.field(policy.suggests), None) if policy.suggests else None

    def of(self, subject: Subject) -> Remediation:
        """The lines to change, ready to be pasted: what stands for a name or a type stays where none is known.

        ``endpoint/${aws_sagemaker_endpoint.this.name}/variant/AllTraffic`` of variant main of
        ``module.m.aws_sagemaker_endpoint.chat``: ``endpoint/${aws_sagemaker_endpoint.chat.name}/variant/main``.
        """
        if not self._has_names:
            return self._remediation
        names = dict(_names(subject))
        instance_type = self._instance_type(subject)
        if instance_type is not None:
            names[ANY_TYPE] = instance_type
        if not names:
            return self._remediation
        return Remediation(
            terraform=_with_names(self._remediation.terraform, names),
            cloudformation=_with_names(self._remediation.cloudformation, names),
        )

    def _instance_type(self, subject: Subject) -> str | None:
        """The type that the policy suggests; None where none is known, or it must not be told."""
        field = self._type
        if field is None or (field.secrecy is not None and subject.hides(field.secrecy)):
            return None
        known = field.get(subject)
        return known if isinstance(known, str) else None


_TERRAFORM_ENDPOINT = expression(r'aws_sagemaker_endpoint\.[\w-]+(?:\[(?:\d+|"[\w-]*")\])?$')
_ENDPOINT, _ENDPOINT_NAME, _VARIANT = "aws_sagemaker_endpoint.this", "Endpoint.EndpointName", "variant/AllTraffic"
"""What stands in remediations for names of the stack."""
_LOGICAL_ID = expression(r"[A-Za-z0-9]+")
_VARIANT_NAME = expression(r"[A-Za-z0-9-]+")


def _names(subject: Subject) -> Iterator[tuple[str, str]]:
    """What stands in remediations for names of the stack, with those names, where they are plain."""
    if subject.endpoint is not None:
        address = subject.endpoint.address
        found = _TERRAFORM_ENDPOINT.search(address)
        if found is not None:
            yield _ENDPOINT, found[0]
        elif _LOGICAL_ID.fullmatch(address):
            yield _ENDPOINT_NAME, f"{address}.EndpointName"
    name = subject.variant_name()
    if name is not None and _VARIANT_NAME.fullmatch(name):
        yield _VARIANT, f"variant/{name}"


def _with_names(text: str, names: Mapping[str, str]) -> str:
    for placeholder, name in names.items():
        text = text.replace(placeholder, name)
    return text
