"""What a policy looks at: an endpoint, one of its variants, scaling targets or inference components, or the stack."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import compress
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from msgspec import Struct

from guardrail.cost.base import Bill, CostComponent, Delta, Monthly
from guardrail.model import (
    Endpoint,
    InferenceComponent,
    InstancePool,
    InstanceVariant,
    ScalableTarget,
    ScalingPolicy,
    ScheduledAction,
    ServerlessVariant,
    Unknown,
    Variant,
)
from guardrail.money import MONTH, Period
from guardrail.policy.base import FindingPart
from guardrail.prices import usage_types
from guardrail.prices.base import Price
from guardrail.prices.book import InstanceSpec, PriceBook
from guardrail.scaling import traits

if TYPE_CHECKING:
    from guardrail.metrics import Scaled
    from guardrail.policy.observation import Evidence


class StackTotals(Struct, frozen=True, kw_only=True):
    """The monthly totals of all sources together."""

    before: Monthly | None
    after: Monthly
    delta: Delta | None
    short_budgets: tuple[str, ...] | Unknown | None = None
    """What there is to say of budgets of AWS that are below it; None where there is none to hold against it."""


Item: TypeAlias = InstancePool | ScalingPolicy | ScheduledAction


class Evaluation:
    """What all subjects of one evaluation share: prices, what was already looked up in them, the period and the day."""

    __slots__ = (
        *("_hourly", "_offered", "_serverless", "_specs"),
        *("before", "evidence", "period", "prices", "today", "totals"),
    )

    def __init__(
        self,
        prices: PriceBook,
        today: date | None = None,
        period: Period = MONTH,
        *,
        before: Mapping[str, Endpoint] | None = None,
        totals: StackTotals | None = None,
        evidence: "Evidence | None" = None,
    ) -> None:
        self.prices = prices
        self.period = period
        self.today = today
        self.before = before
        """What stood before the change, by address; None where nothing tells."""
        self.totals = totals
        self.evidence = evidence
        """What was observed of endpoints; None where nobody has looked."""
        self._specs: dict[str, InstanceSpec | Unknown] = {}
        self._hourly: dict[tuple[str, str], Decimal | Unknown] = {}
        self._offered: dict[tuple[str, str], bool | Unknown] = {}
        self._serverless: dict[str, bool | Unknown] = {}

    def spec(self, instance_type: str) -> InstanceSpec | Unknown:
        """The specification of a type; Unknown where the table does not have it."""
        known = self._specs.get(instance_type)
        if known is None:
            known = self.prices.instance(instance_type) or Unknown(f"{instance_type} is not in the instance table")
            self._specs[instance_type] = known
        return known

    def hourly(self, region: str, instance_type: str) -> Decimal | Unknown:
        """The hosting price in USD per hour."""
        key = (region, instance_type)
        known = self._hourly.get(key)
        if known is None:
            price = self.prices.hosting(region, instance_type)
            known = self._hourly[key] = price.usd if isinstance(price, Price) else Unknown(price.reason)
        return known

    def offered(self, region: str, instance_type: str) -> bool | Unknown:
        """Whether endpoints of a region accept the type."""
        key = (region, instance_type)
        known = self._offered.get(key)
        if known is None:
            known = self._offered[key] = self.prices.offered(region, instance_type)
        return known

    def serverless(self, region: str) -> bool | Unknown:
        """Whether a region has serverless inference, by its price table; Unknown where it has no table."""
        known = self._serverless.get(region)
        if known is None:
            charges = self.prices.charges(region)
            known = self._serverless[region] = (
                usage_types.serverless(1) in charges if charges else Unknown(f"there is no price table of {region}")
            )
        return known


class Group(Struct, frozen=True, kw_only=True):
    """Endpoints that quantities are about: all, or those that have something in common."""

    key: str | Unknown | None = None
    """What they have in common; None where that is that they have none."""
    members: "tuple[tuple[Subject, bool], ...]" = ()
    """Each, and whether it surely belongs to them."""
    complete: bool = True
    """False where there may be others that nobody has read."""


_TRAITS: dict[Hashable, int] = {}
"""The number of all traits that were met: who asks for many facts of a target has them hashed once."""


class Subject:
    """One thing to judge, with what it belongs to.

    Each part is None where it does not exist, and Unknown where it cannot be known: the variants of an endpoint whose
    configuration is managed elsewhere are one subject with an Unknown variant.
    """

    __slots__ = (
        "_traits",
        "component",
        "cost",
        "endpoint",
        "environment",
        "group",
        "index",
        "item",
        "scaled",
        "stack",
        "target",
        "variant",
        "world",
    )

    def __init__(  # noqa: PLR0913 - the parts of a subject, all but two of them optional
        self,
        world: Evaluation | None,
        endpoint: Endpoint | None,
        *,
        environment: str | Unknown = "",
        cost: Bill | None = None,
        variant: Variant | Unknown | None = None,
        index: int = 0,
        target: ScalableTarget | Unknown | None = None,
        component: InferenceComponent | Unknown | None = None,
        stack: StackTotals | None = None,
        group: Group | None = None,
        item: Item | None = None,
    ) -> None:
        self.world = world
        self.endpoint = endpoint
        self.environment = environment
        self.cost = cost
        self.variant = variant
        self.index = index
        self.target = target
        self.component = component
        self.stack = stack
        self.group = group
        self.item = item
        self._traits: int | None = None
        self.scaled: Scaled | None = None
        """What its target moves, once somebody has asked for the metrics of that."""

    @property
    def period(self) -> Period:
        """What its amounts are for."""
        return self.world.period if self.world else MONTH

    def totals(self) -> StackTotals | None:
        """What everything that is checked together costs; None where that is not known here."""
        return self.stack or (self.world.totals if self.world else None)

    def traits(self, target: ScalableTarget) -> int:
        """What its target has in common with others, as a number; see `scaling.traits`."""
        if self._traits is None:
            self._traits = _TRAITS.setdefault(traits(target), len(_TRAITS))
        return self._traits

    def variants(self) -> "tuple[Subject, ...] | Unknown":
        """A subject for each variant of the endpoint, production variants first."""
        variants = self.endpoint.variants if self.endpoint else ()
        if isinstance(variants, Unknown):
            return variants
        return tuple(self._of(variant, index) for index, variant in enumerate(variants))

    def _of(self, variant: Variant | Unknown, index: int) -> "Subject":
        scaling = variant if isinstance(variant, Unknown) else variant.scaling
        return Subject(
            self.world,
            self.endpoint,
            environment=self.environment,
            cost=self.cost,
            variant=variant,
            index=index,
            target=scaling,
        )

    def variant_subjects(self) -> "Iterator[Subject]":
        """Like `variants`, with one subject of an Unknown variant where they are not known."""
        variants = self.variants()
        if isinstance(variants, Unknown):
            yield self._of(Unknown(variants.reason), 0)  # the part that is known of it is its configuration's name
        else:
            yield from variants

    def component_subjects(self) -> "Iterator[Subject]":
        """A subject for each inference component, one Unknown where there may be some."""
        hosted = self.endpoint.inference_components if self.endpoint else ()
        components: tuple[InferenceComponent | Unknown, ...] = (hosted,) if isinstance(hosted, Unknown) else hosted
        for index, component in enumerate(components):
            yield Subject(
                self.world,
                self.endpoint,
                environment=self.environment,
                cost=self.cost,
                component=component,
                index=index,
                target=component if isinstance(component, Unknown) else component.scaling,
            )

    def variant_cost(self) -> Bill | None:
        """What the variant costs; None where it was not estimated."""
        if self.cost is None or self.variant is None or self.index >= len(self.cost.children):
            return None
        return self.cost.children[self.index]

    def cost_component(self, kind: str) -> CostComponent | None:
        """The first cost component of that kind of the variant."""
        cost = self.variant_cost()
        for part in cost.lines if cost else ():
            if part.kind == kind:
                return part
        return None

    def instance_types(self) -> tuple[str | Unknown, ...]:
        """The instance type of the variant, or those of its pools by priority; none where it is serverless."""
        variant = self.variant
        if isinstance(variant, InstanceVariant):
            return variant.types
        return (variant,) if isinstance(variant, Unknown) else ()

    def with_target(self, target: ScalableTarget) -> "Subject":
        """The same subject under another scaling target."""
        return self._with(target=target)

    def _with(self, *, target: "ScalableTarget | Unknown | None" = None, item: "Item | None" = None) -> "Subject":
        return Subject(
            self.world,
            self.endpoint,
            environment=self.environment,
            cost=self.cost,
            variant=self.variant,
            index=self.index,
            target=self.target if target is None else target,
            component=self.component,
            item=item,
        )

    def parts(self, kind: str) -> "tuple[Subject, ...] | Unknown":
        """Its variants, components, pools, scaling_policies or schedules; Unknown where it may have others."""
        if kind == "variants":
            return self.variants()
        if kind == "components":
            return self._components()
        owner = self.variant if kind == "pools" else self.target
        if isinstance(owner, Unknown):
            return owner
        names = {"pools": "instance_pools", "scaling_policies": "policies", "schedules": "scheduled_actions"}
        found = getattr(owner, names[kind], ())
        return found if isinstance(found, Unknown) else tuple(self._with(item=item) for item in found)

    def _components(self) -> "tuple[Subject, ...] | Unknown":
        """The components of the endpoint; of a variant those that it hosts."""
        hosted = self.endpoint.inference_components if self.endpoint else ()
        if isinstance(hosted, Unknown):
            return hosted
        subjects = tuple(self.component_subjects())
        variants = self.endpoint.variants if self.endpoint else ()
        if self.variant is None or not subjects or isinstance(variants, Unknown) or len(variants) == 1:
            return variants if self.variant is not None and isinstance(variants, Unknown) else subjects
        names = [self.variant if isinstance(self.variant, Unknown) else self.variant.name]
        names += [component.variant_name for component in hosted if component.variant_name is not None]
        unknown = next((one for one in names if isinstance(one, Unknown)), None)
        own = (one for one, component in zip(subjects, hosted, strict=True) if component.variant_name == names[0])
        return tuple(own) if unknown is None else unknown

    def variant_name(self) -> str | None:
        """The name of the variant; None where there is none, or it is not known."""
        if self.variant is None or isinstance(self.variant, Unknown) or isinstance(self.variant.name, Unknown):
            return None
        return self.variant.name

    def part(self) -> FindingPart:
        """What of the endpoint it is."""
        if self.endpoint is None:
            return ("stack", 0)
        if self.component is not None:
            return ("component", self.index)
        return ("endpoint", 0) if self.variant is None else ("variant", self.index)

    def is_burstable(self) -> bool:
        """Whether a type of the variant is known to be burstable."""
        specs = (self.world.spec(name) for name in self.instance_types() if isinstance(name, str) and self.world)
        return any(isinstance(spec, InstanceSpec) and spec.burstable for spec in specs)

    def hides(self, part: Literal["variant", "target", "either"]) -> bool:
        """Whether the numbers of that part, or of either, must not be printed."""
        if self.group is not None:
            return any(one.sensitive() for member, _ in self.group.members for one in member.every_part())
        if part == "either":
            return self.sensitive()
        subject = self.variant if part == "variant" else self.target
        return isinstance(subject, (InstanceVariant, ServerlessVariant, ScalableTarget)) and subject.sensitive

    def every_part(self) -> "Iterator[Subject]":
        """A subject for each variant and each inference component of the endpoint."""
        yield from self.variant_subjects()
        yield from self.component_subjects()

    def sensitive(self) -> bool:
        """Whether anything about it must not be printed."""
        return self.hides("variant") or self.hides("target")


class Together:
    """Several subjects of one kind that are asked together: each field of each of them is read once."""

    __slots__ = ("_columns", "_made", "each")

    def __init__(self, each: Sequence[Subject]) -> None:
        self.each = each
        self._columns: dict[Callable[[Subject], Any], list[Any]] = {}
        self._made: dict[Callable[[Together], list[str]], list[str]] = {}

    def column(self, get: Callable[[Subject], Any]) -> list[Any]:
        """What a getter says of each, in their order."""
        known = self._columns.get(get)
        if known is None:
            known = self._columns[get] = [get(subject) for subject in self.each]
        return known

    def made(self, make: "Callable[[Together], list[str]]") -> list[str]:
        """What a function makes of all of them, which is called once."""
        known = self._made.get(make)
        if known is None:
            known = self._made[make] = make(self)
        return known

    def only(self, picks: Sequence[bool]) -> "Together":
        """Those that are picked."""
        return self if all(picks) else Together(list(compress(self.each, picks)))
