"""Trees: the files of a commit are asked as those on disk are, and nothing outside of either is given."""

import os
import shutil
from pathlib import Path

import pytest

from guardrail.errors import PastUnreadableError
from guardrail.git import Commit, repository_of
from guardrail.sources.trees import InCommit, OnDisk, Tree, tree_of
from tests.test_git import commit, git

pytestmark = pytest.mark.skipif(shutil.which("git") is None or os.name == "nt", reason="needs git")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with links, one of which leads out of it, and with what ``terraform init`` has fetched."""
    top = tmp_path / "shop"
    (top / "infra").mkdir(parents=True)
    git(top, "init", "--quiet")
    (tmp_path / "secret").write_text("secret")
    (top / "infra" / "shared.tf").symlink_to("../modules/shared.tf")
    (top / "current").symlink_to("infra")
    (top / "out").symlink_to(tmp_path)
    commit(top, {"infra/main.tf": "a", "modules/shared.tf": "b", ".gitignore": ".terraform\n"})
    (top / "infra" / ".terraform" / "modules" / "vpc").mkdir(parents=True)
    (top / "infra" / ".terraform" / "modules" / "vpc" / "main.tf").write_text("fetched")
    monkeypatch.chdir(top)
    return top


@pytest.fixture(params=["on disk", "in a commit"])
def tree(folder: Path, request: pytest.FixtureRequest) -> Tree:
    if request.param == "on disk":
        return tree_of(".")
    repository = repository_of(".")
    assert repository is not None
    tree = InCommit(Commit(repository, "HEAD"))
    for name in ("infra/main.tf", "modules/shared.tf"):
        (folder / name).write_text("of today")
    return tree


def test_both_trees_have_the_same_files(tree: Tree) -> None:
    assert tree.content("infra/main.tf") == b"a"
    assert tree.content("current/shared.tf") == b"b", "through two links"
    assert tree.content("infra/.terraform/modules/vpc/main.tf") == b"fetched"
    assert [name for name in tree.names("infra") if name != ".terraform"] == ["main.tf", "shared.tf"]
    assert tree.names("nowhere") == []
    assert [tree.is_file(path) for path in ("infra/main.tf", "infra", "nowhere")] == [True, False, False]
    assert [tree.is_directory(path) for path in ("infra", "current", "infra/main.tf", "nowhere")] == [1, 1, 0, 0]
    assert tree.real("current/shared.tf") == tree.real("modules/shared.tf") != tree.real("infra/main.tf")
    with pytest.raises(FileNotFoundError):
        tree.content("infra/none.tf")
    with pytest.raises(OSError, match="it is larger than 0 MiB"):
        tree.content("infra/main.tf", most=0)


def test_neither_tree_holds_what_lies_outside_or_is_private(tree: Tree) -> None:
    assert all(map(tree.holds, ("infra/main.tf", "current/shared.tf", "infra/new.tf", ".")))
    assert not any(map(tree.holds, ("../secret", "infra/../../secret", "/etc/passwd", ".git/config", "infra/.GIT/x")))


@pytest.mark.usefixtures("folder")
def test_a_link_that_leads_out_is_refused_by_either() -> None:
    on_disk = tree_of(".")
    assert isinstance(on_disk, OnDisk)
    assert not on_disk.holds("out/secret")
    repository = repository_of(".")
    assert repository is not None
    in_commit = InCommit(Commit(repository, "HEAD"))
    assert not any(map(in_commit.holds, ("out/secret", "../secret")))
    with pytest.raises(PastUnreadableError, match="was a link that leads out"):
        in_commit.content("out/secret")
