"""Values of parameters that stand in a file of their own: ``default: {file: cost-centers.txt}``.

A text has one value a line; empty lines and lines that begin with ``#`` count for nothing. A YAML or JSON file is the
mapping that it holds. The path is relative to the file that names it, and lies in the same repository, links followed.
"""

import os
from collections.abc import Iterator
from typing import Any

from guardrail import files
from guardrail.errors import GuardrailError, PolicyError
from guardrail.limits import MEBIBYTE
from guardrail.working_tree import top_of

_MOST = MEBIBYTE
_MAPPINGS = (".yaml", ".yml", ".json")


def is_file(value: object) -> bool:
    """Whether a value is ``{file: path}``."""
    return isinstance(value, dict) and set(value) == {"file"} and isinstance(value["file"], str)


def named(value: object) -> Iterator[str]:
    """Every path that a value, or one of its values by environment, names."""
    if is_file(value):
        yield value["file"]  # type: ignore[index] # a mapping
    elif isinstance(value, dict):
        for one in value.values():
            yield from named(one) if isinstance(one, dict) else ()


def placed(value: Any, directory: str) -> Any:
    """The value with the paths in it as they are reached from here, where they are relative to ``directory``."""
    if is_file(value):
        return {"file": os.path.join(directory, value["file"])}
    return {key: placed(one, directory) for key, one in value.items()} if isinstance(value, dict) else value


def resolved(value: Any, beside: str) -> Any:
    """The value with what files hold in place of their names. ``beside`` is a folder of the repository they lie in.

    Raises `PolicyError` for a file that is not there, cannot be read, or lies outside of the repository.
    """
    if is_file(value):
        return _content(value["file"], beside)
    if isinstance(value, dict):
        return {key: resolved(one, beside) if isinstance(one, dict) else one for key, one in value.items()}
    return value


def _content(path: str, beside: str) -> Any:
    top = os.path.realpath(top_of(beside or "."))
    if not os.path.realpath(path).startswith(os.path.join(top, "")):
        raise PolicyError(f"{path} lies outside of the repository", hint="put it beside what names it")
    if path.endswith(_MAPPINGS):
        return _mapping(path)
    try:
        text = files.content(path, most=_MOST).decode()
    except OSError as error:
        raise PolicyError(f"cannot read {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise PolicyError(f"{path}: not UTF-8 text", hint="save the file with UTF-8 encoding") from error
    lines = (line.strip() for line in text.removeprefix("\ufeff").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _mapping(path: str) -> dict[str, Any]:
    from guardrail import strict_yaml

    try:
        return strict_yaml.read(path, dict[str, Any], error=PolicyError)
    except GuardrailError as error:
        raise PolicyError(error.message, hint=error.hint) from error
