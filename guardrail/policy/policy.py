"""A policy as data: what its file may say, and how its parameters resolve for an environment."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from msgspec import Struct, structs

from guardrail.model import Unknown
from guardrail.policy.base import RANKS, Remediation, Severity
from guardrail.policy.environment import PRODUCTION

AppliesTo: TypeAlias = Literal[
    "endpoint", "variant", "scalable_target", "inference_component", "transform_job", "stack"
]
Grade: TypeAlias = Severity | Literal["off"]
SubjectKind: TypeAlias = AppliesTo | Literal["pool", "scaling_policy", "schedule"]
"""What a condition may be about: what a policy applies to, or the parts of it that `each` and `some` ask."""
Blame: TypeAlias = Literal["scaling", "policy", "configuration", "endpoint", "unlinked-scaling"]
SavingRule: TypeAlias = Literal[
    "kept-instances",
    "instances-above-one",
    "instances-above-minimum",
    "slots-above-one",
    "whole-variant",
    "cheaper-instance",
    "successor",
    "what-fits",
]
ParameterType: TypeAlias = Literal["integer", "number", "usd", "string", "strings", "boolean", "mapping"]
Scalar: TypeAlias = str | int | float | bool | Decimal | None
Value: TypeAlias = Scalar | tuple[str, ...] | Mapping[str, Any]

DEFAULT = "default"
"""The key, beside environments, that holds for every environment without a key of its own."""


class Parameter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something about a policy that a team may decide for itself."""

    description: str
    """What it means, and what null means."""
    type: ParameterType
    """What a value of it is."""
    unit: str = ""
    """Of a number, such as hours."""
    default: Any
    """A value of that type, null for none, `{file: path}`, or such values by environment, `default` among them."""


class Quantity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many there are of something, or what a number of theirs adds up to."""

    of: Literal["endpoint", "variant", "inference_component"]
    """What is counted."""
    where: dict[str, Any] = {}
    """Which of them; without it, all."""
    sum: str = ""
    """The field that is added up; without it, they are counted."""


class Message(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a violation says when ``when`` holds; the first that holds is used."""

    when: dict[str, Any] = {}
    """When it is said; always, without it."""
    text: str
    """What is said."""


