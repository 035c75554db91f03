"""The baseline: what was wrong when a team began to check, so that only what is new is held against a change.

A JSON file that is committed beside the settings, one finding a line, sorted, without a date: the same findings give
the same bytes, and a review shows what was taken up. A finding is known by its policy, its endpoint
(`identity.identity`) and its variant or component, and by its source where several are checked together: not by the
block to change, which an improvement moves. A variant is known by its name and, where that is unknown or was changed,
by its place; each entry accounts for one finding, so that one more variant is one more to pay for. With each stands
what was at stake, and the finding is back once that has grown.

What is said of everything together, the budgets, is never taken up: a total may have doubled since. A budget that is
too small is raised, where everybody sees it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct, structs

from guardrail import files, limits
from guardrail.errors import SettingsError
from guardrail.limits import NOT_JSON
from guardrail.model import Unknown
from guardrail.money import two_decimals
from guardrail.policy.base import Result

_UNKNOWN = "unknown"
_CENT = Decimal("0.01")
"""What rounding may have taken from an amount in the file."""
_AGAIN = "guardrail check PATH --write-baseline"

FindingKey: TypeAlias = tuple[str, str, str]
"""Policy, endpoint, and whether it is about the endpoint, a variant or a component."""


class KnownFinding(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One finding that was there before."""

    policy: str
    """Its id."""
    endpoint: str
    """Its name and region, or its address."""
    part: Literal["endpoint", "variant", "component", "transform_job"] = "endpoint"
    """What of the endpoint it is about."""
    index: int = 0
    """Which of its variants or components, from 0."""
    variant: str | None = None
    """Its name; None where there is none, or it was not known."""
    source: str | None = None
    """Its input, where several were checked together; None where there was one."""
    monthly_usd: str | None = None
    """What was at stake, in USD a month; "unknown", or None where no money was."""

    def __post_init__(self) -> None:
        """Raise ValueError for an amount that is none, which msgspec reports with its place."""
        if self.monthly_usd in (None, _UNKNOWN):
            return
        amount = limits.number(str(self.monthly_usd), limits.DIGITS_OF_AMOUNTS)
        if amount is None or amount < 0:
            raise ValueError(f"{self.monthly_usd!r} is no amount")


