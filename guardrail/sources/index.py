"""Finding declarations: by value, keyed by provider configuration, region and name, or by reference."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from guardrail.model import Skipped, Unknown
from guardrail.sources.declarations import (
    Declaration,
    Declared,
    DeclaredAction,
    DeclaredAlarm,
    DeclaredBudget,
    DeclaredComponent,
    DeclaredConfiguration,
    DeclaredEndpoint,
    DeclaredExperiment,
    DeclaredModel,
    DeclaredPolicy,
    DeclaredTarget,
    Link,
    Unrelated,
    Unsupported,
)

_D = TypeVar("_D", bound=Declared)


class Index(Generic[_D]):
    """Declarations of one kind, by address and by the value that others name them with."""

    def __init__(self) -> None:
        self.by_address: dict[str, _D] = {}
        self._by_value: dict[str, list[_D]] = defaultdict(list)
        self._compatible: dict[tuple[str, str | Unknown], list[_D]] = {}

    def __iter__(self) -> Iterator[_D]:
        return iter(self.by_address.values())

    def add(self, declared: _D) -> None:
        """Enter a declaration under its address and under what others name it by, where there is such a thing."""
        self.by_address[declared.address] = declared
        if declared.called is not None:
            self._by_value[declared.called].append(declared)

    def named(self, value: str, seeker: Declared) -> list[_D]:
        """Everything under ``value`` that ``seeker`` can mean; at most one in a sound stack."""
        found = [each for each in self._by_value.get(value, ()) if may_meet(each, seeker)]
        if len(found) > 1:
            exact = [each for each in found if (each.provider, each.region) == (seeker.provider, seeker.region)]
            return exact or found
        return found

    def referenced(self, link: Link) -> list[_D]:
        """Everything here that the references of ``link`` lead to, without repetition."""
        addresses = dict.fromkeys(reference.address for reference in link.references)
        return [self.by_address[address] for address in addresses if address in self.by_address]

    def linked(self, link: Link, seeker: Declared) -> list[_D]:
        """What ``link`` means: by its value where that is known, else by an equal text or by its references."""
        if isinstance(link.value, str):
            return self.named(link.value, seeker) or self.stated(link.value, link, seeker)
        return (self.named(link.text, seeker) if link.text is not None else []) or self.referenced(link)

    def namesakes(self, value: str, seeker: Declared) -> list[_D]:
        """What has the name in the same region under another configuration of the same provider.

        That may be another account, or the same one with other default tags: only a reference tells.
        """
        found = self._by_value.get(value, ())
        return [each for each in found if not _differ(each.region, seeker.region) and not may_meet(each, seeker)]

    def stated(self, value: str, link: Link, seeker: Declared) -> list[_D]:
        """Those namesakes that the expression behind a known ``value`` refers to."""
        namesakes = self.namesakes(value, seeker)
        addresses = {reference.address for reference in link.stated()} if namesakes else ()
        return [each for each in namesakes if each.address in addresses]

    def compatible(self, seeker: Declared) -> list[_D]:
        """Everything that ``seeker`` could mean if nothing is known of its link; ask when everything is entered."""
        place = (seeker.provider, seeker.region)
        if place not in self._compatible:
            self._compatible[place] = [each for each in self if may_meet(each, seeker)]
        return self._compatible[place]


class Declarations:
    """The declarations of one side, indexed by kind, and what had to be left out."""

    def __init__(self, declarations: Iterable[Declaration]) -> None:
        self.endpoints: Index[DeclaredEndpoint] = Index()
        self.configurations: Index[DeclaredConfiguration] = Index()
        self.components: Index[DeclaredComponent] = Index()
        self.targets: Index[DeclaredTarget] = Index()
        self.policies: Index[DeclaredPolicy] = Index()
        self.actions: Index[DeclaredAction] = Index()
        self.alarms: Index[DeclaredAlarm] = Index()
        self.models: Index[DeclaredModel] = Index()
        self.experiments: Index[DeclaredExperiment] = Index()
        self.budgets: Index[DeclaredBudget] = Index()
        self.skipped: dict[str, Skipped] = {}
        self.changed: set[str] = set()
        self.addresses: set[str] = set()
        self.unrelated: set[str] = set()
        indexes: dict[type[Declared], Index[Any]] = {
            DeclaredEndpoint: self.endpoints,
            DeclaredConfiguration: self.configurations,
            DeclaredComponent: self.components,
            DeclaredTarget: self.targets,
            DeclaredPolicy: self.policies,
            DeclaredAction: self.actions,
            DeclaredAlarm: self.alarms,
            DeclaredModel: self.models,
            DeclaredExperiment: self.experiments,
            DeclaredBudget: self.budgets,
        }
        for declared in declarations:
            self._add(declared, indexes)

    def _add(self, declared: Declaration, indexes: Mapping[type[Declared], "Index[Any]"]) -> None:
        if isinstance(declared, Unrelated):
            self.unrelated.add(declared.address)
            return
        self.addresses.add(declared.address)
        if declared.change not in ("no-op", "forget"):
            self.changed.add(declared.address)
        if isinstance(declared, Unsupported):
            self.skip(declared, declared.reason, affects_total=declared.affects_total)
        else:
            indexes[type(declared)].add(declared)

    def leave_out(self, declared: Declared) -> None:
        """Forget a declaration that turns out to be about something else than SageMaker."""
        self.addresses.discard(declared.address)
        self.unrelated.add(declared.address)

    def skip(self, declared: Declared, reason: str, *, affects_total: bool = False) -> None:
        """Leave a declaration out, saying why; the first reason counts."""
        self.skipped.setdefault(
            declared.address,
            Skipped(address=declared.address, type=declared.type, reason=reason, affects_total=affects_total),
        )


def may_meet(one: Declared, other: Declared) -> bool:
    """Whether two blocks can be about the same thing: the same region, and not two accounts of one provider.

    A block whose configuration is gone (it is being deleted) has lost its provider, and can meet any.
    """
    if _differ(one.region, other.region):
        return False
    if one.provider == other.provider or not one.provider or not other.provider:
        return True
    return _plugin(one.provider) != _plugin(other.provider)


def _differ(one: str | Unknown, other: str | Unknown) -> bool:
    """Whether two regions are known to be different ones."""
    return isinstance(one, str) and isinstance(other, str) and one != other


def _plugin(provider: str) -> str:
    """``aws`` of ``module.eu:aws.frankfurt``."""
    return provider.rpartition(":")[2].partition(".")[0]
