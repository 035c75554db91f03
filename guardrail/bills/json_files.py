"""JSON that lies among exports: manifests of deliveries, and saved answers of Cost Explorer."""

from typing import Any

from guardrail import files
from guardrail.errors import SourceError
from guardrail.limits import NOT_JSON


def decoded(path: str, *, most: int) -> Any:
    """What a file of at most ``most`` bytes holds. Raises `SourceError` where it cannot be read, or is damaged."""
    import msgspec

    try:
        return msgspec.json.decode(files.content(path, most=most))
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from error
    except RecursionError as error:
        raise SourceError(f"{path} is no export of the bill: its JSON is nested too deeply to be read") from error
    except NOT_JSON as error:
        raise SourceError(f"{path} is no JSON: {error}", hint="it may still be written") from error
