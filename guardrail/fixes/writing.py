"""Edits written to disk: all files or none, and none that somebody has changed since it was read."""

import os
from collections.abc import Mapping

from guardrail import files
from guardrail.errors import GuardrailError
from guardrail.output import tidy_end


def write(contents: Mapping[str, tuple[bytes, bytes]]) -> None:
    """Put the second of each pair in place of the first, by real path.

    Raises `GuardrailError`, and then nothing has changed.
    """
    for path, (before, _) in contents.items():
        if files.content(path) != before:
            raise GuardrailError(f"{path} has changed meanwhile, and nothing was written")
    staged: dict[str, str] = {}
    replaced: list[str] = []
    with tidy_end():
        try:
            for path, (_, after) in contents.items():
                staged[path] = _stage(path, after)
            for path, part in staged.items():
                os.replace(part, path)
                replaced.append(path)
        except BaseException as failure:
            for path in replaced:
                os.replace(_stage(path, contents[path][0]), path)
            if isinstance(failure, OSError):
                message = f"cannot write {failure.filename}: {failure.strerror or failure}"
                raise GuardrailError(message, hint="nothing was changed") from failure
            raise
        finally:
            for part in staged.values():
                if os.path.exists(part):
                    os.unlink(part)


def _stage(path: str, content: bytes) -> str:
    """A file beside another, with its permissions, under a name of our own."""
    part = f"{path}.{os.getpid()}.part"
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    os.chmod(part, os.stat(path).st_mode & 0o7777)
    return part
