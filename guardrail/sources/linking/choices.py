"""Endpoints that use exactly one of several configurations: every way in which that can turn out.

Of ``endpoint_config_name = aws_sagemaker_endpoint_configuration.e[var.active].name`` a plan tells only that it leads to
``e["blue"]`` and ``e["green"]``. Exactly one of them is billed, so the floor is the cheaper one's and the ceiling the
dearer one's: two possibilities, and no sum.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from math import prod

from msgspec.structs import replace

from guardrail.model import ChangeSet, Possibility
from guardrail.sources.base import Reference
from guardrail.sources.declarations import Declaration, DeclaredEndpoint, Link
from guardrail.sources.linking.link import Linked
from guardrail.sources.linking.possibilities import with_possibilities

MOST = 64
"""Possibilities that are tried."""
MOST_BLOCKS = 100_000
"""How many blocks are joined in all of them together."""

Choice = Mapping[str, str]
"""Address of the configuration by address of the endpoint."""


def choices(alternatives: Mapping[str, Sequence[str]], blocks: int) -> list[Choice]:
    """Every choice among ``alternatives``, the configurations that each endpoint may use; none where they are too many.

    ``{"e": ["blue", "green"]}`` has the two choices ``{"e": "blue"}`` and ``{"e": "green"}``. ``blocks`` is how many
    there are in the source, which are joined anew in each of them.
    """
    count = prod(map(len, alternatives.values()))
    if not alternatives or count > MOST or count * blocks > MOST_BLOCKS:
        return []
    return [dict(zip(alternatives, chosen, strict=True)) for chosen in product(*alternatives.values())]


def chosen(declarations: Iterable[Declaration], choice: Choice) -> list[Declaration]:
    """The declarations with each endpoint of a choice on its configuration."""
    return [
        replace(
            each,
            configuration=Link(value=each.configuration.value, references=(Reference(choice[each.address], ""),)),
        )
        if isinstance(each, DeclaredEndpoint) and each.address in choice
        else each
        for each in declarations
    ]


def decided(change_set: ChangeSet, tried: Sequence[Choice], join: Callable[[Choice], Linked], wanted: str) -> ChangeSet:
    """The change set with a possibility for each choice; ``wanted`` says what would leave one of them."""
    before = change_set.before
    possibilities = [
        Possibility(given=_described(choice), before=before, after=join(choice).inventory) for choice in tried
    ]
    return replace(with_possibilities(change_set, possibilities, wanted), before=before)


def _described(choice: Choice) -> str:
    return ", ".join(f"{endpoint} uses {configuration}" for endpoint, configuration in choice.items())
