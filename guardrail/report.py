"""The report: all that reporters may see."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct

from guardrail.cost.base import Bill, Delta, HourPrice, Monthly, PlanUse
from guardrail.model import Coverage, Endpoint, Skipped, Unknown, Workflow
from guardrail.policy.base import Result, Rule

if TYPE_CHECKING:
    from guardrail.alternatives.base import Alternative, RuledOut


class Source(Struct, frozen=True, kw_only=True):
    """One input."""

    id: str
    """Unique in the report: the path, with a number behind it where a path is given twice."""
    path: str
    kind: str
    format_version: str | None
    has_before: bool
    complete: bool
    usage_file: str | None = None
    """What says how it is used; None where nothing does."""
    possibilities: tuple[str, ...] = ()
    """Every way in which what is undecided in it can be decided: ``Stage=dev``."""

    @property
    def shortfall(self) -> str:
        """A sentence about an incomplete input: a plan says so itself, of code it turns out."""
        if self.kind.startswith("terraform-"):
            return f"{self.path} says itself that it does not tell everything"
        return f"{self.path} does not tell everything that it makes"


class RegionPrices(Struct, frozen=True, kw_only=True):
    """Which rows of one region's table were used."""

    oldest: str | None
    """Date of the oldest row used; None where none was."""
    newest: str | None
    age_days: int | None
    """Days from the oldest to the day of the report; None where no row was used."""
    origin: str
    """"bundled", or the directory it was read from."""


ReportedPart: TypeAlias = Literal["endpoint", "variant", "component"]
Told: TypeAlias = str | int | float | Decimal | Unknown | None


class Difference(Struct, frozen=True, kw_only=True):
    """One thing that is not as it was: ``instance_type`` of variant main, ml.m5.large before and ml.m5.12xlarge after.

    A whole endpoint, variant or component that comes or goes is a difference of its own, called by its kind, with what
    it consists of as text: ``shadow_variant``, None before, ``2 × ml.c5.4xlarge`` after.
    """

    part: ReportedPart
    name: str | None
    """Of the variant or component; None for the endpoint itself, and where the name is not known."""
    what: str
    """The argument, in the API's names in snake case; ``tags.KEY`` for a tag."""
    before: Told
    """None where there was none."""
    after: Told


class EndpointReport(Struct, frozen=True, kw_only=True):
    """One endpoint, or one unattached configuration, before and after."""

    source: str
    endpoint: Endpoint
    """As it will be; as it was where it is deleted."""
    environment: str | Unknown
    before: Monthly | None
    cost: Bill | None
    """None where it is deleted."""
    delta: Delta | None = None
    """What the change adds to its bill; None where its source has no past."""
    previous: Endpoint | None = None
    """As it was; None where it was not, and where its source has no past."""
    previous_cost: Bill | None = None
    differences: tuple[Difference, ...] = ()
    """What the change does to it; none where its source has no past."""
    unchanged: bool = False
    """Its source has a past, and the change neither touches it nor alters its cost."""


class WorkflowReport(Struct, frozen=True, kw_only=True):
    """What starts transform jobs, before and after."""

    source: str
    workflow: Workflow
    """As it will be; as it was where it is deleted."""
    environment: str | Unknown
    previous: Workflow | None = None
    """As it was; None where it is new, or where nothing tells what was."""
    previous_runs: tuple[tuple[int, int | None], ...] = ()
    """Of each job that it had, what ``runs`` is of those it has."""
    runs: tuple[tuple[int, int | None], ...]
    """Of each job, how often it runs in one execution: at least, and at most, where that has an end."""
    reached: tuple[bool, ...]
    """Of each job, whether a way leads to it."""
    hours: tuple[HourPrice | None, ...] = ()
    """Of each job, what an hour of it costs; None without a price. None at all where it is deleted."""
    before: Monthly | None
    cost: Bill | None
    """None where it is deleted."""
    delta: Delta | None = None
    unchanged: bool = False


class SkippedReport(Struct, frozen=True, kw_only=True):
    """A skipped resource and the source it stands in."""

    source: str
    resource: Skipped


class Totals(Struct, frozen=True, kw_only=True):
    """The sums over every endpoint of every source."""

    before: Monthly | None
    """None where no source has a past."""
    after: Monthly
    delta: Delta | None
    unchanged: Monthly | None = None
    """The part of `after` that is of endpoints the change leaves alone; None where there are none."""


class PossibilityReport(Struct, frozen=True, kw_only=True):
    """What one source costs where what is undecided in it is decided one way."""

    source: str
    given: str
    """How it is decided: ``Stage=dev``."""
    totals: Totals


def group_id(values: Mapping[str, str]) -> str:
    """The id of a group of endpoints: ``environment=production, tag:Team=search``."""
    return ", ".join(f"{key}={value}" for key, value in sorted(values.items()))


class GroupReport(Struct, frozen=True, kw_only=True, rename={"values": "by"}):
    """What the endpoints and transform jobs cost that have something in common."""

    values: dict[str, str | Unknown | None]
    """By key, as ``tag:Team``, ``environment`` or ``region``; None where they have no such tag."""
    endpoints: int
    """How many there are after the change."""
    workflows: int
    """How many start transform jobs after the change."""
    totals: Totals

    @property
    def id(self) -> str:
        """What a budget calls it; empty where not all is known that it has in common, on which there is no budget."""
        known = {key: value for key, value in self.values.items() if isinstance(value, str)}
        return group_id(known) if len(known) == len(self.values) else ""


