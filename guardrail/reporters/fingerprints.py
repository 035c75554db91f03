"""What makes a finding the same finding in the next run, whatever became of its numbers and of the lines around it."""

from collections import defaultdict

from guardrail.digest import sha256
from guardrail.model import InferenceComponent, Unknown, Variant
from guardrail.policy.base import Result
from guardrail.report import EndpointReport, Report

_ONLY = ":1"
"""Code scanning reads a hash and a counter; each hash is there once."""


class Fingerprints:
    """Fingerprints of the findings of one report."""

    def __init__(self, report: Report) -> None:
        items = (*report.endpoints, *report.unattached)
        self._endpoints = {(item.source, item.endpoint.address): item for item in items}
        self._known_as: dict[str, set[tuple[str, str | None]]] = defaultdict(set)
        told = {(result.identity or result.address, result.source, result.endpoint) for result in report.results}
        for known, source, endpoint in told:
            self._known_as[known].add((source, endpoint))

    def of(self, result: Result) -> str:
        """The hash of policy, endpoint and variant: ``3f…9c:1``.

        An endpoint is what `Result.identity` says, or was before its block was first moved; two of one name and region,
        as two accounts may have, are told apart by source and address. Neither places nor amounts are part of it, and
        no order is, so it survives edits around the block, changes of price, and others that come and go.
        """
        parts = [result.policy]
        if result.endpoint is not None:
            known = result.identity or result.address
            parts += [(known, *result.previous_identities)[-1], *self._part(result)]
            parts += [result.source, result.endpoint] if len(self._known_as[known]) > 1 else []
        elif result.identity:  # the group that a budget is on
            parts.append(result.identity)
        digest = sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()[:16]
        return f"{digest}{_ONLY}"

    def id_of(self, result: Result) -> str:
        """What ``guardrail fix --finding`` knows it by: ``3f2ac81d9be04c57``."""
        return self.of(result).removesuffix(_ONLY)

    def _part(self, result: Result) -> tuple[str, ...]:
        """What of the endpoint it is about: by its name where that is known and no other has it, else by its place."""
        part, index = result.part
        if part not in ("variant", "component"):
            return (part, result.variant or "")
        names = _names(self._endpoints.get((result.source, result.endpoint or "")), part)
        own = names[index] if index < len(names) else result.variant
        if own is None or names.count(own) > 1:
            return (part, own or "", str(index))
        return (part, own)


def _names(item: EndpointReport | None, part: str) -> list[str | None]:
    """The names of the variants or components of an endpoint, None for one that is not known."""
    if item is None:
        return []
    things: tuple[Variant, ...] | tuple[InferenceComponent, ...] | Unknown = (
        item.endpoint.variants if part == "variant" else item.endpoint.inference_components
    )
    if isinstance(things, Unknown):
        return []
    return [thing.name if isinstance(thing.name, str) else None for thing in things]
