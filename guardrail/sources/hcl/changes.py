"""Actions on the resources of a root module (create, update, delete), from its source before and after, no state.

Resources are paired first, as Terraform would: by address, by a ``moved`` block, by ``count`` added or taken away
(``x`` and ``x[0]``). A resource that is gone is also paired with a new one of the same endpoint name, or of the same
text: with no state nothing says that it would be destroyed.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import zip_longest
from typing import Any

from msgspec.structs import replace

from guardrail.expressions import expression
from guardrail.model import Unknown
from guardrail.sources.base import LOST, Block, Computed, part_of, reference_steps
from guardrail.sources.hcl.disk import ModuleSource
from guardrail.sources.hcl.moved import Telling, earlier_addresses
from guardrail.sources.hcl.resources import ResourceInstance
from guardrail.sources.hcl.syntax import BlockNode
from guardrail.sources.hcl.undecided import text_of_unknown
from guardrail.sources.linking.changes import NO_TRIGGERS, Triggers, changes
from guardrail.sources.vocabulary.spellings import CONFIGURATION, ENDPOINT, NAMED_BY

_MENTIONED = expression(r"\b(?:(?:var|local|module)\.[\w-]+|data\.[\w-]+\.[\w-]+|[a-z][a-z0-9]*_\w+\.[\w-]+)")


# Which is which ------------------------------------------------------------------------------------------------------


def renamed(before: Sequence[Block], after: Sequence[Block], modules: Iterable[Telling]) -> dict[str, str]:
    """New address by old address, for resources whose address the change alters.

    ``modules`` are those after the change: their ``moved`` blocks count.
    """
    old = {block.address: block for block in before}
    new = {block.address: block for block in after}
    found: dict[str, str] = {}
    for address, earlier in earlier_addresses(sorted(new.keys() - old.keys()), modules).items():
        found.update(dict.fromkeys([each for each in earlier if each in old and each not in new][:1], address))
    for alike in (_without_zeros, _named, _reading):
        gone = _by_likeness(alike, (each for address, each in old.items() if address not in {*found, *new}))
        come = _by_likeness(alike, (new[address] for address in new.keys() - old.keys() - set(found.values())))
        pairs = ((gone[likeness], come.get(likeness, ())) for likeness in gone)
        found.update((one[0], other[0]) for one, other in pairs if len(one) == len(other) == 1)
    return found


def _by_likeness(alike: Callable[[Block], object], blocks: Iterable[Block]) -> dict[object, list[str]]:
    found: dict[object, list[str]] = defaultdict(list)
    for block in blocks:
        likeness = alike(block)
        if likeness is not None:
            found[likeness].append(block.address)
    return found


def _without_zeros(block: Block) -> object:
    """As Terraform itself takes ``x`` for ``x[0]``."""
    return block.type, block.address.replace("[0]", "")


def _named(block: Block) -> object:
    """As AWS has one endpoint, and one configuration, of a name in a region."""
    kind = block.attributes.spelling.kind
    called = block.attributes.text(NAMED_BY[kind]) if kind in (ENDPOINT, CONFIGURATION) else None
    return (block.type, called, block.region, block.account) if isinstance(called, str) else None


def _reading(block: Block) -> object:
    """By all that is known of it; what has nothing known is like nothing else."""
    known = _known(block.attributes.values)
    return (block.type, block.region, block.account, repr(known)) if known else None


def _known(value: Any) -> Any:
    """A value without what is unknown in it."""
    if isinstance(value, dict):
        parts = {key: each for key in sorted(value) if (each := _known(value[key])) is not None}
        return parts or None
    if isinstance(value, list):
        return [_known(each) for each in value]
    return None if isinstance(value, Unknown) else value


# What happens to it --------------------------------------------------------------------------------------------------


def compared(
    before: Sequence[Block],
    after: Sequence[Block],
    is_rewritten: Callable[[str], bool],
    let_go: AbstractSet[str] = frozenset(),
    triggers: Triggers = NO_TRIGGERS,
) -> tuple[list[Block], list[Block]]:
    """Both sides with the action on each resource; a resource has the same address in both.

    An unknown value with the same expression is unchanged: ``var.replicas`` on both sides is, ``var.replicas * 2`` on
    one is not. An unknown without an expression, or one that is looked up, is unchanged unless ``is_rewritten`` says
    that the source behind that address has changed. What is gone from the source and among ``let_go`` stands after
    the change as before, as with Terraform's action ``forget``. ``triggers`` are what ``replace_triggered_by`` names.
    What is replaced is made of all that the source says, whatever it ignores: Terraform plans it without its past.
    """
    old, new = {block.address: block for block in before}, {block.address: block for block in after}
    both = old.keys() & new.keys()
    left = {address: _left_alone(old[address], new[address]) for address in both if new[address].ignored}
    doubtful = {address for address in both if _is_open(old[address]) and is_rewritten(address)}
    happens = changes(old, new | left, doubtful, triggers)
    kept = {address: block for address, block in left.items() if happens[address] != "replace"}
    happens.update(dict.fromkeys(old.keys() & let_go, "forget"))
    for address in both:
        past, present = old[address].attributes, kept.get(address, new[address]).attributes
        past.values = _of_the_past(past.values, present.values, doubtful=address in doubtful)
    past_blocks = [replace(each, change=happens[each.address]) for each in before]
    present_blocks = [replace(kept.get(each.address, each), change=happens[each.address]) for each in after]
    return past_blocks, [*present_blocks, *(each for each in past_blocks if each.change == "forget")]


def _left_alone(past: Block, present: Block) -> Block:
    """A block with what its ``ignore_changes`` leaves as it was: arguments, and single ones of what is nested.

    Where ``region`` is one of them, which either side has written, it is in the region of before.
    """
    was, is_now = past.attributes, replace(present.attributes)
    is_kept = present.ignores("region") and (was.values.get("region") or is_now.values.get("region"))
    names = was.values.keys() | is_now.values.keys() if "all" in present.ignored else present.ignored
    for path in filter(None, ([step.value for step in reference_steps(name)] for name in names)):
        is_now.values = _left(was.values, is_now.values, path)
        if was.marks and path[0] in was.values:
            trees = {name: part_of(is_now.marks, name) for name in is_now.values}
            of_it = part_of(was.marks, path[0])
            trees[path[0]] = of_it if len(path) == 1 else bool(of_it or trees.get(path[0]))
            is_now.marks = {name: tree for name, tree in trees.items() if tree} or None
    return replace(present, attributes=is_now, region=past.region if is_kept else present.region)


def _left(was: Any, is_now: Any, path: Sequence[str | int]) -> Any:
    """A value with what is at a path as it was; where there was nothing of it, or is nothing around it, as it is."""
    if not path:
        return was
    step, *rest = path
    if isinstance(step, int):
        if isinstance(was, list) and isinstance(is_now, list) and step < min(len(was), len(is_now)):
            return [*is_now[:step], _left(was[step], is_now[step], rest), *is_now[step + 1 :]]
    elif isinstance(was, dict) and isinstance(is_now, dict):
        others = {name: value for name, value in is_now.items() if name != step}
        if step in was and (step in is_now or not rest):
            return others | {step: _left(was[step], is_now.get(step), rest)}
        return is_now if rest else others
    return is_now


def _is_open(block: Block) -> bool:
    """Whether a block has an unknown value without an expression: the source behind it may have changed unseen."""
    return any(_is_told_by_nothing(value) for value in _lost(block.attributes.values))


def _lost(value: Any) -> Iterator[Unknown]:
    """The parts of a value that come from out of sight; what comes from a resource is followed."""
    if isinstance(value, (list, dict)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _lost(each)
    elif isinstance(value, Unknown) and (not isinstance(value, Computed) or LOST in (value.references or (LOST,))):
        yield value


def _is_told_by_nothing(value: Unknown) -> bool:
    text = text_of_unknown(value)
    return text is None or "data." in text


def _of_the_past(old: Any, new: Any, *, doubtful: bool) -> Any:
    """A value of which the unknown parts that are not those of today say so, so that neither cancels the other."""
    if isinstance(old, dict):
        named = new if isinstance(new, dict) else {}
        return {name: _of_the_past(each, named.get(name), doubtful=doubtful) for name, each in old.items()}
    if isinstance(old, list):
        pairs = zip_longest(old, new[: len(old)] if isinstance(new, list) else ())
        return [_of_the_past(each, other, doubtful=doubtful) for each, other in pairs]
    if not any(_lost(old)) or (old == new and not (doubtful and _is_told_by_nothing(old))):
        return old
    return replace(old, reason=f"{old.reason}, as it was written before")


# What stands behind it -----------------------------------------------------------------------------------------------


def written_behind(resource: ResourceInstance, sources: Iterable[ModuleSource]) -> frozenset[str]:
    """The texts of a block, and of all that its values come from: variables, local values, calls.

    So far as names tell: ``var.size`` in a module leads to its declaration, and to the call of the module, which
    stands in one of the ``sources``; ``local.size`` leads to every ``locals``.
    """
    callers = {id(call): source for source in sources for call in source.calls.values()}
    found = _reached(resource.written, resource.module.source)
    for call in resource.module.calls_around:
        found |= _reached(call, callers.get(id(call), resource.module.source))
    return frozenset(found)


def _reached(written: BlockNode, source: ModuleSource) -> set[str]:
    """The text of a block, and those in its module that the names in it lead to, and the names in these."""
    texts = dict.fromkeys(map(_text, written.parts))
    pending, seen = list(texts), set[str]()
    while pending:
        for name in _MENTIONED.findall(pending.pop()):
            if name not in seen:
                seen.add(name)
                more = [text for each in _declarations(name, source) if (text := _text(each)) not in texts]
                texts.update(dict.fromkeys(more))
                pending += more
    return set(texts)


def _declarations(name: str, source: ModuleSource) -> Iterator[BlockNode]:
    kind, *rest = name.split(".")
    match kind:
        case "local":
            yield from source.blocks_of_locals
            return
        case "var":
            found = source.variables.get(rest[0])
        case "module":
            found = source.calls.get(rest[0])
        case "data":
            found = source.data.get((rest[0], rest[1]))
        case _:
            found = source.resources.get((kind, rest[0]))
    yield from () if found is None else found.parts


def _text(block: BlockNode) -> str:
    """The text of a block without its blanks."""
    return " ".join(block.text.split())
