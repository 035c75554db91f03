"""A JSON report, read again: what `guardrail.reporters.json` wrote in one job, for a comment that another one writes.

Between the two it was an artefact, which may be anybody's. So its shape is checked as strictly as the published schema
has it, numbers that nobody can calculate with are refused, and every text in it stays hostile: reporters treat it as
they treat a plan. Of a variant only what a comment tells is read; source code is not in a report, so no diff is shown.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import MAXYEAR, date
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, structs

from guardrail import files, limits
from guardrail.alternatives.base import Alternative, RuledOut
from guardrail.cost.base import Bill, ChargeKind, CostComponent, Delta, HourPrice, Monthly, MonthlyQuantity
from guardrail.errors import GuardrailError
from guardrail.model import (
    Change,
    Coverage,
    Deployed,
    Endpoint,
    Flow,
    InferenceComponent,
    InstanceVariant,
    Location,
    Mode,
    ServerlessVariant,
    Skipped,
    TransformJob,
    Unknown,
    Variant,
    Workflow,
)
from guardrail.money import ZERO
from guardrail.policy.base import NO_REMEDIATION, Result, Rule, Severity
from guardrail.prices.base import Basis, Price
from guardrail.report import (
    AlternativesReport,
    BilledReport,
    BudgetReport,
    BudgetState,
    Difference,
    DiscountReport,
    EndpointReport,
    GroupReport,
    Instead,
    PlanReport,
    PossibilityReport,
    RegionPrices,
    Report,
    ReportedPart,
    SkippedReport,
    Source,
    Summary,
    Told,
    Totals,
    WorkflowReport,
)
from guardrail.reporters.base import DEFAULT

_VERSION = re.compile(r"1\.\d+")
_HINT = "guardrail check PATH --format json=report.json"
_MOST_DAYS = 36_500
_LONGEST_NAME = 100
"""Characters of a name that an error repeats."""


class ReportFile(Struct, frozen=True, kw_only=True):
    """A report, and what its file says of the run that wrote it."""

    report: Report
    directory: str
    """Where its paths start, relative to the root of the repository; empty where they are the same."""
    tag: str
    """Tells its check from others of one pull request."""
    fixable: frozenset[str] = frozenset()
    """The ids of findings that it says there is an edit for."""


def read(path: str, pages: Mapping[str, str]) -> ReportFile:
    """The report in the file at ``path``, - for standard input.

    Raises `GuardrailError` where it cannot be read, or is no such report. For ``pages`` see `decoded`.
    """
    try:
        content = files.stream(path) if path == "-" else files.named(path)
    except OSError as error:
        raise GuardrailError(f"{path} cannot be read: {error.strerror or error}", hint=_HINT) from error
    return decoded(content, path, pages)


def decoded(content: bytes, name: str, pages: Mapping[str, str]) -> ReportFile:
    """The report that ``content`` is; ``name`` is what errors call it. Raises `GuardrailError`.

    ``pages`` are where policies are documented, by id; a report may not say so, for it would be followed.

    Of ``json.render(report)`` it is a report of which a comment says the same, but for diffs.
    """
    try:
        version = msgspec.json.decode(content, type=_Version).schema_version
        if not _VERSION.fullmatch(version):
            raise GuardrailError(f"{name} is a report of version {version[:20]!r}", hint="this guardrail reads 1.x")
        document = msgspec.json.decode(content, type=_Document)
        limits.refuse_uncountable(document)
        document.refuse_contradictions()
        found = msgspec.json.decode(content, type=_Edits).results
        return ReportFile(
            report=document.report(pages),
            directory=document.directory,
            tag=document.tag,
            fixable=frozenset(each.id for each in found if each.has_edit),
        )
    except (*limits.NOT_JSON, ValueError) as error:
        raise GuardrailError(f"{name} is no JSON report of guardrail: {error}", hint=_HINT) from error


class _Version(Struct, frozen=True):
    schema_version: str


class _Edit(Struct, frozen=True):
    """A result, as far as it says whether there is an edit."""

    id: str = ""
    has_edit: bool = False


class _Edits(Struct, frozen=True):
    results: tuple[_Edit, ...]


class _Difference(Struct, frozen=True, kw_only=True):
    part: ReportedPart
    name: str | None
    what: str
    before: str | int | float | bool | Unknown | None
    after: str | int | float | bool | Unknown | None

    def difference(self) -> Difference:
        before, after = _told(self.what, self.before), _told(self.what, self.after)
        return Difference(part=self.part, name=self.name, what=self.what, before=before, after=after)


def _told(what: str, side: Told) -> Told:
    """Hours are the one number that is written as text."""
    return limits.number(side) if what == "monthly_hours" and isinstance(side, str) else side


class _Component(Struct, frozen=True, kw_only=True):
    kind: ChargeKind
    usage_type: str | None
    unit: str
    unit_price: Decimal | None
    basis: Basis | None
    confidence: Literal["high", "medium", "low"] | None = None
    rule: str | None = None
    suspect: str | None = None
    price_date: str | None = None
    price_source: str | None = None
    quantity: MonthlyQuantity | None = None
    count: MonthlyQuantity | None = None
    size: Decimal | None = None
    detail: str = ""
    monthly: MonthlyQuantity | None = None
    reason: str | None = None
    estimated: bool = False
    default_size: bool = False
    depends_on_usage: bool = False
    assumed: bool = False
    redacted: bool = False
    origins: dict[str, str] = {}

    def component(self) -> CostComponent:
        same = {name: getattr(self, name) for name in CostComponent.__struct_fields__ if name in self.__struct_fields__}
        return CostComponent(**same, price=self._price())

    def _price(self) -> Price | None:
        if self.unit_price is None or self.basis is None:
            return None
        return Price(
            usage_type=self.usage_type or "",
            unit=self.unit,
            usd=self.unit_price,
            basis=self.basis,
            confidence=self.confidence,
            rule=self.rule,
            suspect=self.suspect,
            date=self.price_date or "",
            source=self.price_source or "",
        )


class _Variant(Struct, frozen=True, kw_only=True):
    name: str | Unknown
    shadow: bool
    kind: str
    instance_type: str | Unknown | None
    initial_instance_count: int | Unknown | None
    memory_mib: int | Unknown | None
    max_concurrency: int | Unknown | None
    components: tuple[_Component, ...]
    monthly: Monthly

    def variant(self) -> Variant:
        absent = Unknown("not in the report")
        if self.kind == "serverless":
            return ServerlessVariant(
                name=self.name,
                shadow=self.shadow,
                memory_mib=absent if self.memory_mib is None else self.memory_mib,
                max_concurrency=absent if self.max_concurrency is None else self.max_concurrency,
                provisioned_concurrency=None,
            )
        count = self.initial_instance_count
        return InstanceVariant(
            name=self.name,
            shadow=self.shadow,
            instance_type=self.instance_type,
            initial_instance_count=absent if count is None else count,
        )

    def bill(self, position: int) -> Bill:
        label = self.name if isinstance(self.name, str) else f"#{position}"
        return Bill(kind="variant", label=label, lines=_lines(self.components), monthly=self.monthly)


class _PreviousVariant(Struct, frozen=True, kw_only=True):
    label: str
    components: tuple[_Component, ...]


class _Previous(Struct, frozen=True, kw_only=True):
    components: tuple[_Component, ...]
    variants: tuple[_PreviousVariant, ...]

    def bill(self, address: str, monthly: Monthly) -> Bill:
        children = (
            Bill(kind="variant", label=each.label, lines=_lines(each.components), monthly=_NOTHING)
            for each in self.variants
        )
        return Bill(
            kind="endpoint",
            label=address,
            lines=_lines(self.components),
            children=tuple(children),
            monthly=monthly,
        )


class _Hosted(Struct, frozen=True, kw_only=True):
    address: str
    name: str | Unknown
    variant: str | Unknown | None
    copies: int | Unknown | None

    def component(self) -> InferenceComponent:
        return InferenceComponent(address=self.address, name=self.name, variant_name=self.variant, copies=self.copies)


class _Endpoint(Struct, frozen=True, kw_only=True):
    source: str
    address: str
    name: str | Unknown
    region: str | Unknown
    environment: str | Unknown
    mode: Mode | Unknown
    change: Change
    touched: bool
    deployed: Deployed
    configuration_address: str | None
    unchanged: bool = False
    detailed_observability: bool | Unknown = False
    before: Monthly | None
    previous: _Previous | None = None
    monthly: Monthly | None
    delta: Delta | None
    differences: tuple[_Difference, ...]
    components: tuple[_Component, ...]
    inference_components: tuple[_Hosted, ...]
    inference_components_unknown: str | None
    variants: tuple[_Variant, ...]
    variants_unknown: str | None
    location: Location | None

    def report(self) -> EndpointReport:
        previous = self.previous.bill(self.address, self.before) if self.previous and self.before else None
        return EndpointReport(
            source=self.source,
            endpoint=self._endpoint(),
            environment=self.environment,
            before=self.before,
            cost=self._bill(self.monthly) if self.monthly else None,
            delta=self.delta,
            previous_cost=previous,
            differences=tuple(each.difference() for each in self.differences),
            unchanged=self.unchanged,
        )

    def _endpoint(self) -> Endpoint:
        unlisted = self.inference_components_unknown
        return Endpoint(
            address=self.address,
            name=self.name,
            region=self.region,
            mode=self.mode,
            variants=Unknown(self.variants_unknown)
            if self.variants_unknown
            else tuple(each.variant() for each in self.variants),
            configuration_address=self.configuration_address,
            change=self.change,
            touched=self.touched,
            deployed=self.deployed,
            inference_components=Unknown(unlisted)
            if unlisted
            else tuple(each.component() for each in self.inference_components),
            detailed_observability=self.detailed_observability,
            location=self.location,
        )

    def _bill(self, monthly: Monthly) -> Bill:
        children = () if self.variants_unknown else tuple(each.bill(at) for at, each in enumerate(self.variants, 1))
        return Bill(
            kind="endpoint",
            label=self.address,
            region=self.region,
            lines=_lines(self.components),
            children=children,
            monthly=monthly,
        )


def _lines(components: tuple[_Component, ...]) -> tuple[CostComponent, ...]:
    return tuple(each.component() for each in components)


_NOTHING = Monthly(floor=ZERO, expected=ZERO, ceiling=ZERO)


class _Runs(Struct, frozen=True, kw_only=True):
    least: int
    most: int | None


class _HourPrice(Struct, frozen=True, kw_only=True):
    least: Decimal
    most: Decimal | None

    def price(self) -> HourPrice:
        return HourPrice(self.least, self.least if self.most is None else self.most, self.most is None)


class _Size(Struct, frozen=True, kw_only=True):
    label: str
    instance_types: tuple[str | Unknown, ...]
    instance_count: int | Unknown
    has_fixed_name: bool
    per_execution: _Runs

    def job(self) -> TransformJob:
        return TransformJob(
            label=self.label,
            name=None,
            model_name=None,
            instance_types=self.instance_types,
            instance_count=self.instance_count,
            has_fixed_name=self.has_fixed_name,
        )


def _runs(jobs: Iterable[_Size]) -> tuple[tuple[int, int | None], ...]:
    return tuple((each.per_execution.least, each.per_execution.most) for each in jobs)


class _Job(_Size, frozen=True, kw_only=True):
    name: str | Unknown | None = None
    waits: bool | None = None
    reached: bool = True
    attempts: int | None
    run_hours: Decimal | None
    hour_usd: _HourPrice | None
    monthly: Monthly | None
    lines: tuple[_Component, ...]

    def job(self) -> TransformJob:
        return structs.replace(
            super().job(), name=self.name, waits=self.waits, attempts=self.attempts, run_hours=self.run_hours
        )

    def bill(self) -> Bill:
        return Bill(kind="transform job", label=self.label, lines=_lines(self.lines), monthly=self.monthly or _NOTHING)


class _WorkflowBefore(Struct, frozen=True, kw_only=True):
    once: bool
    monthly_runs: Decimal | Unknown | None
    most_monthly_runs: Decimal | Unknown | None = None
    jobs: tuple[_Size, ...]


class _Workflow(Struct, frozen=True, kw_only=True):
    source: str
    address: str
    type: str
    name: str | Unknown
    region: str | Unknown
    environment: str | Unknown
    deployed: Deployed
    change: Change
    unchanged: bool
    once: bool
    monthly_runs: Decimal | Unknown | None
    most_monthly_runs: Decimal | Unknown | None = None
    year: str | None
    jobs: tuple[_Job, ...]
    previous: _WorkflowBefore | None = None
    before: Monthly | None
    after: Monthly | None
    delta: Delta | None

    def report(self) -> WorkflowReport:
        workflow = Workflow(
            address=self.address,
            type=self.type,
            name=self.name,
            region=self.region,
            jobs=tuple(each.job() for each in self.jobs),
            flow=Flow(),
            once=self.once,
            monthly_runs=self.monthly_runs,
            most_monthly_runs=self.most_monthly_runs,
            year=self.year or "",
            deployed=self.deployed,
            change=self.change,
        )
        past = self.previous
        return WorkflowReport(
            source=self.source,
            workflow=workflow,
            environment=self.environment,
            previous=None
            if past is None
            else structs.replace(
                workflow,
                once=past.once,
                monthly_runs=past.monthly_runs,
                most_monthly_runs=past.most_monthly_runs,
                jobs=tuple(each.job() for each in past.jobs),
            ),
            previous_runs=_runs(past.jobs) if past else (),
            runs=_runs(self.jobs),
            reached=tuple(each.reached for each in self.jobs),
            hours=tuple(each.hour_usd.price() if each.hour_usd else None for each in self.jobs) if self.after else (),
            before=self.before,
            cost=self._bill(self.after) if self.after else None,
            delta=self.delta,
            unchanged=self.unchanged,
        )

    def _bill(self, monthly: Monthly) -> Bill:
        children = tuple(each.bill() for each in self.jobs)
        return Bill(
            kind="workflow", label=self.address, region=self.region, lines=(), children=children, monthly=monthly
        )


class _Budget(Struct, frozen=True, kw_only=True):
    limit: str
    usd: Decimal
    amount: Decimal | Unknown
    state: BudgetState
    origin: str
    group: str | None
    depends_on_usage: bool = False


class _Discounted(Struct, frozen=True, kw_only=True):
    source: str
    address: str
    monthly: Monthly


class _Discounts(Struct, frozen=True, kw_only=True):
    budgets: Literal["list", "discounted"]
    before: Monthly | None
    after: Monthly
    delta: Delta | None
    endpoints: tuple[_Discounted, ...]
    savings_plan: PlanReport | None
    notes: tuple[str, ...]

    def report(self) -> DiscountReport:
        return DiscountReport(
            before=self.before,
            after=self.after,
            delta=self.delta,
            endpoints={(each.source, each.address): each.monthly for each in self.endpoints},
            plan=self.savings_plan,
            budgets=self.budgets,
            notes=self.notes,
        )


class _Instead(Struct, frozen=True, kw_only=True):
    source: str
    address: str
    part: str
    alternatives: tuple[Alternative, ...]
    not_offered: tuple[RuledOut, ...] = ()


class _Shared(Alternative, frozen=True, kw_only=True):
    source: str


class _Alternatives(Struct, frozen=True, kw_only=True):
    parts: tuple[_Instead, ...]
    together: tuple[_Shared, ...] = ()

    def report(self) -> AlternativesReport:
        together: dict[str, tuple[Alternative, ...]] = {}
        for each in self.together:
            one = Alternative(**{name: getattr(each, name) for name in Alternative.__struct_fields__})
            together[each.source] = (*together.get(each.source, ()), one)
        parts = tuple(Instead(**structs.asdict(each)) for each in self.parts)
        return AlternativesReport(parts=parts, together=together)


class _Skipped(Struct, frozen=True, kw_only=True):
    source: str
    address: str
    type: str
    reason: str
    affects_total: bool = True

    def report(self) -> SkippedReport:
        resource = Skipped(address=self.address, type=self.type, reason=self.reason, affects_total=self.affects_total)
        return SkippedReport(source=self.source, resource=resource)


class _Policy(Struct, frozen=True, kw_only=True):
    id: str
    title: str
    severity: Severity
    topic: str
    waivable: bool = True

    def rule(self) -> Rule:
        return Rule(
            id=self.id,
            title=self.title,
            severity=self.severity,
            topic=self.topic,
            remediation=NO_REMEDIATION,
            help_uri="",
            waivable=self.waivable,
        )


class _Prices(Struct, frozen=True):
    regions: dict[str, RegionPrices]


class _Document(Struct, frozen=True, kw_only=True):
    today: date
    directory: str = ""
    tag: str = DEFAULT.tag
    settings_file: str | None
    usage_file: str | None
    evidence_file: str | None = None
    baseline_file: str | None
    max_waiver_days: Annotated[int, Meta(ge=0, le=_MOST_DAYS)] | None = None
    sources: tuple[Source, ...]
    prices: _Prices
    totals: Totals
    subtotals: dict[str, Totals] = {}
    possibilities: tuple[PossibilityReport, ...] = ()
    groups: tuple[GroupReport, ...] = ()
    discounts: _Discounts | None = None
    endpoints: tuple[_Endpoint, ...]
    unattached: tuple[_Endpoint, ...]
    workflows: tuple[_Workflow, ...] = ()
    results: tuple[Result, ...]
    skipped: tuple[_Skipped, ...]
    coverage: Coverage
    budgets: tuple[_Budget, ...] = ()
    billed: BilledReport | None = None
    alternatives: _Alternatives | None = None
    notices: tuple[str, ...]
    own_terms: tuple[str, ...] = ()
    policies: tuple[_Policy, ...] = ()
    summary: Summary
    fail_on: Literal["error", "warning", "note", "never"]
    all_findings: bool = False
    strict: bool
    unread: tuple[str, ...] = ()
    distrust: tuple[str, ...]
    exit_code: int

    def refuse_contradictions(self) -> None:
        """Raise ValueError where it is of a day that cannot be, or says something of an input that it does not list."""
        if self.today.year == MAXYEAR:
            raise ValueError(f"{self.today} is no day that it was written on")
        known = {source.id for source in self.sources}
        named = {
            *self.subtotals,
            *(each.source for each in (*self.endpoints, *self.unattached)),
            *(each.source for each in self.workflows),
            *(each.source for each in self.skipped),
            *(each.source for each in self.possibilities),
            *(each.source for each in (self.alternatives.parts if self.alternatives else ())),
            *(each.source for each in (self.alternatives.together if self.alternatives else ())),
            *(each.source for each in self.results if each.source or not known),
        }
        if named - known:
            raise ValueError(f"it does not list the input {min(named - known)[:_LONGEST_NAME]!r}")

    def report(self, pages: Mapping[str, str]) -> Report:
        made: dict[str, Any] = {
            "today": self.today.isoformat(),
            "results": tuple(structs.replace(each, help_uri=pages.get(each.policy, "")) for each in self.results),
            "prices": self.prices.regions,
            "discounts": self.discounts.report() if self.discounts else None,
            "alternatives": self.alternatives.report() if self.alternatives else None,
            "endpoints": tuple(each.report() for each in self.endpoints),
            "unattached": tuple(each.report() for each in self.unattached),
            "workflows": tuple(each.report() for each in self.workflows),
            "skipped": tuple(each.report() for each in self.skipped),
            "budgets": tuple(
                BudgetReport(**structs.asdict(each) | {"group": each.group or ""}) for each in self.budgets
            ),
            "rules": tuple(each.rule() for each in self.policies),
        }
        same = {name: getattr(self, name) for name in Report.__struct_fields__ if name in self.__struct_fields__}
        return Report(**same | made)
