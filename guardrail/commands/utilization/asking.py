"""What a collection is to look at, as the flags say it, checked before anything is asked."""

import re
from argparse import Namespace
from typing import Final

from msgspec import Struct

from guardrail.errors import GuardrailError
from guardrail.evidence.queries import HOUR_S, KEPT_DAYS, LONGEST_DAYS

_NAME: Final = re.compile(r"[a-zA-Z0-9-]{1,63}")
"""An endpoint, a variant (SageMaker API reference, CreateEndpoint)."""
_LONGEST_SHOWN: Final = 80


class CollectionRequest(Struct, frozen=True, kw_only=True):
    """One collection."""

    endpoints: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    """Empty for the one of the AWS configuration."""
    tags: tuple[tuple[str, str], ...] = ()
    profile: str | None = None
    role_arn: str | None = None
    days: int = 14
    said_resolution: int | None = None
    """Seconds; None where nobody said."""

    @property
    def resolution(self) -> int:
        """Seconds of one value that AWS is asked for."""
        return self.said_resolution or HOUR_S


def asked(arguments: Namespace) -> CollectionRequest:
    """What the flags ask for. Raises `GuardrailError` where CloudWatch does not keep that, or it would be too much."""
    resolution, days = arguments.resolution or HOUR_S, arguments.days
    for name in arguments.endpoints:
        if not all(map(_NAME.fullmatch, name.split("/", 1 if arguments.given else 0))):
            raise GuardrailError(
                f"{name[:_LONGEST_SHOWN]!r} is no name of an endpoint",
                hint="letters, digits and hyphens, 63 at most; with a CSV, ENDPOINT/VARIANT",
            )
    if days > LONGEST_DAYS[resolution]:
        raise GuardrailError(
            f"CloudWatch keeps values of {resolution:,} s for {KEPT_DAYS[resolution]} days",
            hint=f"--days {LONGEST_DAYS[resolution]}{'' if resolution == HOUR_S else ', or a longer --resolution'}",
        )
    is_chosen = arguments.endpoints or arguments.tag or arguments.given
    if resolution < HOUR_S and not is_chosen:
        raise GuardrailError(
            f"values of {resolution} s are for chosen endpoints, not for all of an account",
            hint=f"guardrail utilization ENDPOINT --resolution {resolution}",
        )
    return CollectionRequest(
        endpoints=tuple(dict.fromkeys(arguments.endpoints)),
        regions=tuple(dict.fromkeys(arguments.region or ())),
        tags=tuple(dict.fromkeys(arguments.tag or ())),
        profile=arguments.profile,
        role_arn=arguments.role_arn,
        days=days,
        said_resolution=arguments.resolution,
    )