class Fix(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change when ``when`` holds; the first that holds is used."""

    when: dict[str, Any] = {}
    """When it is what to change; always, without it."""
    terraform: str
    """One sentence, or up to three lines, with ``{field}`` for values."""
    cloudformation: str
    """The same for a template."""


class Examples(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"passing": "pass", "failing": "fail"}
):
    """Small inventories and the verdict that each of them must get; the format is in docs/writing-policies.md."""

    passing: list[dict[str, Any]] = []
    """What passes."""
    failing: list[dict[str, Any]] = []
    """What is violated."""
    open: list[dict[str, Any]] = []
    """What cannot be decided."""
    not_applicable: list[dict[str, Any]] = []
    """What the policy does not apply to."""


class Policy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One policy. Where ``when`` holds, ``require`` must hold too."""

    id: str
    """The desired state, in lower case with hyphens; the name of its file."""
    title: str
    """What good looks like, as one sentence without its period."""
    severity: Severity | dict[str, Grade]
    """One for all environments, or one for each, `default` among them; `off` where it is not checked."""
    note_when: dict[str, Any] = {}
    """Where a violation is but a note, because nothing is at stake; settings that grade the policy win over it."""
    applies_to: AppliesTo
    """What it judges: a scaling target also where its endpoint is managed elsewhere; a stack is a check's totals."""
    when: dict[str, Any] = {}
    """Where it applies; everywhere, without it."""
    require: dict[str, Any]
    """What must hold there."""
    quantities: dict[str, Quantity] = {}
    """Of a policy on the stack: numbers of its own, which conditions and messages name as `quantity.NAME`."""
    per: str = ""
    """Of a policy with quantities: the field of endpoints by which they are judged group by group."""
    params: dict[str, Parameter] = {}
    """Values that a team may change, by name."""
    message: str | list[Message]
    """What is wrong, without a period: with ``{field}`` and ``{param.name}`` for values, ``{count:noun}`` for
    "one instance", "2 instances", and ``{{`` and ``}}`` for braces."""
    headline: str | list[Message] = ""
    """What is wrong in at most 60 characters that follow the endpoint's name; else the message's first sentence."""
    detail: str | list[Message] = ""
    """What stands below the headline: which limits are broken and by how much; empty where the headline says it all."""
    pass_messages: list[Message] = []
    """What a pass says instead of the title when ``when`` holds: something worth knowing that is no violation."""
    production_note: str = ""
    """What to know in production, and where the environment is unknown, before following a fix that saves money."""
    fix: Fix | list[Fix] = []
    """What to change, in one to three lines; without it a remediation that is as short is shown."""
    remediation: Remediation
    """Whole blocks to paste. ``ml.<type>`` stands for an instance type."""
    suggests: str = ""
    """The field that knows which type a finding puts there."""
    saving: SavingRule | None = None
    """How the money at stake is worked out; null where there is none."""
    blames: Blame = "configuration"
    """The block to change. One that does not exist gives way to the configuration, and that to the endpoint."""
    supersedes: list[str] = []
    """Policies that would report the same cause again: they keep quiet where this one has spoken, unless its finding
    is waived or graded lower than theirs."""
    help_uri: str
    """The documentation that the policy rests on."""
    words: str = ""
    """What that documentation says, word for word; empty where no sentence of it does."""
    rests_on: str = ""
    """What the policy rests on where there are no such words: a table, or the project's own judgement. One sentence."""
    references: list[str] = []
    """More pages to read."""
    waivable: bool = True
    """Whether a waiver may accept it."""
    topic: str = ""
    """The folder it lies in."""
    examples: Examples = Examples()
    """Small inventories with the verdict that each must get; the compiled form, which a check reads, has none."""

    def parameters(self, environment: str | Unknown) -> dict[str, Value]:
        """The value of each parameter in ``environment``; those of production where it is unknown."""
        return {name: resolve(parameter.default, environment) for name, parameter in self.params.items()}

    def depends_on_environment(self) -> bool:
        """Whether its severity or a parameter has other values in other environments."""
        values = (self.severity, *(parameter.default for parameter in self.params.values()))
        return any(map(by_environment, values))

    def severity_in(self, environment: str | Unknown) -> Grade:
        """How grave a violation is there; off where it is not checked."""
        return resolve(self.severity, environment)  # type: ignore[return-value] # one of its values

    @property
    def gravest(self) -> Severity:
        """How grave a violation can be."""
        grades = self.severity.values() if isinstance(self.severity, dict) else [self.severity]
        return min((grade for grade in grades if grade != "off"), key=RANKS.__getitem__, default="note")


class PolicySettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What ``policies:`` in the settings file says of one policy."""

    severity: Grade | dict[str, Grade] | None = None
    """One for all environments, or one for each, `default` among them."""
    params: dict[str, Any] = {}
    """Values that replace the defaults, one for all environments or by environment."""
    environments: dict[str, dict[str, Any]] = {}
    """Parameters by environment, which win over ``params``."""


def by_environment(value: object) -> bool:
    """Whether a parameter's value is given per environment."""
    return isinstance(value, dict) and DEFAULT in value


def resolve(value: object, environment: str | Unknown) -> Value:
    """The value that holds in ``environment``; lists become tuples."""
    if isinstance(value, dict) and DEFAULT in value:
        name = PRODUCTION if isinstance(environment, Unknown) else environment
        value = value.get(name, value[DEFAULT])
    return tuple(value) if isinstance(value, list) else value  # type: ignore[return-value] # checked at load


def with_parameters(policy: Policy, changes: Mapping[str, object]) -> Policy:
    """The policy with other defaults for some of its parameters."""
    params = {
        name: structs.replace(parameter, default=changes[name]) if name in changes else parameter
        for name, parameter in policy.params.items()
    }
    return structs.replace(policy, params=params)
