"""What a change does to the terms it is judged by: a gate that the change itself opens should not look closed.

Only what could let more pass is told: a limit that rises, not one that falls. Of what can go either way (a parameter of
a policy, a rule of the team's own, discounts, usage) any difference is told.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation

from msgspec import Struct, structs

from guardrail.errors import GuardrailError
from guardrail.policy.base import Result
from guardrail.policy.baseline import Baseline, KnownFinding
from guardrail.policy.policy import DEFAULT, Policy
from guardrail.settings import RootEnvironment, Settings

_LENIENCE = ("note", "warning", "error", "never")
"""What ``fail_on`` can be, from the strictest on; in the same order severities weigh more."""
_GRADES = ("off", "note", "warning", "error")
"""What a policy can be in an environment, from the most lenient on."""


class OwnTerms(Struct, frozen=True, kw_only=True):
    """All that decides whether a change passes."""

    settings: Settings
    policies: Sequence[Policy]
    """As the settings have them."""
    baseline: Baseline = Baseline(version=1)
    usage: bytes = b""
    """The text of the usage file."""
    evidence: bytes = b""
    """The text of the bundle of evidence; empty where there is none."""


def differences(before: OwnTerms, after: OwnTerms) -> tuple[str, ...]:
    """A phrase for each way in which ``after`` may let more pass: ``fail_on from error to never``."""
    return tuple(
        phrase
        for each in (
            _verdict,
            _budget,
            _group_budgets,
            _roots,
            _policies,
            _waivers,
            _baseline,
            _prices,
            _usage,
            _evidence,
        )
        for phrase in each(before, after)
    )


def accepted_in_code(
    results: Iterable[Result], *, before: Callable[[str], bytes | None], now: Callable[[str], bytes | None]
) -> tuple[str, ...]:
    """A phrase for each waiver in the code that accepts a finding now, and did not stand in its block ``before``.

    A waiver is the same one where its policy, its last day and the block around it are; one of a file that does not
    read is a new one.
    """
    files: dict[str, tuple[frozenset[_WaiverInCode], list[tuple[int, _WaiverInCode]]]] = {}
    phrases: dict[str, None] = {}
    for result in results:
        if result.verdict != "waived" or result.waiver is None:
            continue
        path, _, line = result.waiver.origin.rpartition(":")
        if not path or not line.isdecimal():  # of the settings
            continue
        if path not in files:
            files[path] = frozenset(each for _, each in _written(path, before(path))), _written(path, now(path))
        old, new = files[path]
        mine = {each for at, each in new if at == int(line) and each.policy == result.policy}
        if not mine or not mine <= old:
            phrases[f"a waiver of {result.policy} in {path} until {result.waiver.until}"] = None
    return tuple(phrases)


class _WaiverInCode(Struct, frozen=True):
    """A waiver as it stands in the code."""

    policy: str
    block: str
    """``resource.aws_sagemaker_endpoint.chat`` or a logical id; empty where it is about a whole template."""
    until: str


def _written(path: str, content: bytes | None) -> list[tuple[int, _WaiverInCode]]:
    """The waivers that a text has, each with its line; none where it is not there, or does not read."""
    from guardrail.sources.inline_waivers import waivers_in_text

    try:
        found = waivers_in_text(path, content or b"")
    except GuardrailError:
        return []
    return [
        (each.location.line, _WaiverInCode(each.policy, each.address or "", each.until))
        for each in found
        if each.location is not None
    ]


def _verdict(before: OwnTerms, after: OwnTerms) -> Iterator[str]:
    old, new = before.settings, after.settings
    if _LENIENCE.index(new.fail_on) > _LENIENCE.index(old.fail_on):
        yield _changed("fail_on", old.fail_on, new.fail_on)
    if old.strict and not new.strict:
        yield _changed("strict", "true", "false")
    if old.environments != new.environments:
        yield "environments differ"


def _budget(before: OwnTerms, after: OwnTerms) -> Iterator[str]:
    yield from _loosened("budget", *(structs.asdict(side.settings.budget) for side in (before, after)))


def _group_budgets(before: OwnTerms, after: OwnTerms) -> Iterator[str]:
    now = {each.name: each.budgets for each in (one.limits() for one in after.settings.group_budgets)}
    for old in (one.limits() for one in before.settings.group_budgets):
        yield from _loosened(f"group_budgets.{old.name}", old.budgets, now.get(old.name, {}))


def _roots(before: OwnTerms, after: OwnTerms) -> Iterator[str]:
    """Environments that are no longer checked, or may cost more, and what a search leaves out."""
    now = after.settings.roots
    for root, environments in before.settings.roots.items():
        for label, old in environments.items():
            new = now.get(root, {}).get(label)
            if new is None:
                yield f"roots.{root} has no environment {label}"
            else:
                yield from _loosened(f"roots.{root}.{label}", *map(_limits, (old, new)))
    for pattern in after.settings.exclude:
        if pattern not in before.settings.exclude:
            yield f"{pattern} is left out of a search"


def _limits(environment: object) -> Mapping[str, Decimal | None]:
    return structs.asdict(environment.budget) if isinstance(environment, RootEnvironment) else {}


def _loosened(name: str, before: Mapping[str, Decimal | None], after: Mapping[str, Decimal | None]) -> Iterator[str]:
    """The limits that are gone, or allow more: ``budget.max_expected_usd from 500 to 5000``."""
    for limit, old in before.items():
        new = after.get(limit)
        if old is not None and (new is None or new > old):
            yield _changed(f"{name}.{limit}", old, new)


def _policies(before: OwnTerms, after: OwnTerms) -> Iterator[str]:
    now = {policy.id: policy for policy in after.policies}
    for old in before.policies:
        new = now.get(old.id)
        if new is None:
            yield f"{old.id} is off"
            continue
        yield from _grades(old, new)
        if _without_values(old) != _without_values(new):
            yield f"{old.id} is written anew"
            continue
        for name, parameter in old.params.items():
            if new.params[name].default != parameter.default:
                yield _changed(f"{old.id}.{name}", parameter.default, new.params[name].default)


def _grades(old: Policy, new: Policy) -> Iterator[str]:
    """Where a policy is graded lower than it was: ``p in non-production from error to note``."""
    named = [each.severity for each in (old, new) if isinstance(each.severity, dict)]
    for environment in dict.fromkeys((DEFAULT, *(name for each in named for name in each))):
        before, after = old.severity_in(environment), new.severity_in(environment)
        if _GRADES.index(after) < _GRADES.index(before):
            yield _changed(old.id if environment == DEFAULT else f"{old.id} in {environment}", before, after)


def _without_values(policy: Policy) -> Policy:
    """The policy but for what settings say of it."""
    params = {name: structs.replace(parameter, default=None) for name, parameter in policy.params.items()}
    return structs.replace(policy, severity="error", note_when={}, params=params)


def _waivers(before: OwnTerms, after: OwnTerms) -> Iterator[str]:
    old, new = before.settings.accepted(), after.settings.accepted()
    if old.max_days is not None and (new.max_days is None or new.max_days > old.max_days):
        yield f"waivers.max_days from {old.max_days} to {'any' if new.max_days is None else new.max_days}"
    known = set(map(_accepted, old.entries))
    for waiver in new.entries:
        if _accepted(waiver) not in known:
            yield f"a waiver of {waiver.policy} for {waiver.address} until {waiver.until.isoformat()}"


def _accepted(waiver: Struct) -> tuple[object, ...]:
    """What of a waiver decides what it accepts."""
    return tuple(value for name, value in structs.asdict(waiver).items() if name not in ("reason", "owner"))


def _baseline(before: OwnTerms, after: OwnTerms) -> Iterator[str]:
    """How many entries come, and how many allow more, the dearest of those that nothing else tells apart first."""
    old, new = (Counter(terms.baseline.findings) for terms in (before, after))
    gone: dict[KnownFinding, list[Decimal]] = defaultdict(list)
    for entry in sorted((old - new).elements(), key=_stake):
        gone[_key(entry)].append(_stake(entry))
    added = grown = 0
    for entry in sorted((new - old).elements(), key=_stake, reverse=True):
        allowed = gone[_key(entry)]
        if allowed:
            grown += _stake(entry) > allowed.pop()
        else:
            added += 1
    if added:
        yield f"the baseline takes up {added:,} more finding{'s' if added > 1 else ''}"
    if grown:
        yield f"the baseline allows {grown:,} finding{'s' if grown > 1 else ''} to cost more"
    tolerance = before.settings.baseline.tolerance_percent, after.settings.baseline.tolerance_percent
    if tolerance[1] > tolerance[0]:
        yield _changed("baseline.tolerance_percent", *tolerance)


def _key(entry: KnownFinding) -> KnownFinding:
    return structs.replace(entry, monthly_usd=None)


def _stake(entry: KnownFinding) -> Decimal:
    """The money of an entry; one that is unknown allows any."""
    try:
        return Decimal(entry.monthly_usd or 0)
    except InvalidOperation:
        return Decimal("Infinity")


def _prices(before: OwnTerms, after: OwnTerms) -> Iterator[str]:
    old, new = before.settings, after.settings
    if old.prices.max_age_days is not None and (
        new.prices.max_age_days is None or new.prices.max_age_days > old.prices.max_age_days
    ):
        yield _changed("prices.max_age_days", old.prices.max_age_days, new.prices.max_age_days)
    if (old.prices.tables is None) != (new.prices.tables is None):
        yield "other price tables count"
    if old.discounts != new.discounts:
        yield "discounts differ"


def _usage(before: OwnTerms, after: OwnTerms) -> Iterator[str]:
    if before.usage != after.usage:
        yield "the usage file differs"


def _evidence(before: OwnTerms, after: OwnTerms) -> Iterator[str]:
    """Evidence can raise a need, end a finding on size, and lower what is expected to be paid."""
    if before.evidence != after.evidence:
        yield (
            "the evidence differs"
            if before.evidence and after.evidence
            else ("it brings the evidence that counts" if after.evidence else "the evidence counts no more")
        )


def _changed(name: str, old: object, new: object) -> str:
    return f"{name} from {_shown(old)} to {_shown(new)}"


def _shown(value: object) -> str:
    if value is None:
        return "no limit"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(one)}" for key, one in value.items())
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
