"""What is wrong with a file of Terraform source, and where."""

from guardrail.errors import SourceError


class HclSyntaxError(SourceError):
    """Text that is not HCL, with its place."""

    path = ""
    """The file that it stands in."""
    place = ""
    """File, line and column, as ``main.tf:3:5``."""
