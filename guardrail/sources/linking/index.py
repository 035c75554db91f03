"""Finding declarations: by value, keyed by provider configuration, region and name, or by reference."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Generic, TypeAlias, TypeVar

from guardrail.model import Skipped, Unknown
from guardrail.sources.declarations import (
    FEW,
    Declaration,
    Declared,
    DeclaredBeside,
    DeclaredBucket,
    DeclaredComponent,
    DeclaredConfiguration,
    DeclaredEndpoint,
    DeclaredLifecycle,
    DeclaredPolicy,
    DeclaredTarget,
    Link,
    Unrelated,
    Unsupported,
)
from guardrail.sources.vocabulary import resource_id

_D = TypeVar("_D", bound=Declared)

_ProviderAndRegion: TypeAlias = tuple[str, str | Unknown]
"""A provider configuration and a region."""


class KindIndex(Generic[_D]):
    """Declarations of one kind, by address and by the value that others name them with.

    Equal answers are one list, shared between all that get it, so that a thousand blocks of one name cost a thousand
    steps, not a million. Ask when everything is entered, and change no answer.
    """

    def __init__(self) -> None:
        self.by_address: dict[str, _D] = {}
        self._by_value: dict[str, dict[_ProviderAndRegion, list[_D]]] = {}
        """And by its place, which in a sound stack tells one from the others of its name."""
        self._answers: dict[tuple[str, _ProviderAndRegion, object], list[_D]] = {}
        self._joined: dict[tuple[str, tuple[_ProviderAndRegion, ...]], list[_D]] = {}
        self._compatible: dict[_ProviderAndRegion, list[_D]] = {}

    def __iter__(self) -> Iterator[_D]:
        return iter(self.by_address.values())

    def add(self, *several: _D) -> None:
        """Enter declarations under their addresses and under what others name them by, where there is such a thing."""
        self.by_address.update({declared.address: declared for declared in several})
        for declared in several:
            called = declared.called
            if called is not None:
                self._by_value.setdefault(called, {}).setdefault(_place(declared), []).append(declared)

    def named(self, value: str, seeker: Declared) -> list[_D]:
        """Everything under ``value`` that ``seeker`` can mean; at most one in a sound stack."""
        known = self._by_value.get(value)
        return [] if known is None else known.get(_place(seeker)) or self._all_of(value, seeker, may_meet)

    def referenced(self, link: Link, seeker: Declared) -> list[_D]:
        """Everything here that the references of ``link`` lead to, without repetition; of more than `FEW`, anything."""
        if not link.references:
            return []
        addresses = dict.fromkeys(reference.address for reference in link.references)
        referenced = [self.by_address[address] for address in addresses if address in self.by_address]
        return referenced if len(referenced) <= FEW else self.compatible(seeker)

    def meant(self, name: str | None, link: Link, seeker: Declared) -> list[_D]:
        """What a link means that spells ``name``: what is called so, else what an unknown value refers to."""
        named = (self.named(name, seeker) or self._stated(name, link, seeker)) if name else []
        return named or ([] if isinstance(link.value, str) else self.referenced(link, seeker))

    def linked(self, link: Link, seeker: Declared) -> list[_D]:
        """What ``link`` means, where its value is a name: one in a sound stack."""
        return self.meant(link.spelled, link, seeker)

    def possible(self, link: Link, seeker: Declared, name: str | None = None) -> list[_D]:
        """What a link may mean that means nothing for certain: anything if it is unknown, else namesakes further away.

        ``name`` is the name in its value, where that is more than a name.
        """
        if isinstance(link.value, Unknown):
            return self.compatible(seeker)
        return self.namesakes(name or link.value, seeker) if link.value else []

    def namesakes(self, value: str, seeker: Declared) -> list[_D]:
        """What has the name in the same region under another configuration of the same provider.

        That may be another account, or the same one with other default tags: only a reference tells.
        """
        return self._all_of(value, seeker, _is_namesake)

    def _all_of(self, value: str, seeker: Declared, holds: Callable[[Declared, Declared], bool]) -> list[_D]:
        """What is known under ``value`` in those places that ``holds`` is true of."""
        question = (value, _place(seeker), holds)
        if question not in self._answers:
            groups = self._by_value.get(value, {})
            places = tuple(place for place, group in groups.items() if holds(group[0], seeker))
            if (value, places) not in self._joined:
                self._joined[value, places] = [declared for place in places for declared in groups[place]]
            self._answers[question] = self._joined[value, places]
        return self._answers[question]

    def _stated(self, value: str, link: Link, seeker: Declared) -> list[_D]:
        """Those namesakes that the expression behind a known ``value`` refers to."""
        addresses = {reference.address for reference in link.stated()} if self.namesakes(value, seeker) else ()
        stated = [self.by_address[address] for address in addresses if address in self.by_address]
        meant = [declared for declared in stated if declared.called == value and _is_namesake(declared, seeker)]
        return meant if len(meant) <= FEW else self.namesakes(value, seeker)

    def compatible(self, seeker: Declared) -> list[_D]:
        """Everything that ``seeker`` could mean if nothing is known of its link."""
        place = _place(seeker)
        if place not in self._compatible:
            self._compatible[place] = [declared for declared in self if may_meet(declared, seeker)]
        return self._compatible[place]


_UNCOUNTED: frozenset[type[Declared]] = frozenset({Unrelated, DeclaredBeside, DeclaredBucket, DeclaredLifecycle})
"""What is not counted as read."""


class Declarations:
    """The declarations of one side, indexed by kind, and what had to be left out."""

    def __init__(self, declarations: Iterable[Declaration]) -> None:
        self._indexes: dict[type[Declared], KindIndex[Any]] = defaultdict(KindIndex)
        self.skipped: dict[str, Skipped] = {}
        self._asked: set[tuple[object, ...]] = set()
        self.changed: set[str] = set()
        self.addresses: set[str] = set()
        self.unrelated: set[str] = set()
        self.beside: Counter[str] = Counter()
        kinds: dict[type[Declared], list[Any]] = defaultdict(list)
        for declared in declarations:
            kinds[type(declared)].append(declared)
        for kind, several in kinds.items():
            self._add(kind, several)
        self.endpoints = self.of(DeclaredEndpoint)
        self.configurations = self.of(DeclaredConfiguration)
        self.components = self.of(DeclaredComponent)
        self.targets = self.of(DeclaredTarget)
        self.policies = self.of(DeclaredPolicy)

    def of(self, kind: type[_D]) -> KindIndex[_D]:
        """The declarations of one kind."""
        return self._indexes[kind]

    def _add(self, kind: type[Declared], several: list[Any]) -> None:
        addresses = [declared.address for declared in several]
        if kind not in _UNCOUNTED:
            self.addresses.update(addresses)
            self.changed.update([each.address for each in several if each.change not in ("no-op", "forget")])
        if kind is Unrelated:
            self.unrelated.update(addresses)
        elif kind is DeclaredBeside:
            self.beside.update(declared.noun for declared in several)
        elif kind is Unsupported:
            for declared in several:
                self.skip(declared, declared.reason, affects_total=declared.affects_total)
        else:
            self._indexes[kind].add(*several)

    def endpoints_of(self, link: Link, seeker: Declared) -> list[DeclaredEndpoint]:
        """The endpoints that a resource id may mean: ``endpoint/chat/variant/main`` means chat."""
        named = resource_id.parsed(link.spelled)
        return self.endpoints.meant(named.endpoint if named else None, link, seeker)

    def components_of(self, link: Link, seeker: Declared) -> list[DeclaredComponent]:
        """The inference components that a resource id may mean."""
        named = resource_id.parsed(link.spelled)
        return self.components.meant(named.component if named else None, link, seeker)

    def is_about_something_else(self, link: Link) -> bool:
        """Whether all that an unknown link mentions is, as a scaling target of ECS is."""
        mentioned = {reference.address for reference in link.references}
        return bool(mentioned) and mentioned <= self.unrelated

    def is_first(self, candidates: Sequence[Declared], *question: object) -> bool:
        """Whether a question is asked for the first time of just these candidates.

        What one block says of a list of candidates, the others that mean the same list do too, so that a thousand
        blocks of one name are read a thousand times, not a million.
        """
        asked = (*question, identity(candidates))
        is_first = asked not in self._asked
        self._asked.add(asked)
        return is_first

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


def identity(candidates: Sequence[Declared]) -> tuple[object, ...]:
    """What makes two lists of candidates the same: what is in them, or, of long ones, that an index shares them."""
    return tuple(candidate.address for candidate in candidates) if len(candidates) <= FEW else (id(candidates),)


def _place(declared: Declared) -> _ProviderAndRegion:
    return declared.provider, declared.region


def may_meet(one: Declared, other: Declared) -> bool:
    """Whether two blocks can be about the same thing: the same region, and not two accounts of one provider.

    A block whose configuration is gone (it is being deleted) has lost its provider, and can meet any.
    """
    if differ(one.region, other.region):
        return False
    if one.provider == other.provider or not one.provider or not other.provider:
        return True
    return _plugin(one.provider) != _plugin(other.provider)


def _is_namesake(one: Declared, other: Declared) -> bool:
    """Whether two blocks of one name stand in one region, and perhaps in two accounts."""
    return not differ(one.region, other.region) and not may_meet(one, other)


def differ(one: str | Unknown, other: str | Unknown) -> bool:
    """Whether two regions are known to be different ones."""
    return isinstance(one, str) and isinstance(other, str) and one != other


def _plugin(provider: str) -> str:
    """``aws`` of ``module.eu:aws.frankfurt``."""
    return provider.rpartition(":")[2].partition(".")[0]
