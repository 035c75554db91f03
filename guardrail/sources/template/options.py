"""What a run says besides the template."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from guardrail.sources.boundary import KnownBoundaries
    from guardrail.sources.past import KnownPasts


class TemplateOptions(Struct, frozen=True, kw_only=True):
    """The flags of a run that are about templates, as they are given."""

    region: str | None = None
    parameters: Sequence[str] = ()
    """``KEY=VALUE``, or files."""
    parameters_then: Sequence[str] | None = None
    """Those of what stood before, whose files are those of its commit; None for the same ones."""
    possibilities: Sequence[str] = ()
    """``LABEL=FILE``: values that may be given instead, in place of the parameters where both say something."""
    compare_to: str | None = None
    """A template, a directory of the CDK, or a git revision."""
    was: str | None = None
    """What the template was called then, where that is not what it is called now."""
    is_gone: bool = False
    """Whether there is no such template any more, so that all that it had is gone."""
    any_owner: bool = False
    """Whether the git repository may belong to another user."""
    known_pasts: "KnownPasts | None" = None
    known_boundaries: "KnownBoundaries | None" = None
    beside: Sequence[str] = ()
    """The other inputs of the run, whose exports can be imported."""
