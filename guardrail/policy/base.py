"""The words of a verdict."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct

from guardrail.expressions import expression
from guardrail.model import Location, Unknown

_INDEX = expression(r'\[(?:"(?:[^"\\]|\\.)*"|\d+)\]')

Severity: TypeAlias = Literal["note", "warning", "error"]
FailOn: TypeAlias = Literal["error", "warning", "note", "never"]
Verdict: TypeAlias = Literal["pass", "fail", "open", "waived"]
FindingStatus: TypeAlias = Literal["new", "existing"]
SavingBasis: TypeAlias = Literal["upper-bound", "with-usage", "exact"]
"""How sure a saving is: the most that there can be, what usage lets expect, that much."""
FindingPart: TypeAlias = tuple[Literal["endpoint", "variant", "component", "transform_job", "stack"], int]
"""What of an endpoint a result is about: ``("variant", 1)`` is its second variant, or the target that scales it."""

RANKS: dict[Severity, int] = {"error": 0, "warning": 1, "note": 2}
"""The gravest first."""


class Remediation(Struct, frozen=True, kw_only=True):
    """What to change, in both languages."""

    terraform: str
    """The lines to paste into Terraform."""
    cloudformation: str
    """The lines to paste into a template."""


NO_REMEDIATION = Remediation(terraform="", cloudformation="")
"""Of what is no violation."""


class Rule(Struct, frozen=True, kw_only=True):
    """A policy that was checked, as reports describe it beside its results."""

    id: str
    title: str
    """What good looks like, as one sentence without its period."""
    severity: Severity
    """As the settings have it."""
    topic: str
    """The folder it lies in; empty where it lies in none."""
    remediation: Remediation
    help_uri: str
    references: tuple[str, ...] = ()
    waivable: bool = True
    """Whether its findings can be accepted at all."""


NO_REASON = "<why>"
"""What a waiver that is ready to be pasted has for a reason: somebody has to give one."""


class AppliedWaiver(Struct, frozen=True, kw_only=True):
    """The waiver that accepted a finding."""

    reason: str
    until: str
    owner: str | None
    origin: str
    """Where it is written: the settings file, or a place in the source."""

    @property
    def terms(self) -> str:
        """``until 2027-01-31 by ada: load test``."""
        return f"until {self.until}{f' by {self.owner}' if self.owner else ''}: {self.reason}"


class Result(Struct, frozen=True, kw_only=True):
    """What one policy says of one subject."""

    source: str
    """Id of the source."""
    policy: str
    severity: Severity
    verdict: Verdict
    status: FindingStatus | None
    """None for a pass."""
    address: str
    """The block to change: the scaling target where there is one and it is at fault, else configuration or endpoint."""
    endpoint: str | None
    """Address of the endpoint it belongs to; None for the stack."""
    variant: str | None
    """Its name; None where there is none, or it is not known."""
    part: FindingPart = ("endpoint", 0)
    identity: str = ""
    """What its endpoint is known by from one run to the next: its name and region, else its address."""
    previous_identities: tuple[str, ...] = ()
    """What its endpoint was known by before its block was moved, the latest first."""
    message: str
    """One or two sentences, in which nothing sensitive appears."""
    headline: str = ""
    """What is wrong in a few words that follow the endpoint's name: ``keeps one instance while its queue is empty``."""
    detail: str = ""
    """What stands below the headline: which limits are broken and by how much."""
    working: str = ""
    """How the saving is worked out: ``670 h × 0.736``; empty where it rests on sensitive values."""
    reason: str | None
    """For an open result, what could not be known."""
    saving_monthly: Decimal | Unknown | None
    """USD; None where no money is at stake or only usage decides, Unknown where a price or a number is missing."""
    saving_basis: str | None
    """"upper-bound" where it is the most that can be saved, "with-usage" where it is what can be expected with the
    usage that is given, "exact" where it is that much."""
    fix: Remediation | None = None
    """What to change, in one to three lines; None for what is no violation, and where its policy has none."""
    remediation: Remediation
    """The lines to paste; none for a pass."""
    notes: tuple[str, ...] = ()
    """What to know beside it: before a fix is followed, or of a pass."""
    help_uri: str
    location: Location | None
    fails_in: tuple[str, ...] = ()
    """The possibilities of its source in which it fails, for an open result that fails in some of them."""
    waiver: AppliedWaiver | None = None
    construct_path: str | None = None
    """The path of the CDK construct that made the block to change; None where none did."""


class Undecided(Struct, frozen=True):
    """Policies that one thing keeps open, on one block or on instances of it."""

    results: tuple[Result, ...]
    """In their own order, so the gravest comes first."""

    @property
    def severity(self) -> Severity:
        """The gravest of them."""
        return self.results[0].severity

    @property
    def reason(self) -> str:
        """What could not be known."""
        return _why_open(self.results[0])

    @property
    def policies(self) -> tuple[str, ...]:
        """Their ids, each once."""
        return tuple(dict.fromkeys(result.policy for result in self.results))

    @property
    def addresses(self) -> tuple[str, ...]:
        """The blocks, each once."""
        return tuple(dict.fromkeys(result.address for result in self.results))

    @property
    def block(self) -> str:
        """The address, without indexes where it stands for several instances."""
        return self.addresses[0] if len(self.addresses) == 1 else without_indexes(self.addresses[0])


def undecided(results: Iterable[Result]) -> list[Undecided]:
    """The undecided ones of ``results``, once for each block of a source and each reason."""
    groups: dict[tuple[str, str, str], list[Result]] = {}
    for result in results:
        if result.verdict == "open":
            key = result.source, without_indexes(result.address), _why_open(result)
            groups.setdefault(key, []).append(result)
    return [Undecided(tuple(group)) for group in groups.values()]


def _why_open(result: Result) -> str:
    return result.reason or result.message


def without_indexes(address: str) -> str:
    """The block that an address is an instance of: ``module.a["x"].t.n[0]`` is ``module.a.t.n``."""
    return _INDEX.sub("", address) if "[" in address else address


def indexes(address: str) -> str:
    """What `without_indexes` leaves out: ``["x"][0]`` of ``module.a["x"].t.n[0]``."""
    return "".join(_INDEX.findall(address)) if "[" in address else ""
