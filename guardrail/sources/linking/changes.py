"""What happens to each resource, told from both sides of a change where no plan tells it: templates and source."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from guardrail.model import Change
from guardrail.sources.base import Block, Computed
from guardrail.sources.vocabulary.spellings import replaces


def changes(
    before: Mapping[str, Block], after: Mapping[str, Block], rewritten: Collection[str] = ()
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
    _follow(happens, after)
    return happens


def _change(old: Block, new: Block) -> Change:
    if old.type != new.type or old.provider != new.provider or old.region != new.region:
        return "replace"
    was, will_be = old.attributes.values, new.attributes.values
    names = [name for name in was.keys() | will_be.keys() if was.get(name) != will_be.get(name)]
    if not names:
        return "no-op" if old.default_tags == new.default_tags else "update"
    return "replace" if any(replaces(new.type, name) for name in names) else "update"


def _follow(happens: dict[str, Change], after: Mapping[str, Block]) -> None:
    """A resource that takes a value from a replaced one, which is unknown then, changes too, and reads as before."""
    mentioning: dict[str, list[tuple[str, Change]]] = defaultdict(list)
    for address, block in after.items():
        for name, value in block.attributes.values.items():
            if block.ignores(name):
                continue
            change: Change = "replace" if replaces(block.type, name) else "update"
            for mentioned in set(_mentioned(value)):
                mentioning[mentioned].append((address, change))
    pending = [address for address, change in happens.items() if change in ("replace", "create")]
    while pending:
        for address, change in mentioning.pop(pending.pop(), ()):
            if happens[address] == "no-op" or (happens[address] == "update" and change == "replace"):
                happens[address] = change
                if change == "replace":
                    pending.append(address)


def _mentioned(value: Any) -> Iterator[str]:
    """The addresses of the resources that a value, or a part of it, is made of."""
    if isinstance(value, Computed):
        yield from (reference.address for reference in value.references)
    elif isinstance(value, (list, dict)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _mentioned(part)
