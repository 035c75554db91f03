"""What was observed, beside what a change declares: imported where a bundle of evidence is named."""

from collections.abc import Iterable, Sequence
from datetime import date

from msgspec import Struct

from guardrail.clock import ZONES_DAYS
from guardrail.cost.demand import Demand
from guardrail.cost.usage import NO_USAGE
from guardrail.evidence import bundle_file
from guardrail.evidence.demand import ObservedDemand
from guardrail.evidence.observations import Observations
from guardrail.model import ChangeSet, Endpoint
from guardrail.prices.book import PriceBook
from guardrail.reporters.wording import counted


class Taken(Struct, frozen=True, kw_only=True):
    """A bundle, as a check takes it."""

    demands: tuple[Demand, ...]
    """Of each input: what its usage file states, and what was observed beside that."""
    observations: Observations
    notices: tuple[str, ...]


def taken(
    path: str, shown: str, change_sets: Sequence[ChangeSet], usages: Sequence[Demand], prices: PriceBook, today: date
) -> Taken:
    """The bundle at ``path``, called ``shown``, for these inputs. Raises `SettingsError`."""
    bundle = bundle_file.read(path)
    alike = usages[0] if usages and all(each is usages[0] for each in usages) else NO_USAGE
    observations = Observations(bundle, prices, alike, today=today)
    endpoints = [each for one in change_sets for each in one.after.endpoints]
    observed = {id(each): ObservedDemand(bundle, each) for each in usages}
    return Taken(
        demands=tuple(observed[id(each)] for each in usages),  # one for the inputs that share a usage file
        observations=observations,
        notices=tuple(_notices(observations, endpoints, shown, bundle_file.age_days(bundle, today))),
    )


def _notices(observations: Observations, endpoints: Iterable[Endpoint], shown: str, days: int) -> Iterable[str]:
    if days < -ZONES_DAYS:
        yield f"{shown}: the evidence is of a time to come, in {counted(-days, 'day')}"
    if days > bundle_file.OLD_DAYS:
        yield f"{shown}: the evidence is {counted(days, 'day')} old: what it says is a note"
    yield from (f"{shown}: {each}" for each in observations.unlinked(endpoints))
