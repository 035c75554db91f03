"""Nothing twice: a plan that a search has found stands for the source it was made of, which is then not counted."""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from guardrail.model import ChangeSet


def without_repeats(
    change_sets: Sequence[ChangeSet], found: Collection[str], is_tracked: Callable[[str], bool]
) -> tuple[list[ChangeSet], list[str]]:
    """The change sets without source of which there is a plan, and a sentence for each that is left out.

    ``infra/tfplan.json`` is the plan of ``infra``, and ``plans/infra.json`` is if both have the same endpoints. Only
    what a search has ``found`` counts, and never what somebody has named beside a plan; plans of two root modules that
    are alike are not guessed. A plan that ``is_tracked`` stands for nothing: whoever commits it could have written it.
    """
    by_path: dict[str, list[ChangeSet]] = {}
    for each in change_sets:
        if each.kind == "hcl" and each.path not in found:
            by_path.setdefault(each.path, []).append(each)
    plans = [each for each in change_sets if each.kind.startswith("terraform-") and each.path in found]
    plans = [each for each in plans if not is_tracked(each.path)]
    left_out: dict[str, list[ChangeSet]] = {}
    said: list[str] = []
    for plan in plans:
        inside = [path for path in by_path if _lies_in(plan, path) and _may_be_of(plan, by_path[path])]
        alike = inside or [path for path in by_path if all(_is_same(plan, each) for each in by_path[path])]
        if len(alike) == 1:
            left_out.setdefault(alike[0], []).append(plan)
        elif alike:
            said.append(f"{plan.path} may be the plan of {' or '.join(sorted(alike))}, and counts beside them")
    said += (_told(path, by_path[path], of_it) for path, of_it in left_out.items())
    kept = [each for each in change_sets if each.kind != "hcl" or each.path not in left_out]
    planned = {os.path.realpath(os.path.dirname(plan.path)) for plan in plans}
    return [each for one in kept for each in _without_planned(one, planned)], said


def _told(path: str, sources: Sequence[ChangeSet], plans: Sequence[ChangeSet]) -> str:
    """A notice that plans are read in place of their source, with the resources that only the source has."""
    labels = [each.label for each in sources if each.label is not None]
    names = " and ".join(plan.path for plan in plans)
    told = f"{path} is not counted: {names} {'is its plan' if len(plans) == 1 else 'are its plans'}"
    told += f", whatever its environments ({', '.join(labels)}) are" if labels else ""
    planned = {address for plan in plans for address in _names(plan)}
    more = {address for each in sources for address in _names(each) if "[*]" not in address} - planned
    return f"{told}; it has {', '.join(sorted(more))}, and no plan has: they may be older than it" if more else told


def _without_planned(change_set: ChangeSet, planned: Collection[str]) -> Iterator[ChangeSet]:
    """A change set without the units of Terragrunt that have a plan beside them; nothing where nothing is left."""
    left = tuple(
        each
        for each in change_set.skipped
        if each.type != "Terragrunt" or os.path.realpath(os.path.dirname(each.address)) not in planned
    )
    gone = len(change_set.skipped) - len(left)
    if not gone:
        yield change_set
    elif left:
        coverage = replace(change_set.coverage, seen=change_set.coverage.seen - gone, skipped=len(left))
        yield replace(change_set, skipped=left, coverage=coverage)


def _lies_in(plan: ChangeSet, path: str) -> bool:
    return os.path.realpath(os.path.dirname(plan.path) or os.curdir) == os.path.realpath(path)


def _names(change_set: ChangeSet) -> Mapping[str, object]:
    """The endpoints and free configurations after the change, by address, with their names where these are known."""
    after = change_set.after
    return {each.address: each.name for each in (*after.endpoints, *after.unattached)}


def _may_be_of(plan: ChangeSet, sources: Iterable[ChangeSet]) -> bool:
    """Whether a plan in the folder of a root module is the plan of that, and not of another that was put there."""
    own = _names(plan).keys()
    others = {address for each in sources for address in _names(each)}
    return not own or not others or not own.isdisjoint(others)


def _is_same(plan: ChangeSet, source: ChangeSet) -> bool:
    own, others = _names(plan), _names(source)
    if not own or own.keys() != others.keys():
        return False
    pairs = ((own[address], others[address]) for address in own)
    return all(not isinstance(one, str) or not isinstance(other, str) or one == other for one, other in pairs)
