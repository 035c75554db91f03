"""Edits written to disk: all files or none, and none that somebody has changed since it was read."""

import os
from collections.abc import Iterable, Mapping

from guardrail import files
from guardrail.errors import GuardrailError
from guardrail.output import partial_of, write_new
from guardrail.signals import tidy_end


def write(contents: Mapping[str, tuple[bytes, bytes]]) -> None:
    """Put the second of each pair in place of the first, by real path.

    Raises `GuardrailError`, and then nothing has changed.
    """
    for path, (before, _) in contents.items():
        if files.content(path) != before:
            raise GuardrailError(f"{path} has changed meanwhile, and nothing was written")
    staged = {path: partial_of(path) for path in contents}

    def undo() -> None:
        _forget(staged.values())
        for path, (before, _) in contents.items():
            if files.content(path) != before:
                _stage(path, before)
                os.replace(staged[path], path)

    with tidy_end(undo):
        try:
            for path, (_, after) in contents.items():
                _stage(path, after)
            for path, part in staged.items():
                os.replace(part, path)
        except BaseException as failure:
            undo()
            if isinstance(failure, OSError):
                message = f"cannot write {failure.filename}: {failure.strerror or failure}"
                raise GuardrailError(message, hint="nothing was changed") from failure
            raise


def _forget(parts: Iterable[str]) -> None:
    for part in parts:
        if os.path.exists(part):
            os.unlink(part)


def _stage(path: str, content: bytes) -> None:
    """Write what is to replace a file beside it, with its permissions."""
    part = partial_of(path)
    write_new(part, content, 0o600)
    os.chmod(part, os.stat(path).st_mode & 0o7777)
