"""The variant or component that a finding is about, with what scales it and what usage says of it."""

from collections.abc import Sequence

from guardrail.cost.demand import NO_VARIANT_DEMAND, VariantDemand
from guardrail.fixes.base import NoFixError
from guardrail.model import Endpoint, InferenceComponent, ScalableTarget, StepScalingPolicy, Unknown, Variant
from guardrail.policy.base import Result


class VariantOfFinding:
    """The variant or component that a finding is about, with what scales it."""

    def __init__(self, result: Result, endpoint: Endpoint, asked: Sequence[VariantDemand]) -> None:
        self.endpoint = endpoint
        self.fix = "" if result.fix is None else result.fix.terraform
        """What its finding says to change."""
        kind, self.index = result.part
        things: Sequence[Variant] | Sequence[InferenceComponent] | Unknown = ()
        if kind == "variant":
            things = endpoint.variants
        elif kind == "component":
            things = endpoint.inference_components
        if isinstance(things, Unknown):
            raise NoFixError(f"what it consists of is not known: {things.reason}")
        is_told = kind == "variant" and self.index < len(asked)
        self.asked = asked[self.index] if is_told else NO_VARIANT_DEMAND
        """What usage says of it."""
        self.thing = things[self.index] if self.index < len(things) else None
        self._scaling = None if self.thing is None else self.thing.scaling

    @property
    def is_sensitive(self) -> bool:
        """Whether its source marks anything of it sensitive."""
        target = self._scaling
        marked = isinstance(target, ScalableTarget) and target.sensitive
        return marked or bool(getattr(self.thing, "sensitive", False))

    @property
    def scaling(self) -> ScalableTarget | None:
        """Its scaling target; None where it has none. Raises `NoFixError` where that is not known."""
        if isinstance(self._scaling, Unknown):
            raise NoFixError(f"what scales it is not known: {self._scaling.reason}")
        return self._scaling

    @property
    def target(self) -> ScalableTarget:
        """Its scaling target. Raises `NoFixError` where it has none."""
        found = self.scaling
        if found is None:
            raise NoFixError("it has no scaling target, and its bounds are numbers that only you can know")
        return found

    @property
    def configuration(self) -> str:
        """The address of the endpoint's configuration. Raises `NoFixError` where that is not at hand."""
        if self.endpoint.configuration_address is None:
            raise NoFixError("its configuration is managed elsewhere")
        return self.endpoint.configuration_address

    @property
    def place(self) -> tuple[str, int]:
        """Where its variant stands in the configuration: ``("ProductionVariants", 0)``."""
        variants = () if isinstance(self.endpoint.variants, Unknown) else self.endpoint.variants
        is_shadow = bool(getattr(self.thing, "shadow", False))
        before = sum(each.shadow == is_shadow for each in variants[: self.index])
        return ("ShadowProductionVariants" if is_shadow else "ProductionVariants", before)

    @property
    def name(self) -> str:
        """The name of the variant. Raises `NoFixError` where it is not known."""
        name = getattr(self.thing, "name", None)
        if not isinstance(name, str):
            raise NoFixError("the name of its variant is not known")
        return name


def known(value: object, what: str) -> object:
    """A value that is known. Raises `NoFixError` for one that is not, ``what`` being its name."""
    if isinstance(value, Unknown):
        raise NoFixError(f"{what} is not known: {value.reason}")
    return value


def policies_of(target: ScalableTarget) -> Sequence[object]:
    """The policies of a target. Raises `NoFixError` where they are not known."""
    if isinstance(target.policies, Unknown):
        raise NoFixError(f"its policies are not known: {target.policies.reason}")
    return target.policies


def greatest(subject: VariantOfFinding) -> int | None:
    """The maximum that usage states. Raises `NoFixError` for one that is no whole number."""
    most = subject.asked.max_instances
    if most is not None and most != int(most):
        raise NoFixError(f"max_instances in the usage file is {most:f}, and has to be a whole number")
    return None if most is None else int(most)


def adds(policy: StepScalingPolicy) -> bool:
    """Whether any step of a policy is known to add capacity."""
    if isinstance(policy.steps, Unknown):
        return False
    return any(isinstance(step.adjustment, (int, float)) and step.adjustment > 0 for step in policy.steps)
