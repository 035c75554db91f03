"""The commit that a pull request asks to be merged into, as files: terms that its author did not write."""

import os
import re
import subprocess

from guardrail.errors import GitHubError

_INERT = ("-c", "filter.lfs.smudge=", "-c", "filter.lfs.process=", "-c", "filter.lfs.required=false")
"""Files as they are stored: nothing is downloaded for them.

In a container the checkout may belong to another user; it is the runner's all the same, so git is told that it is safe.
"""
_FETCH = "actions/checkout with fetch-depth: 0"


def check_out(root: str, commit: str, folder: str) -> None:
    """Write the files of ``commit`` of the repository at ``root`` into ``folder``; the repository stays as it is.

    Raises `GitHubError` where the commit is not there, which a shallow checkout explains, or git is not.
    """
    if not os.path.exists(os.path.join(root, ".git")):
        raise GitHubError(f"{root} is no git repository, and the terms of a fork come from its base", hint=_FETCH)
    if not re.fullmatch(r"[0-9a-f]{40,64}", commit):
        raise GitHubError(f"the base of the pull request is no commit: {commit!r}")
    if _git(root, "cat-file", "-e", f"{commit}^{{commit}}").returncode != 0:
        raise GitHubError(
            f"the base commit {commit[:12]}, whose settings count for a fork, is not in this checkout", hint=_FETCH
        )
    os.makedirs(folder, exist_ok=True)
    index = f"{folder}.index"
    for arguments in (["read-tree", commit], ["checkout-index", "--all", "--force", f"--prefix={folder}{os.sep}"]):
        done = _git(root, *arguments, index=index)
        if done.returncode != 0:
            trouble = " ".join(done.stderr.decode(errors="replace").split())[:300]
            raise GitHubError(f"git {arguments[0]} of the base commit failed: {trouble}")


def _git(root: str, *arguments: str, index: str | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run git on the repository, with an index of our own where it needs one."""
    environment = {**os.environ, **({"GIT_INDEX_FILE": index} if index else {})}
    try:
        return subprocess.run(  # noqa: S603 - no shell, and a commit is one before it gets here
            ["git", "-C", root, "-c", f"safe.directory={root}", *_INERT, *arguments],  # noqa: S607 - the git of the machine
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise GitHubError("reading the base commit needs git", hint="install git on the runner") from error
