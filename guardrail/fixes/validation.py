"""What ``terraform validate`` says of source with edits that nobody has written: in a copy, and only where asked.

Validation runs the providers that ``terraform init`` has put into the folder. A change can bring others, so it is never
done unasked, not for what is untrusted, and not where the providers are part of the repository or lie behind a link.
Nothing is initialized, fetched or written in the folder itself.
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from tempfile import TemporaryDirectory
from typing import Any

from guardrail import files
from guardrail.errors import GuardrailError, NoRevisionError
from guardrail.git import Commit, repository_of
from guardrail.sources.hcl.reader import RootModule, values_of
from guardrail.working_tree import working_tree_of

_DATA = ".terraform"
_LEFT_OUT = frozenset({".git", _DATA, ".terragrunt-cache", "node_modules", ".venv", "venv"})
_LONGEST_S = 120
_NO_INIT = "terraform init -backend=false in that folder"


def refused(root: RootModule, contents: Mapping[str, bytes], *, any_owner: bool) -> frozenset[str]:
    """The errors that validation tells of a root module with ``contents`` in place of files, by real path, as clauses.

    Raises `GuardrailError` where it cannot be validated.
    """
    command = shutil.which("terraform") or shutil.which("tofu")
    if command is None:
        raise GuardrailError("--validate runs terraform, which is not on PATH", hint="leave --validate out")
    own = os.path.realpath(root.directory)
    _refuse_foreign_providers(root.directory, own, any_owner=any_owner)
    folders = {os.path.realpath(module.source.directory) for module in values_of(root)[0]} | {own}
    folders = {folder for folder in folders if _DATA not in folder.split(os.sep)}
    top = os.path.commonpath(folders)
    with TemporaryDirectory(prefix="guardrail-") as copy:
        for folder in folders:
            _copy(folder, os.path.join(copy, os.path.relpath(folder, top)), working_tree_of(folder) or top, contents)
        place = os.path.normpath(os.path.join(copy, os.path.relpath(own, top)))
        os.symlink(os.path.join(own, _DATA), os.path.join(place, _DATA))
        lock = os.path.join(own, ".terraform.lock.hcl")
        if os.path.isfile(lock):
            shutil.copyfile(lock, os.path.join(place, ".terraform.lock.hcl"))
        return frozenset(_errors(command, place, root.directory))


def _refuse_foreign_providers(shown: str, own: str, *, any_owner: bool) -> None:
    """Raise where the providers are not those that somebody here has initialized."""
    data = os.path.join(own, _DATA)
    if not os.path.isdir(data):
        raise GuardrailError(f"{shown} is not initialized, and cannot be validated", hint=_NO_INIT)
    top = working_tree_of(own)
    kept = False
    try:
        repository = repository_of(data, any_owner=any_owner)
        kept = repository is not None and Commit(repository, "HEAD").is_directory(data)
    except NoRevisionError:  # nothing has been committed yet
        kept = False
    places = [data, os.path.join(data, "providers")]
    if kept or any(os.path.islink(place) for place in places) or (top is not None and not files.lies_in(own, top)):
        raise GuardrailError(
            f"the providers in {shown}/{_DATA} are part of the repository, or behind a link: they are not run",
            hint="leave --validate out, or initialize a fresh clone",
        )


def _copy(folder: str, copy: str, top: str, contents: Mapping[str, bytes]) -> None:
    """A folder with edits in it, links followed where they stay in its repository, and left out where not."""

    def ignored(place: str, names: list[str]) -> set[str]:
        reals = {name: os.path.realpath(os.path.join(place, name)) for name in names}
        return {name for name, real in reals.items() if name in _LEFT_OUT or not _is_kept(place, real, top)}

    def copied(source: str, place: str) -> str:
        edited = contents.get(os.path.realpath(source))
        if edited is None:
            return str(shutil.copyfile(source, place))
        with open(place, "wb") as file:
            file.write(edited)
        return place

    try:
        shutil.copytree(folder, copy, ignore=ignored, copy_function=copied, dirs_exist_ok=True)
    except (OSError, shutil.Error) as error:
        raise GuardrailError(f"{folder} cannot be copied to validate it: {error}") from error


def _is_kept(place: str, real: str, top: str) -> bool:
    """Whether what a folder holds is copied: files and folders of the repository, but for links to a folder above."""
    is_above = files.lies_in(os.path.realpath(place), real)
    return files.lies_in(real, top) and not is_above and (os.path.isfile(real) or os.path.isdir(real))


def _errors(command: str, place: str, shown: str) -> Iterator[str]:
    import subprocess

    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_CLI_ARGS")}
    environment |= {"TF_INPUT": "0", "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
    environment.pop("TF_DATA_DIR", None)
    try:
        ran = subprocess.run(  # noqa: S603 - no shell, an absolute path, no argument of others
            [command, "validate", "-json", "-no-color"],
            cwd=place,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_LONGEST_S,
            check=False,
        )
        told: dict[str, Any] = json.loads(ran.stdout)
        found = [each for each in told["diagnostics"] if each["severity"] == "error"]
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError, TypeError) as error:
        raise GuardrailError(f"{shown} cannot be validated: {error}", hint="leave --validate out") from error
    for each in found:
        where = each.get("range") or {}
        line = f", {where['filename']}" if where.get("filename") else ""
        yield f"terraform validate says {each['summary']}{line}"
