"""The baseline: what was wrong when a team began to check, so that only what is new is held against a change.

A JSON file that is committed beside the settings, one finding a line, sorted, without a date: the same findings give
the same bytes, and a review shows what was taken up. A finding is known by its policy, the block to change, its
endpoint and its variant, and by its source where several are checked together. Indexes are part of an address: one more
instance of a block is one more to pay for, and no old finding. With each stands what was at stake, and the finding is
back once that has grown.

What is said of everything together, the budgets, is never taken up: a total may have doubled since. A budget that is
too small is raised, where everybody sees it.
"""

from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct, structs

from guardrail import files
from guardrail.errors import SettingsError
from guardrail.model import Unknown
from guardrail.money import two_decimals
from guardrail.policy.base import Result

FILE_NAME = ".guardrail-baseline.json"

_UNKNOWN = "unknown"
_CENT = Decimal("0.01")
"""What rounding may have taken from an amount in the file."""
_AGAIN = "guardrail check PATH --write-baseline"

Key: TypeAlias = tuple[str, str, str | None, str | None]
"""Policy, address, endpoint, variant: one configuration may serve several endpoints, each of which is paid for."""


class Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One finding that was there before."""

    policy: str
    address: str
    endpoint: str | None = None
    """Its address, where the block to change is another one."""
    variant: str | None = None
    source: str | None = None
    """Its input, where several were checked together; None where there was one."""
    monthly_usd: str | None = None
    """What was at stake, in USD a month; "unknown", or None where no money was."""

    def __post_init__(self) -> None:
        """Raise ValueError for an amount that is none, which msgspec reports with its place."""
        if self.monthly_usd in (None, _UNKNOWN):
            return
        try:
            amount = Decimal(str(self.monthly_usd))
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite() or amount < 0:
            raise ValueError(f"{self.monthly_usd!r} is no amount")


class Baseline(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file."""

    version: Literal[1]
    findings: tuple[Entry, ...] = ()


class Compared(Struct, frozen=True, kw_only=True):
    """The results, those of the baseline marked as existing, and what there is to say about the baseline."""

    results: list[Result]
    notices: list[str]


def read(path: str) -> Baseline:
    """The baseline at ``path``. Raises `SettingsError`."""
    try:
        return msgspec.json.decode(files.content(path), type=Baseline)
    except FileNotFoundError:
        raise SettingsError(f"there is no baseline {path}", hint=f"{_AGAIN} writes one") from None
    except OSError as error:
        raise SettingsError(f"cannot read {path}: {error.strerror or error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is no baseline: {error}", hint=f"{_AGAIN} writes it anew") from error


def taken_up(results: Iterable[Result]) -> Baseline:
    """A baseline of every failure among ``results``; of the budgets none."""
    results = [result for result in results if result.verdict == "fail" and result.endpoint is not None]
    several = len({result.source for result in results}) > 1
    entries = {
        Entry(
            policy=result.policy,
            address=result.address,
            endpoint=None if result.endpoint == result.address else result.endpoint,
            variant=result.variant,
            source=result.source if several else None,
            monthly_usd=_written(result.saving_monthly),
        )
        for result in results
    }
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
    known: dict[Key, list[Entry]] = {}
    for entry in baseline.findings:
        if entry.source is None or entry.source in sources:
            key = (entry.policy, entry.address, entry.endpoint or entry.address, entry.variant)
            known.setdefault(key, []).append(entry)
    notices: dict[str, None] = {}
    found: set[Entry] = set()
    answer = []
    for result in results:
        entries = _entries_of(result, known, alone=len(sources) == 1)
        found.update(entries)
        answer.append(_judged(result, entries, tolerance_percent, origin, notices) if entries else result)
    stale = (
        entry for entries in known.values() for entry in entries if entry not in found and entry.policy in policies
    )
    notices |= dict.fromkeys(_is_stale(entry, origin) for entry in stale)
    return Compared(results=answer, notices=list(notices))


def _entries_of(result: Result, known: dict[Key, list[Entry]], *, alone: bool) -> list[Entry]:
    """The entries of a finding; an undecided or accepted one is there still, so its entry is not stale.

    An entry without a source is that of the only input: among several, nobody can say whose it was.
    """
    if result.verdict == "pass" or result.endpoint is None:
        return []
    entries = known.get((result.policy, result.address, result.endpoint, result.variant), ())
    return [entry for entry in entries if entry.source == result.source or (entry.source is None and alone)]


def _judged(
    result: Result, entries: Iterable[Entry], tolerance_percent: Decimal, origin: str, notices: dict[str, None]
) -> Result:
    if result.verdict != "fail":
        return result
    growths = [_growth(entry, result, tolerance_percent) for entry in entries]
    if None in growths:
        return structs.replace(result, status="existing")
    notices[f"{origin}: {result.policy} for {result.address} is back: {growths[0]}"] = None
    return result


def _growth(entry: Entry, result: Result, tolerance_percent: Decimal) -> str | None:
    """How much more is at stake than when the baseline was written; None where it is not more."""
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


def _is_stale(entry: Entry, origin: str) -> str:
    variant = f", variant {entry.variant}" if entry.variant else ""
    return f"{origin}: {entry.policy} for {entry.address}{variant} is found no more: write the baseline anew"


def _written(stake: Decimal | Unknown | None) -> str | None:
    if isinstance(stake, Decimal):
        return f"{stake.quantize(_CENT):f}"
    return None if stake is None else _UNKNOWN


def _order(entry: Entry) -> tuple[str, ...]:
    key = (entry.policy, entry.address, entry.endpoint, entry.variant, entry.source, entry.monthly_usd)
    return tuple(part or "" for part in key)


def _without_nothing(entry: Entry) -> dict[str, str]:
    return {name: value for name, value in structs.asdict(entry).items() if value is not None}
