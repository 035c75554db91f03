"""What happens to each resource, told from both sides of a change where no plan tells it: templates and source."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from guardrail.model import Change
from guardrail.sources.base import Block, Computed
from guardrail.sources.vocabulary.spellings import replaces

Triggers: TypeAlias = Mapping[str, Collection[tuple[str, str]]]
"""By the address of a resource the others that it is replaced with, and the attribute of each, or "" for any of them.

Its own address stands for what has no block here and is another.
"""
NO_TRIGGERS: Triggers = MappingProxyType({})


def changes(
    before: Mapping[str, Block],
    after: Mapping[str, Block],
    rewritten: Collection[str] = (),
    triggers: Triggers = NO_TRIGGERS,
) -> dict[str, Change]:
    """What happens to each resource of either side, by address; what is ``rewritten`` changes, whatever it reads.

    Where a configuration has another instance type, it is replaced, and the endpoint that mentions it is updated.
    """
    happens: dict[str, Change] = {}
    for address in before.keys() | after.keys():
        old, new = before.get(address), after.get(address)
        if old is None or new is None:
            happens[address] = "create" if old is None else "delete"
        else:
            change = _change(old, new)
            happens[address] = "update" if change == "no-op" and address in rewritten else change
    for address in happens.keys() & triggers.keys():
        if (address, "") in triggers[address] and happens[address] in ("no-op", "update"):
            happens[address] = "replace"
    _follow(happens, before, after, triggers)
    return happens


def _change(old: Block, new: Block) -> Change:
    if old.type != new.type or old.provider != new.provider or old.region != new.region:
        return "replace"
    was, will_be = old.attributes.values, new.attributes.values
    names = [name for name in was.keys() | will_be.keys() if was.get(name) != will_be.get(name)]
    if not names:
        return "no-op" if old.default_tags == new.default_tags else "update"
    return "replace" if any(replaces(new.type, name) for name in names) else "update"


def _follow(
    happens: dict[str, Change], before: Mapping[str, Block], after: Mapping[str, Block], triggers: Triggers
) -> None:
    """A resource that takes a value from a replaced one, which is unknown then, changes too, and reads as before.

    One that is to be replaced with another is replaced where that one is updated or replaced.
    """
    mentioning: dict[str, list[tuple[str, Change]]] = defaultdict(list)
    for address, block in after.items():
        for name, value in block.attributes.values.items():
            if block.ignores(name):
                continue
            change: Change = "replace" if replaces(block.type, name) else "update"
            for mentioned in set(_mentioned(value)):
                mentioning[mentioned].append((address, change))
    watching = _watching(triggers)
    pending = [address for address, change in happens.items() if change in ("replace", "create", "update")]
    while pending:
        cause = pending.pop()
        change = happens[cause]
        followers = mentioning.pop(cause, []) if change != "update" else []
        if cause in watching and cause in before:
            is_other = _differing(before[cause], after[cause], change)
            followers = [*followers, *((address, "replace") for address, name in watching[cause] if is_other(name))]
        for address, change in followers:
            if happens[address] == "no-op" or (happens[address] == "update" and change == "replace"):
                happens[address] = change
                pending.append(address)


def _watching(triggers: Triggers) -> dict[str, list[tuple[str, str]]]:
    """The resources that are replaced with another one, and the attribute that each minds, by the other's address."""
    watching: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for address, causes in triggers.items():
        for cause, attribute in causes:
            watching[cause].append((address, attribute))
    return watching


def _differing(old: Block, new: Block, change: Change) -> Callable[[str], bool]:
    """Whether an attribute of a resource that changes is another one then: of one that is replaced what AWS gives."""
    was, will_be = old.attributes.values, new.attributes.values

    def is_other(name: str) -> bool:
        return was.get(name) != will_be.get(name) if name in was or name in will_be else not name or change == "replace"

    return is_other


def _mentioned(value: Any) -> Iterator[str]:
    """The addresses of the resources that a value, or a part of it, is made of."""
    if isinstance(value, Computed):
        yield from (reference.address for reference in value.references)
    elif isinstance(value, (list, dict)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _mentioned(part)
