"""What a run says besides the paths of its inputs."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from guardrail.model import Unknown

if TYPE_CHECKING:
    from guardrail.gitignore import Excluded
    from guardrail.sources.boundary import KnownBoundaries
    from guardrail.sources.past import Comparison
    from guardrail.sources.sets import RootSets


class InputOptions(Struct, frozen=True, kw_only=True):
    """What a run says of an input that is no Terraform source: a template, a plan, a definition."""

    region: str | None = None
    """For resources whose region nothing in the input tells."""
    compared: "Comparison | None" = None
    """What stood before; a plan tells that itself."""
    beside: Sequence[str] = ()
    """The inputs of the run, which are linked with this one."""
    source: str | None = None
    """Where the source of a plan is; None for the working directory, if it is there."""
    parameters: Sequence[str] = ()
    """Of a template: ``KEY=VALUE``, or files."""
    parameters_then: Sequence[str] | None = None
    """Those of what stood before, whose files are those of its commit; None for the same ones."""
    possibilities: Sequence[str] = ()
    """``LABEL=FILE``: values that may be given instead, in place of the parameters where both say something."""
    was: str | None = None
    """What the template was called then, where that is not what it is called now."""
    is_gone: bool = False
    """Whether there is no such template any more, so that all that it had is gone."""
    known_boundaries: "KnownBoundaries | None" = None


class SourceOptions(Struct, frozen=True, kw_only=True):
    """What a run says of Terraform source, whatever is done with it."""

    region: str | None = None
    assignments: Sequence[str] = ()
    """``NAME=VALUE`` and ``@[LABEL=]FILE``, in the order of the command line."""
    environment: Mapping[str, str | Unknown] = {}
    """``TF_VAR_*`` and ``TF_WORKSPACE``, `Unknown` where the source shall not see them."""
    workspace: str | None = None
    """It wins over the environment."""
    base: str = "."
    """Where the root modules are looked for that files belong to."""
    keep_going: bool = False
    """Whether a file that cannot be read is left out, and named in its module, rather than raised."""
    sets: "RootSets | None" = None
    """The files of values of each environment of a root module, by its real path."""
    exclude: "Excluded | None" = None
    """What a search for root modules leaves out."""

    @property
    def named_workspace(self) -> str | Unknown | None:
        """The workspace that the run names; None where it names none."""
        return self.workspace or self.environment.get("TF_WORKSPACE") or None
