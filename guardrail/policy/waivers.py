"""Accepted findings: who accepted what, why, and until when. A waiver never makes a finding disappear."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal

from msgspec import Struct, structs

from guardrail.errors import SettingsError, did_you_mean
from guardrail.model import Unknown
from guardrail.money import two_decimals
from guardrail.policy.base import NO_REASON, AppliedWaiver, Result
from guardrail.policy.pattern import Pattern, PatternError
from guardrail.policy.policy import Policy


class Waiver(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of ``waivers:`` in the settings file."""

    policy: str
    """Its id."""
    address: str
    """Of the block in the finding, or of its endpoint; ``*`` stands for any characters, ``?`` for one."""
    until: date
    """The last day on which it holds."""
    reason: str
    """Why, in words for reports."""
    owner: str | None = None
    """Whom to ask."""
    max_monthly_usd: Decimal | None = None
    """The finding comes back when more than this is at stake a month."""


class WaiverSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``waivers:`` where it says more than which: how long any of them may hold, those in the code included."""

    max_days: int | None = None
    """How many days from today a waiver may last; null for any."""
    entries: list[Waiver] = []
    """The accepted findings."""

    def __post_init__(self) -> None:
        """Raise ValueError for days below zero, which msgspec reports with its place."""
        if self.max_days is not None and not 0 <= self.max_days <= _LONGEST_DAYS:
            raise ValueError(f"max_days is {self.max_days}, and it is 0 to {_LONGEST_DAYS:,}")


_LONGEST_DAYS = 36_500


class Waived(Struct, frozen=True, kw_only=True):
    """The results with their waivers, and notices about expired and unused waivers."""

    results: list[Result]
    notices: list[str]
    unused: int = 0
    """How many of the waivers accept nothing; the notices that say so stand at the end."""


def apply(
    waivers: Sequence[Waiver],
    results: Iterable[Result],
    policies: Iterable[Policy],
    *,
    today: date,
    origin: str,
    max_days: int | None = None,
) -> Waived:
    """Mark the failures, and what is undecided, that a waiver accepts; ``origin`` is where the waivers are written.

    An expired waiver, one whose limit is exceeded and one of a policy that cannot be waived leave the finding as it is
    and say so, unless another one accepts it; so does one that holds for more than ``max_days``, and one that accepts
    nothing of a policy that was checked. Raises `SettingsError` for a waiver without a reason.
    """
    latest = None if max_days is None else today + timedelta(min(max_days, (date.max - today).days))
    checked = {policy.id for policy in policies}
    unwaivable = {policy.id for policy in policies if not policy.waivable}
    active = [_Active(waiver, origin) for waiver in waivers]
    notices: dict[str, None] = {}
    answer = [
        _waived(result, active, unwaivable, (today, latest), notices)
        if active and result.verdict in ("fail", "open")
        else result
        for result in results
    ]
    for one in active:
        if not one.used and one.waiver.policy in checked:
            notices[f"waiver of {one.waiver.policy} for {one.waiver.address} accepts nothing: remove it"] = None
    unused = sum(not one.used and one.waiver.policy in checked for one in active)
    return Waived(results=answer, notices=list(notices), unused=unused)


def check(waivers: Iterable[Waiver], known: Sequence[str]) -> None:
    """Raise `SettingsError` for a waiver of a policy that is not among the ``known`` ids."""
    for waiver in waivers:
        if waiver.policy not in known:
            raise SettingsError(f"waivers: there is no policy {waiver.policy}{did_you_mean(waiver.policy, known)}")


class _Active:
    """A waiver during one run."""

    __slots__ = ("applied", "pattern", "used", "waiver")

    def __init__(self, waiver: Waiver, origin: str) -> None:
        if waiver.reason.strip() in ("", NO_REASON):
            raise SettingsError(f"waivers: the waiver of {waiver.policy} for {waiver.address} gives no reason")
        self.waiver = waiver
        try:
            self.pattern = Pattern(_from_glob(waiver.address))
        except PatternError as error:
            raise SettingsError(f"waivers: the address of the waiver of {waiver.policy} is {error}") from error
        self.applied = AppliedWaiver(
            reason=waiver.reason, until=waiver.until.isoformat(), owner=waiver.owner, origin=origin
        )
        self.used = False

    def covers(self, result: Result) -> bool:
        return result.policy == self.waiver.policy and any(
            self.pattern.matches(address) for address in (result.address, result.endpoint) if address is not None
        )


def _waived(
    result: Result,
    active: Iterable[_Active],
    unwaivable: set[str],
    days: tuple[date, date | None],
    notices: dict[str, None],
) -> Result:
    covering = [one for one in active if one.covers(result)]
    obstacles: dict[str, None] = {}
    for one in covering:
        one.used = True
    for one in covering:
        obstacle = _obstacle(one.waiver, result, unwaivable, days)
        if obstacle is None:
            return structs.replace(result, verdict="waived", waiver=one.applied)
        obstacles[f"waiver of {result.policy} for {one.waiver.address} {obstacle}"] = None
    notices.update(obstacles)
    return result


def _obstacle(waiver: Waiver, result: Result, unwaivable: set[str], days: tuple[date, date | None]) -> str | None:
    """Why a waiver that covers a finding does not accept it; None where it does.

    ``days`` are today and the last day on which any waiver may end.
    """
    today, latest = days
    if result.policy in unwaivable:
        return "has no effect: the policy cannot be waived"
    if today > waiver.until:
        return f"expired on {waiver.until.isoformat()}: the finding is back"
    if latest is not None and waiver.until > latest:
        return f"has no effect: it holds beyond {latest.isoformat()}, the latest that waivers.max_days allows"
    return _too_dear(waiver.max_monthly_usd, result.saving_monthly)


def _too_dear(limit: Decimal | None, stake: Decimal | Unknown | None) -> str | None:
    """That more is at stake than a waiver accepts, or may be."""
    if limit is None or stake is None:
        return None
    if isinstance(stake, Unknown):
        return f"accepts up to {two_decimals(limit)} USD a month, and what is at stake is unknown: the finding is back"
    if stake > limit:
        return (
            f"accepts up to {two_decimals(limit)} USD a month, and {two_decimals(stake)} are at stake: "
            "the finding is back"
        )
    return None


def _from_glob(glob: str) -> str:
    """The pattern of a glob in which only ``*`` and ``?`` are special: addresses hold brackets and dots."""
    special = {"*": ".*", "?": "."}
    return "".join(special.get(c, c if c.isalnum() else f"\\{c}") for c in glob)
