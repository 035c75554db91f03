"""What one block declares, before the blocks are joined: the common ground of every reader and of the linker.

A reader translates its blocks into these; `guardrail.sources.linking.link` joins them into an `Inventory`. Names are
kept even where they are sensitive, because links need them; the linker hides them.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from msgspec import Struct

from guardrail.model import (
    Alarm,
    Budget,
    Change,
    InferenceComponent,
    InstanceVariant,
    Location,
    Mode,
    Model,
    ScalableTarget,
    ScalingPolicy,
    ScheduledAction,
    Trigger,
    Unknown,
    Variant,
)
from guardrail.sources.base import SENSITIVE, Block, Identity, InstanceKey, Reference

FEW = 64
"""A link that leads to more blocks than this may mean any of its kind.

So the work on one link is bounded, and a thousand links that each lead to a thousand blocks are no million steps.
"""

ELSEWHERE = "its configuration is managed elsewhere"
"""Why nothing is known of what an endpoint runs whose configuration is not in its source."""


class Link(Struct, frozen=True, kw_only=True):
    """Where a block says what it belongs to: by a value, or, where that is unknown, by the resources it mentions."""

    value: str | Unknown | None
    references: tuple[Reference, ...] = ()
    stated: Callable[[], Sequence[Reference]] = tuple
    """The same for a known value, worked out only where the value alone does not decide."""
    key: InstanceKey = None
    """The count or for_each key of the block that links, which often is the variant's name too."""
    text: str | None = None
    """Where the value is unknown, what tells it from other values: equal texts are equal values."""
    sensitive: bool = False
    """Its source marks the value sensitive: link by it, never print it."""

    @property
    def spelled(self) -> str | None:
        """The value, or the text that stands for an unknown one: ``endpoint/${e.name}/variant/main``."""
        return self.value if isinstance(self.value, str) else self.text


class Declared(Identity, frozen=True):
    """What every declaration carries."""

    @property
    def called(self) -> str | None:
        """What others name it by, where anything does: its name, or the text that stands for an unknown one."""
        return None


def head(block: Block) -> tuple[str, str, str, str | Unknown, Change, Location | None, tuple[str, ...], bool]:
    """The fields of `Identity` in their order, as every declaration of ``block`` has them."""
    return (
        block.address,
        block.type,
        block.provider,
        block.region,
        block.change,
        block.location,
        block.ignored,
        block.created_first,
    )


class Named(Declared, frozen=True):
    """What has a name of its own."""

    name: str | Unknown
    symbol: str | None = None
    """What others call it by where its name is unknown: ``${var.name}``."""
    sensitive_name: bool = False

    @property
    def called(self) -> str | None:
        """Its name, or its symbol."""
        return self.name if isinstance(self.name, str) else self.symbol

    @property
    def shown(self) -> str | Unknown:
        """Its name as far as it may be told; links need the others too."""
        return SENSITIVE if self.sensitive_name else self.name


class DeclaredEndpoint(Named, frozen=True, kw_only=True):
    """An endpoint without its configuration."""

    configuration: Link
    tags: dict[str, str | Unknown] | Unknown
    account: str | None = None
    two_fleets_minutes: float | Unknown | None = None
    rolling_wait_minutes: float | Unknown | None = None


class DeclaredConfiguration(Named, frozen=True, kw_only=True):
    """An endpoint configuration."""

    mode: Mode | Unknown
    variants: tuple[Variant, ...] | Unknown
    models: tuple[Link, ...] = ()
    """The model of each variant."""
    sensitive_variants: frozenset[int] = frozenset()
    """The places of those variants whose names must not be shown."""
    in_its_own_way: bool = False
    """Whether the one that replaces it is created first, and has the same name, as that is written out."""
    data_capture_percent: float | Unknown | None
    kms_key: str | Unknown | None
    detailed_observability: bool | Unknown
    tags: dict[str, str | Unknown] | Unknown


class DeclaredComponent(Named, frozen=True, kw_only=True):
    """An inference component; its scaling is joined later."""

    endpoint: Link
    component: InferenceComponent


class DeclaredScaling(Declared, frozen=True, kw_only=True):
    """What scales something: a target, or a policy or scheduled action, which name what their target names."""

    resource: Link
    """A resource id: ``endpoint/NAME/variant/NAME`` or ``inference-component/NAME``."""
    dimension: str | Unknown | None
    """``sagemaker:variant:DesiredInstanceCount``; "" where it must not be shown."""
    namespace: str | None = None
    """The service that it says it is of, where that is not SageMaker although the rest is SageMaker's."""
    problem: str | None = None
    """What its language knows to be wrong with its resource id: that ``Ref`` gives an ARN there."""


