"""Which files make each environment of a root module or template, as settings say it, and what they make."""

from collections.abc import Mapping
from typing import TypeAlias, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from guardrail.model import ChangeSet, Endpoint, Inventory, Workflow

_Carrier = TypeVar("_Carrier", Endpoint, Workflow)

FilesByLabel: TypeAlias = Mapping[str, tuple[str, ...]]
RootSets: TypeAlias = Mapping[str, FilesByLabel]
"""By the real path of a root module or template: ``{"/shop/infra": {"prod": ("infra/common.tfvars", …)}}``."""


class PastEnvironments(Struct, frozen=True, kw_only=True):
    """What the environments of a root module or template were."""

    files: FilesByLabel = {}
    """By label of today, the files that made it then; an environment that is new has none."""
    gone: FilesByLabel = {}
    """By its label in the compared commit, what is no environment any more."""
    said: dict[str, str] = {}
    """By label of today, what is to be said of how it was found."""


def source_id(path: str, label: str | None) -> str:
    """What an input is called in a report: ``infra``, or ``infra (prod)`` with the label of its set of values."""
    return path if label is None else f"{path} ({label})"


def labelled(change_set: ChangeSet, label: str | None) -> ChangeSet:
    """The change set under the label of its set of values, which everything in it carries."""
    if label is None:
        return change_set

    def with_label(inventory: Inventory) -> Inventory:
        return replace(
            inventory,
            endpoints=_each(inventory.endpoints),
            unattached=_each(inventory.unattached),
            workflows=_each(inventory.workflows),
        )

    def _each(items: tuple[_Carrier, ...]) -> tuple[_Carrier, ...]:
        return tuple(replace(each, environment_label=label) for each in items)

    return replace(change_set.mapped(with_label, with_label), label=label)
