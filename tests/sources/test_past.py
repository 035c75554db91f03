"""What a hook compares with: what pre-commit says, else the last commit, and nothing where nothing differs."""

import os
import shutil
from pathlib import Path

import pytest

from guardrail.errors import GitError
from guardrail.sources.past import Comparison, before_commit
from tests.test_git import commit, git

pytestmark = pytest.mark.skipif(shutil.which("git") is None or os.name == "nt", reason="needs git")


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    git(tmp_path, "init", "--quiet")
    commit(tmp_path, {"a.tf": "1", "b.tf": "1"})
    commit(tmp_path, {"a.tf": "2"})
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_commit_is_compared_with_the_last_one_where_a_file_differs(top: Path) -> None:
    assert before_commit(["a.tf", "b.tf"], {}) is None
    (top / "b.tf").write_text("2")
    assert before_commit(["a.tf", "b.tf"], {}) == "HEAD"
    assert before_commit(["a.tf"], {}) is None
    (top / "c.tf").write_text("new")
    assert before_commit(["c.tf"], {}) == "HEAD"


@pytest.mark.usefixtures("top")
def test_a_range_is_compared_with_its_beginning() -> None:
    assert before_commit(["a.tf"], {"PRE_COMMIT_FROM_REF": "HEAD~1"}) == "HEAD~1"
    assert before_commit(["b.tf"], {"PRE_COMMIT_FROM_REF": "HEAD~1"}) is None
    with pytest.raises(GitError, match="nowhere is no git revision"):
        before_commit(["a.tf"], {"PRE_COMMIT_FROM_REF": "nowhere"})


def test_before_the_first_commit_and_outside_of_git_there_is_no_past(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.tf").write_text("1")
    assert before_commit(["a.tf"], {}) is None
    git(tmp_path, "init", "--quiet")
    assert before_commit(["a.tf"], {}) is None


def test_variables_that_git_sets_for_a_hook_choose_no_other_repository(
    top: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "--quiet")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / "index"))
    (top / "b.tf").write_text("2")
    assert before_commit(["b.tf"], {}) == "HEAD"


@pytest.mark.usefixtures("top")
def test_inputs_of_one_run_share_what_is_read_of_a_commit() -> None:
    compared = Comparison("HEAD~1")
    assert compared.past_of("b.tf") is compared.past_of("a.tf")
    assert Comparison("HEAD").past_of("b.tf") is not compared.past_of("b.tf")
