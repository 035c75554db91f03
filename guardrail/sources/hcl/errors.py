"""What is wrong with a file of Terraform source, and where."""

from guardrail.errors import SourceError

_LONGEST_SHOWN = 100


class HclSyntaxError(SourceError):
    """Text that is not HCL, with its place."""

    path = ""
    """The file that it stands in."""
    place = ""
    """File, line and column, as ``main.tf:3:5``."""


def syntax_error(path: str, text: str, at: int, problem: str) -> HclSyntaxError:
    """An error that names file, line and column, and shows the line."""
    line = text.count("\n", 0, at) + 1
    start = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    shown = text[start : len(text) if end < 0 else end]
    if len(shown) > _LONGEST_SHOWN:
        first = max(0, at - start - _LONGEST_SHOWN // 2)
        shown = f"{'…' if first else ''}{shown[first : first + _LONGEST_SHOWN]}…"
    place = f"{path}:{line}:{at - start + 1}"
    error = HclSyntaxError(f"{place}: {problem}", hint=f"line {line} reads: {shown.strip()}")
    error.path, error.place = path, place
    return error
