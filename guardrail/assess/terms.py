"""What settings and flags say of how to judge."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from guardrail.cost.discount_settings import Discounts, PlanRate, no_plan_rate
from guardrail.money import MONTH, Period
from guardrail.policy.base import FailOn
from guardrail.policy.environment import Environments
from guardrail.policy.waivers import Waiver
from guardrail.report import group_id

if TYPE_CHECKING:
    from guardrail.policy.observation import Evidence


class GroupLimits(Struct, frozen=True, kw_only=True):
    """Limits on what the endpoints cost that have something in common."""

    where: Mapping[str, str]
    """What each of them has under a key: ``{"tag:Team": "search"}``."""
    budgets: Mapping[str, Decimal | None]

    @property
    def name(self) -> str:
        """``tag:Team=search, environment=production``."""
        return group_id(self.where)


class Terms(Struct, frozen=True, kw_only=True):
    """What settings and flags say of how to judge."""

    environments: Environments
    period: Period = MONTH
    """What amounts and limits are for."""
    budgets: Mapping[str, Decimal | None] = {}
    """Limits in USD a month by parameter of the budget policies; None where there is no limit."""
    budget_origins: Mapping[str, str] = {}
    """Where a limit is set, for those that the settings file does not set: --budget."""
    group_limits: Sequence[GroupLimits] = ()
    group_by: Sequence[str] = ()
    """The keys that subtotals are for; empty for none."""
    waivers: Sequence[Waiver] = ()
    max_waiver_days: int | None = None
    """How many days ahead a waiver may hold; None for any."""
    unchecked_policies: frozenset[str] = frozenset()
    """Ids of policies that there are and that this run leaves out."""
    inline_waivers: bool = True
    """Whether what is written in the code itself may accept findings."""
    fail_on: FailOn = "error"
    """The least severity whose failures violate; "never" covers budgets too."""
    strict: bool = False
    """Whether an answer that cannot be trusted is none."""
    discounts: Discounts = Discounts()
    """What the account pays less than the list prices."""
    plan_rate: PlanRate = no_plan_rate
    """What AWS lists for the Savings Plan among them."""
    max_price_age_days: int | None = None
    """Age of a price in days beyond which the answer is not trusted; None for any."""
    all_findings: bool = False
    """Whether what was wrong before the change counts as well."""
    evidence: "Evidence | None" = None
    """What was observed of endpoints that run; None where nobody has looked."""
    settings_file: str | None = None
    usage_file: str | None = None