class Baseline(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file."""

    version: Literal[1]
    """Of the layout of the file."""
    findings: tuple[KnownFinding, ...] = ()
    """What was there before, in the order of policies and endpoints."""


class Compared(Struct, frozen=True, kw_only=True):
    """The results, those of the baseline marked as existing, and notices about the baseline."""

    results: list[Result]
    notices: list[str]


def read(path: str) -> Baseline:
    """The baseline at ``path``. Raises `SettingsError`."""
    try:
        return msgspec.json.decode(files.named(path), type=Baseline)
    except FileNotFoundError:
        raise SettingsError(f"there is no baseline {path}", hint=f"{_AGAIN} writes one") from None
    except OSError as error:
        raise SettingsError(f"cannot read {path}: {error.strerror or error}") from error
    except NOT_JSON as error:
        raise SettingsError(f"{path} is no baseline: {error}", hint=f"{_AGAIN} writes it anew") from error


def taken_up(results: Iterable[Result], *, sources: Sequence[str]) -> Baseline:
    """A baseline of every failure among ``results``, each of which has an entry; of the budgets none.

    ``sources`` is what was checked: each entry names its own where there were several, whichever of them have any.
    """
    entries = [
        KnownFinding(
            policy=result.policy,
            endpoint=result.identity,
            part=_part(result),
            index=result.part[1],
            variant=result.variant,
            source=result.source if len(sources) > 1 else None,
            monthly_usd=_written(result.saving_monthly),
        )
        for result in results
        if result.verdict == "fail" and result.endpoint is not None
    ]
    return Baseline(version=1, findings=tuple(sorted(entries, key=_order)))


def text(baseline: Baseline) -> str:
    """What the file holds: JSON in ASCII, a finding a line, so that two branches that touch it seldom collide."""
    import json

    lines = [json.dumps(_without_nothing(entry), sort_keys=True) for entry in baseline.findings]
    findings = ",\n    ".join(lines)
    body = f"[\n    {findings}\n  ]" if lines else "[]"
    return f'{{\n  "version": {baseline.version},\n  "findings": {body}\n}}\n'


def compare(
    baseline: Baseline,
    results: Sequence[Result],
    *,
    sources: Sequence[str],
    policies: Collection[str],
    tolerance_percent: Decimal,
    origin: str,
) -> Compared:
    """Mark the failures that ``baseline`` knows as existing.

    A finding stays new where more is at stake than ``tolerance_percent`` above what the baseline says, or where that
    cannot be told; a notice says so. So does one for each entry that is found no more, unless ``policies`` or
    ``sources``, what was checked this time, leave it out. ``origin`` is the file.
    """
    entries = [entry for entry in baseline.findings if entry.source is None or entry.source in sources]
    accounted = _accounted(entries, results, alone=len(sources) == 1)
    notices: dict[str, None] = {}
    answer = [
        _judged(result, entry, tolerance_percent, origin, notices) if entry is not None else result
        for result, entry in zip(results, accounted, strict=True)
    ]
    found = {id(entry) for entry in accounted}
    stale = (entry for entry in entries if id(entry) not in found and entry.policy in policies)
    notices |= dict.fromkeys(_is_stale(entry, origin) for entry in stale)
    return Compared(results=answer, notices=list(notices))


def _accounted(
    baseline: Sequence[KnownFinding], results: Sequence[Result], *, alone: bool
) -> list[KnownFinding | None]:
    """The entry that accounts for each result, none for more than one.

    By the name of its variant first, then by its place among the variants: a renamed variant is the one it was. An
    undecided or accepted finding is there still, so its entry is not stale; one that passes is gone.
    """
    waiting: dict[FindingKey, list[KnownFinding]] = defaultdict(list)
    for entry in baseline:
        waiting[entry.policy, entry.endpoint, entry.part].append(entry)
    accounted: list[KnownFinding | None] = [None] * len(results)
    for by in (_same_name, _same_place):
        for index, result in enumerate(results):
            if accounted[index] is not None or result.verdict == "pass" or result.endpoint is None:
                continue
            group = _group(waiting, result)
            entries = [one for one in group if by(one, result) and _same_source(one, result, alone=alone)]
            if entries:
                stake = _written(result.saving_monthly)
                entry = next((one for one in entries if one.monthly_usd == stake), entries[0])
                group.remove(entry)
                accounted[index] = entry
    return accounted


def _group(waiting: Mapping[FindingKey, list[KnownFinding]], result: Result) -> list[KnownFinding]:
    """The entries about its endpoint, under what that was known by until its block was moved where it is."""
    for endpoint in (result.identity, *result.previous_identities):
        found = waiting.get((result.policy, endpoint, _part(result)))
        if found:
            return found
    return []


def _same_name(entry: KnownFinding, result: Result) -> bool:
    return entry.variant is not None and entry.variant == result.variant


def _same_place(entry: KnownFinding, result: Result) -> bool:
    return entry.index == result.part[1]


def _same_source(entry: KnownFinding, result: Result, *, alone: bool) -> bool:
    """An entry without a source is that of the only input: among several, nobody can say whose it was."""
    return entry.source == result.source or (entry.source is None and alone)


def _part(result: Result) -> Literal["endpoint", "variant", "component", "transform_job"]:
    part = result.part[0]
    return "endpoint" if part == "stack" else part


def _judged(
    result: Result, entry: KnownFinding, tolerance_percent: Decimal, origin: str, notices: dict[str, None]
) -> Result:
    if result.verdict != "fail":
        return result
    growth = _growth(entry, result, tolerance_percent)
    if growth is None:
        return structs.replace(result, status="existing")
    notices[f"{origin}: {result.policy} for {result.address} is back: {growth}"] = None
    return result


def _growth(entry: KnownFinding, result: Result, tolerance_percent: Decimal) -> str | None:
    """A phrase for how much more is at stake than when the baseline was written; None where it is not more."""
    stake = result.saving_monthly
    was = f"{entry.monthly_usd} USD a month" if entry.monthly_usd not in (None, _UNKNOWN) else "no money"
    if entry.monthly_usd == _UNKNOWN:
        return None if not isinstance(stake, Decimal) else f"{two_decimals(stake)} USD a month, which was unknown"
    if isinstance(stake, Unknown):
        return f"what is at stake is unknown, and {was} was when the baseline was written"
    if stake is None:
        return None
    allowed = Decimal(entry.monthly_usd or 0) * (1 + tolerance_percent / 100) + _CENT
    return None if stake <= allowed else f"{two_decimals(stake)} USD a month are at stake, and {was} was"


def _is_stale(entry: KnownFinding, origin: str) -> str:
    variant = f", variant {entry.variant}" if entry.variant else ""
    return f"{origin}: {entry.policy} for {entry.endpoint}{variant} is found no more: write the baseline anew"


def _written(stake: Decimal | Unknown | None) -> str | None:
    if isinstance(stake, Decimal):
        return f"{stake:.2f}"
    return None if stake is None else _UNKNOWN


def _order(entry: KnownFinding) -> tuple[tuple[bool, str], ...]:
    key = (
        entry.policy,
        entry.endpoint,
        entry.part,
        f"{entry.index:06}",
        entry.variant,
        entry.source,
        entry.monthly_usd,
    )
    return tuple((part is not None, part or "") for part in key)


def _without_nothing(entry: KnownFinding) -> dict[str, str | int]:
    """The keys of an entry that say something: what is about the endpoint has no index."""
    said = {name: value for name, value in structs.asdict(entry).items() if value is not None}
    if (entry.part, entry.index) == ("endpoint", 0):
        del said["part"], said["index"]
    return said