class PlanReport(Struct, frozen=True, kw_only=True):
    """What a change does with a Savings Plan."""

    commitment_usd_per_hour: Decimal
    available_usd_per_hour: Decimal
    """What other stacks leave of it."""
    before: PlanUse | None
    """None where no source has a past."""
    after: PlanUse
    margin: Delta | None
    """What the change adds to what is paid a month, the commitment being paid already; None where there is no past."""


class DiscountReport(Struct, frozen=True, kw_only=True):
    """The same bill with the discounts of the settings. Usage that a plan covers counts at the rates of the plan."""

    before: Monthly | None
    after: Monthly
    delta: Delta | None
    endpoints: dict[tuple[str, str], Monthly]
    """After the change, by source and address."""
    plan: PlanReport | None
    budgets: Literal["list", "discounted"]
    """Which total budgets were held against."""
    notes: tuple[str, ...]
    """Which discounts applied, and what could not be told."""


BudgetState: TypeAlias = Literal["holds", "broken", "open"]


class BudgetReport(Struct, frozen=True, kw_only=True):
    """A limit on the bill, or on what the change adds to it, and how that turns out."""

    limit: str
    """The setting that it is: max_expected_usd."""
    usd: Decimal
    amount: Decimal | Unknown
    """What it is held against; Unknown, with the bounds that are known, where something is missing or undecided."""
    state: BudgetState
    """Open where what is missing or undecided decides."""
    origin: str
    """Where it is set: the settings file, or a flag."""
    group: str = ""
    """The endpoints that it is on: ``tag:Team=search``; empty where it is on everything."""
    depends_on_usage: bool = False
    """Whether it holds as far as is known, and what usage adds is in no amount: ``+ usage``."""


class BilledEndpoint(Struct, frozen=True, kw_only=True):
    """What was billed of one endpoint."""

    source: str
    address: str
    usd: Decimal
    """Amortized, and net of discounts where the export knows; in the currency of the bill."""


class BilledReport(Struct, frozen=True, kw_only=True):
    """What a month before billed, beside the estimate."""

    month: str
    """``2026-09``."""
    until: str | None = None
    """The day that the bill ends on, where that is before the month does; None where it has all of it."""
    currency: str
    endpoints: tuple[BilledEndpoint, ...]
    unattributed: Decimal = Decimal(0)
    """Of usage types that the code has, on lines that name none of its endpoints: of transform jobs, whose names are
    made as they start, and all of it where the bill names no resources."""
    in_no_code: Decimal
    """What the bill has of inference that no endpoint here is paired with."""


class Instead(Struct, frozen=True, kw_only=True):
    """What could run in place of one variant, or of one transform job."""

    source: str
    address: str
    """Of its endpoint, or of what starts the job."""
    part: str
    """The variant or the job, as the bill calls it."""
    alternatives: "tuple[Alternative, ...]"
    """By money."""
    not_offered: "tuple[RuledOut, ...]" = ()


class AlternativesReport(Struct, frozen=True, kw_only=True):
    """What could run instead of all that is there."""

    parts: tuple[Instead, ...]
    """In the order of the endpoints and workflows; those without any alternative among them."""
    together: "dict[str, tuple[Alternative, ...]]"
    """Endpoints of one source put together, by source."""


class Summary(Struct, frozen=True, kw_only=True):
    """Counts of results. Failures are counted by severity; `existing` of them were there before."""

    error: int
    warning: int
    note: int
    open: int
    waived: int
    passed: int
    existing: int


class Report(Struct, frozen=True, kw_only=True):
    """The whole answer. Every tuple is sorted: the same input gives the same bytes."""

    today: str
    """The day that verdicts and ages rest on: ``2026-11-22``."""
    settings_file: str | None
    usage_file: str | None
    evidence_file: str | None = None
    """The bundle of what was observed; None where there is none."""
    """That of every source; None where there is none, and where sources have one each."""
    sources: tuple[Source, ...]
    prices: dict[str, RegionPrices]
    totals: Totals
    subtotals: dict[str, Totals] = {}
    """What each source costs, before and after the change, by its id; empty where there is one."""
    possibilities: tuple[PossibilityReport, ...] = ()
    """Every possibility of each source in which something is undecided, in the order of its own `possibilities`."""
    groups: tuple[GroupReport, ...] = ()
    """The dearest first; empty where nobody asked for any."""
    discounts: DiscountReport | None = None
    """None where the settings have no discounts."""
    endpoints: tuple[EndpointReport, ...]
    """By source and address."""
    unattached: tuple[EndpointReport, ...]
    workflows: tuple[WorkflowReport, ...] = ()
    """What starts transform jobs, by source and address."""
    results: tuple[Result, ...]
    """By severity, then the money at stake, then policy and address."""
    rules: tuple[Rule, ...] = ()
    """The policies that were checked, by id."""
    skipped: tuple[SkippedReport, ...]
    coverage: Coverage
    budgets: tuple[BudgetReport, ...] = ()
    """Broken ones first."""
    billed: BilledReport | None = None
    """None where no bill is given."""
    alternatives: AlternativesReport | None = None
    """None where nobody asks for any."""
    baseline_file: str | None = None
    """Whose findings are existing ones."""
    max_waiver_days: int | None = None
    """How long the settings let a waiver hold; None where they do not say."""
    notices: tuple[str, ...]
    own_terms: tuple[str, ...] = ()
    """What the change does to the terms that it is judged by, a phrase each."""
    summary: Summary
    fail_on: Literal["error", "warning", "note", "never"]
    all_findings: bool = False
    """Whether failures that were there before the change fail as well."""
    strict: bool
    unread: tuple[str, ...] = ()
    """Files that should have been read and could not be, a sentence each: there is no answer, only what remains."""
    distrust: tuple[str, ...]
    """What makes the answer untrustworthy under --strict, a sentence each."""
    exit_code: int
