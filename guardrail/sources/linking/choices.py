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
from guardrail.sources.linking.link import Side

MOST = 64
"""Possibilities that are tried."""
MOST_BLOCKS = 100_000
"""How many blocks are joined in all of them together."""

Choice = Mapping[str, str]
"""Address of the configuration by address of the endpoint."""


def with_choices(
    change_set: ChangeSet,
    declarations: Sequence[Declaration],
    alternatives: Mapping[str, Sequence[str]],
    join: Callable[[Sequence[Declaration]], Side],
    wanted: str,
) -> ChangeSet:
    """The change set with a possibility for each choice among ``alternatives`` (`Side.alternatives`).

    ``join`` makes the side after of ``declarations`` in which a choice is made; ``wanted`` says what would leave one of
    them. Where they are too many to be joined, a notice says so, and each endpoint keeps the bounds of what it may use.
    """
    tried = choices(alternatives, len(declarations))
    if tried:
        from guardrail.sources.linking.possibilities import with_possibilities  # for the few that have any

        possibilities = [
            Possibility(
                given=", ".join(f"{endpoint} uses {configuration}" for endpoint, configuration in choice.items()),
                before=change_set.before,
                after=join(chosen(declarations, choice)).linked().inventory,
            )
            for choice in tried
        ]
        return replace(with_possibilities(change_set, possibilities, wanted), before=change_set.before)
    if not alternatives:
        return change_set
    notice = (
        f"{len(alternatives)} endpoints that each use one of several configurations have too many combinations to try"
        f" them all: {wanted}"
    )
    return replace(change_set, notices=(*change_set.notices, notice))


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
            declaration, configuration=Link(value=declaration.configuration.value, references=(Reference(uses, ""),))
        )
        if isinstance(declaration, DeclaredEndpoint) and (uses := choice.get(declaration.address))
        else declaration
        for declaration in declarations
    ]