class DeclaredTarget(DeclaredScaling, frozen=True, kw_only=True):
    """A scalable target; its policies and scheduled actions are joined later."""

    target: ScalableTarget
    inline_actions: tuple[ScheduledAction, ...] = ()
    """Scheduled actions written inside the target (CloudFormation and awscc)."""

    @property
    def called(self) -> str | None:
        """The id of the resource that it scales, which its policies and actions name too."""
        return self.resource.spelled


class DeclaredPolicy(DeclaredScaling, frozen=True, kw_only=True):
    """A scaling policy, linked to its target by resource id and dimension, or by reference."""

    policy: ScalingPolicy
    arn: str | None

    @property
    def called(self) -> str | None:
        """Its ARN, which alarms name."""
        return self.arn


class DeclaredAction(DeclaredScaling, frozen=True, kw_only=True):
    """A scheduled action, linked like a policy."""

    action: ScheduledAction
    sensitive: bool = False
    """One of its bounds must not be shown."""


class DeclaredAlarm(Declared, frozen=True, kw_only=True):
    """An alarm and the policies that it starts."""

    name: str | Unknown | None = None
    """None where its language makes one up."""
    alarm: Alarm
    actions: tuple[str | Unknown, ...] | Unknown
    references: tuple[Reference, ...]
    """The policies that its unknown actions mention, and `LOST` where they may be others."""


class DeclaredModel(Named, frozen=True, kw_only=True):
    """A model. It bills nothing itself."""

    marketplace: bool | Unknown
    """Whether one of its containers is a package of AWS Marketplace, which has a software fee of its own."""
    multi_model: bool | Unknown
    """Whether its container loads many models, on a volume whose default is another."""
    model: Model
    """What it consists of, and where it runs."""


class DeclaredExperiment(Declared, frozen=True, kw_only=True):
    """An inference experiment: shadow variants that its endpoint runs for some time."""

    endpoint: Link
    shadows: tuple[InstanceVariant, ...] | Unknown


class DeclaredBudget(Declared, frozen=True, kw_only=True):
    """A cost budget. Nothing is linked to it."""

    budget: Budget


class Aim(Struct, frozen=True, kw_only=True):
    """What a schedule starts."""

    target: Link
    """Its ARN, or its name."""
    given: Any
    """The input, or the parameters of a pipeline by name, with what is not known in it; None where there is none."""


NOT_HERE = "its definition is not here"
"""Why a definition is unknown that nothing sets."""


class DeclaredWorkflow(Named, frozen=True, kw_only=True):
    """What may start transform jobs: a state machine, a pipeline, a schedule whose target is SageMaker's API."""

    definition: Any
    """A mapping with holes, a definition that is read already, or why it is not known."""
    events: tuple[tuple[Trigger, Any], ...] = ()
    """What starts it that is written inside it, each with the input that it gives."""
    reason: str
    """What is to be said where its definition cannot be read."""
    tags: dict[str, str | Unknown] | Unknown


class DeclaredSchedule(Named, frozen=True, kw_only=True):
    """A schedule or a rule, and what it starts."""

    trigger: Trigger
    aims: tuple[Aim, ...]
    reason: str | None
    """What is to be said where it starts nothing that is here, and makes inference all the same."""


class DeclaredRuleTarget(Declared, frozen=True, kw_only=True):
    """What a rule starts, where that is a resource of its own."""

    rule: Link
    aim: Aim
    reason: str | None


class DeclaredBucket(Declared, frozen=True, kw_only=True):
    """A bucket. It bills nothing here, and matters where a transform job writes to it."""

    name: str | Unknown | None
    ends_uploads_of: tuple[str, ...] | Unknown
    """The prefixes of keys under which its own rules end incomplete uploads."""


class DeclaredLifecycle(Declared, frozen=True, kw_only=True):
    """The lifecycle rules of a bucket, where they are a resource of their own."""

    bucket: Link
    ends_uploads_of: tuple[str, ...] | Unknown


class DeclaredBeside(Declared, frozen=True, kw_only=True):
    """What SageMaker bills for beside inference: it is counted, and no more."""

    noun: str


class Unrelated(Declared, frozen=True, kw_only=True):
    """A block of a type that matters and about something else, as a scaling target of ECS is. It is not counted."""


class Unsupported(Declared, frozen=True, kw_only=True):
    """A relevant block that cannot be translated."""

    reason: str
    affects_total: bool


Declaration: TypeAlias = (
    DeclaredEndpoint
    | DeclaredConfiguration
    | DeclaredComponent
    | DeclaredTarget
    | DeclaredPolicy
    | DeclaredAction
    | DeclaredAlarm
    | DeclaredModel
    | DeclaredExperiment
    | DeclaredBudget
    | DeclaredWorkflow
    | DeclaredSchedule
    | DeclaredRuleTarget
    | DeclaredBucket
    | DeclaredLifecycle
    | DeclaredBeside
    | Unrelated
    | Unsupported
)
