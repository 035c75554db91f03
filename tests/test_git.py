"""The past, read from real repositories: those of an attacker, and those that hold only a part of their history.

Every attack plants a command that would leave the file ``harm`` behind, and each test of one first shows, where git
allows it, that plain git falls for it: an attack that does not work tests nothing.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from guardrail.errors import GitError, PastUnreadableError
from guardrail.git import _ENVIRONMENT, Commit, Repository, repository_of
from guardrail.working_tree import top_of

pytestmark = pytest.mark.skipif(shutil.which("git") is None or os.name == "nt", reason="needs git")

WHO = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main")
CLEAN = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}


def git(folder: Path, *arguments: str, **environment: str) -> str:
    """What git prints, run as anybody runs it in a folder."""
    command = ["git", *WHO, "-c", "protocol.file.allow=always", *arguments]
    done = subprocess.run(command, cwd=folder, env=CLEAN | environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(folder: Path, files: dict[str, str]) -> str:
    """The id of a new commit with these files."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "x")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository of ours with one commit, and the working tree changed since."""
    folder = tmp_path / "shop"
    folder.mkdir()
    git(folder, "init", "--quiet")
    commit(folder, {"template.yaml": "two", "infra/main.tf": "a", "infra/prod/main.tf": "b", "README.md": "r"})
    (folder / "template.yaml").write_text("three")
    return folder


@pytest.fixture
def harm(tmp_path: Path) -> Iterator[Path]:
    """What the command of an attacker would leave behind."""
    path = tmp_path / "harm"
    yield path
    assert not path.exists(), "a command of the attacker ran"


def payload(tmp_path: Path, harm: Path) -> Path:
    """A program of the attacker's."""
    program = tmp_path / "payload.sh"
    program.write_text(f"#!/bin/sh\ntouch '{harm}'\nexit 1\n")
    program.chmod(0o755)
    return program


def found(path: Path) -> Repository:
    repository = repository_of(str(path))
    assert repository is not None
    return repository


def past(path: Path, revision: str = "HEAD") -> Commit:
    return Commit(found(path), revision)


def works(harm: Path) -> None:
    """Say that plain git fell for the attack, and clean up."""
    assert harm.exists(), "this attack does not work on this git, and so tests nothing"
    harm.unlink()


# What stood there ----------------------------------------------------------------------------------------------------


def test_a_commit_is_read_by_the_paths_of_the_working_tree(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository / "infra")
    commit_ = past(repository)
    assert commit_.read("../template.yaml") == b"two"
    assert commit_.read(str(repository / "infra" / "main.tf")) == b"a"
    assert commit_.read("prod/main.tf") == b"b"
    assert commit_.names(".") == ["main.tf", "prod"]
    assert [commit_.is_directory(path) for path in (".", "prod", "main.tf", "nowhere")] == [True, True, False, False]


@pytest.mark.parametrize("id_format", ["sha1", "sha256"])
def test_what_a_file_had_is_told_by_its_id_without_its_content(tmp_path: Path, id_format: str) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    git(folder, "init", "--quiet", f"--object-format={id_format}")
    commit(folder, {"template.yaml": "two", "infra/empty": ""})
    (folder / "template.yaml").write_text("three")
    commit_ = past(folder)
    assert commit_.had(str(folder / "template.yaml"), b"two")
    assert commit_.had(str(folder / "infra" / "empty"), b"")
    for path, content in (("template.yaml", b"three"), ("template.yaml", b""), ("new.yaml", b""), ("infra", b"")):
        assert not commit_.had(str(folder / path), content)


def test_what_was_not_there_is_none_and_so_is_what_lies_outside(repository: Path) -> None:
    commit_ = past(repository)
    for path in (repository / "new.yaml", repository / "README.md" / "x", repository.parent / "elsewhere"):
        assert commit_.read(str(path)) is None
        assert commit_.names(str(path)) == []
    assert commit_.read(str(repository / "infra")) is None, "a folder has no content"


def test_the_tree_below_a_folder_is_read_without_a_checkout(repository: Path) -> None:
    infra = str(repository / "infra")
    files = dict(past(repository).files(infra))
    assert files == {f"{infra}/main.tf": b"a", f"{infra}/prod/main.tf": b"b"}
    assert dict(past(repository).files(str(repository / "nowhere"))) == {}


def test_a_path_through_a_link_from_outside_is_one_into_the_repository(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "current").symlink_to(repository / "infra")
    path = tmp_path / "current" / "main.tf"
    assert past(path).read(str(path)) == b"a"


def test_the_links_of_that_commit_count_and_not_those_of_today(repository: Path) -> None:
    """A change that makes the template a link to another one must not choose its past so."""
    (repository / "template.yaml").unlink()
    (repository / "template.yaml").symlink_to("README.md")
    assert past(repository).read(str(repository / "template.yaml")) == b"two"
    (repository / "alias").symlink_to("infra/../infra")
    (repository / "out").symlink_to("../elsewhere")
    (repository / "round").symlink_to("round")
    (repository / "gone").symlink_to("infra/gone.tf")
    commit(repository, {})
    commit_ = past(repository)
    assert commit_.read(str(repository / "template.yaml")) == b"r"
    assert commit_.read(str(repository / "alias" / "main.tf")) == b"a"
    for name, where in (("out", "out of the repository"), ("round", "out of the repository"), ("gone", "nowhere")):
        with pytest.raises(PastUnreadableError, match=f"leads {where}"):
            commit_.read(str(repository / name))


def test_what_a_link_leads_to_has_one_name(repository: Path) -> None:
    (repository / "current").symlink_to("infra")
    (repository / "main.tf").symlink_to("infra/prod/../main.tf")
    commit(repository, {})
    commit_ = past(repository)
    assert commit_.real(str(repository / "current" / "prod")) == str(repository / "infra" / "prod")
    assert commit_.real(str(repository / "main.tf")) == str(repository / "infra" / "main.tf")
    assert commit_.real(str(repository / "gone")) is None
    assert commit_.real(str(repository.parent)) is None
    assert [commit_.is_file(str(repository / name)) for name in ("main.tf", "current")] == [True, False]


def test_a_commit_is_walked_through_no_links_and_not_without_end(repository: Path) -> None:
    (repository / "infra" / "up").symlink_to("..")
    commit(repository, {})
    infra = str(repository / "infra")
    assert list(past(repository).walk(infra, most=9)) == [
        (infra, ["prod"], ["main.tf", "up"]),
        (f"{infra}/prod", [], ["main.tf"]),
    ]
    assert list(past(repository).walk(f"{infra}/nowhere", most=9)) == []
    with pytest.raises(OSError, match="more than 3 files"):
        list(past(repository).walk(infra, most=3))


@pytest.mark.parametrize("name", ["..", ".", "a/../../x"])
def test_a_name_that_no_checkout_makes_is_refused(repository: Path, name: str) -> None:
    """Git stores any bytes as the name of an entry, and refuses these only when it checks out."""
    blob = bytes.fromhex(git(repository, "rev-parse", "HEAD:README.md"))
    (repository / "raw").write_bytes(b"100644 " + name.encode() + b"\0" + blob)
    tree = git(repository, "hash-object", "-w", "-t", "tree", "--literally", "raw")
    forged = git(repository, "commit-tree", tree, "-m", "x")
    with pytest.raises(GitError, match="which is no name"):
        past(repository, forged).names(str(repository))


def test_attributes_of_a_repository_hide_nothing_of_its_past(repository: Path) -> None:
    """As ``git archive`` would leave out what is ``export-ignore``, and fill in ``export-subst``."""
    commit(repository, {".gitattributes": "infra export-ignore\n*.yaml export-subst\n", "a.yaml": "$Format:%H$"})
    commit_ = past(repository)
    assert commit_.read(str(repository / "infra" / "main.tf")) == b"a"
    assert commit_.read(str(repository / "a.yaml")) == b"$Format:%H$"


def test_a_repository_of_longer_ids_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "longer"
    folder.mkdir()
    git(folder, "init", "--quiet", "--object-format=sha256")
    commit(folder, {"infra/main.tf": "a", "b": "b"})
    assert past(folder).names(str(folder)) == ["b", "infra"]
    assert past(folder).read(str(folder / "infra" / "main.tf")) == b"a"


def test_any_name_of_a_file_is_a_name(repository: Path) -> None:
    names = ["a b.yaml", "*.yaml", "-x", "ü.yaml", "line\nbreak", os.fsdecode(b"\xff.yaml")]
    commit(repository, dict.fromkeys(names, "x"))
    assert all(past(repository).read(str(repository / name)) == b"x" for name in names)


@pytest.mark.parametrize(
    "revision", ["nowhere", "--output=x", "", "a\0b", "HEAD:template.yaml", "main..main", "HEAD~9"]
)
def test_what_is_no_commit_is_an_error(repository: Path, revision: str) -> None:
    with pytest.raises(GitError, match="is no git revision"):
        past(repository, revision)


def test_a_large_file_is_refused_by_its_size(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guardrail.limits.LARGEST_FILE", 1000)
    commit(repository, {"template.yaml": "x" * 1001})
    assert past(repository, "HEAD~1").read(str(repository / "template.yaml")) == b"two"
    commit_ = past(repository)
    with pytest.raises(PastUnreadableError, match="has 1,001 bytes"):
        commit_.read(str(repository / "template.yaml"))
    assert commit_.read(str(repository / "README.md")) == b"r", "and the next one is read all the same"


# Where a change began ------------------------------------------------------------------------------------------------


@pytest.fixture
def branched(repository: Path) -> Path:
    """A branch ``pr`` with one commit, checked out, and ``main`` with a commit more than it began at."""
    (repository / "template.yaml").write_text("two")
    git(repository, "checkout", "--quiet", "-b", "pr")
    commit(repository, {"template.yaml": "of the change"})
    git(repository, "checkout", "--quiet", "main")
    commit(repository, {"infra/main.tf": "since then"})
    git(repository, "checkout", "--quiet", "pr")
    return repository


def began(path: Path, base: str) -> Commit:
    return Commit.where_change_began(found(path), base)


def test_a_change_began_where_its_branch_left_the_base(branched: Path) -> None:
    assert past(branched, "main").read(str(branched / "infra" / "main.tf")) == b"since then"
    assert began(branched, "main").read(str(branched / "infra" / "main.tf")) == b"a"
    assert began(branched, "HEAD~1").id == git(branched, "rev-parse", "HEAD~1"), "an ancestor is its own merge base"
    assert began(branched, "HEAD").read(str(branched / "template.yaml")) == b"of the change"


def test_the_first_parent_of_a_merge_is_the_base_as_it_is_now(branched: Path) -> None:
    """So a pull request is checked out by GitHub: two commits deep its parents are there, and their ancestor is not."""
    git(branched, "checkout", "--quiet", "-b", "merged", "main")
    git(branched, "merge", "--quiet", "--no-edit", "pr")
    folder = clone(branched, "two", "--depth=2", "--branch=merged")
    commit_ = began(folder, "HEAD^1")
    assert commit_.read(str(folder / "template.yaml")) == b"two"
    assert commit_.read(str(folder / "infra" / "main.tf")) == b"since then"


def test_a_shallow_clone_without_the_merge_base_is_refused(branched: Path) -> None:
    """Both tips are there: the one of main would show what it has gained since as taken away."""
    folder = clone(branched, "one", "--depth=1", "--no-single-branch", "--branch=pr")
    assert past(folder, "origin/main").read(str(folder / "infra" / "main.tf")) == b"since then"
    with pytest.raises(GitError, match="merge base of HEAD and origin/main is not in this shallow clone") as caught:
        began(folder, "origin/main")
    assert "fetch-depth: 0" in caught.value.hint


def test_a_history_of_another_beginning_is_no_past(branched: Path) -> None:
    git(branched, "checkout", "--quiet", "--orphan", "new")
    commit(branched, {})
    with pytest.raises(GitError, match="HEAD and main have no history in common"):
        began(branched, "main")


# What git only refers to ---------------------------------------------------------------------------------------------


def test_a_pointer_of_lfs_is_no_content(repository: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    commit(repository, {"template.yaml": pointer})
    with pytest.raises(PastUnreadableError, match=r"template\.yaml was in git LFS in HEAD"):
        past(repository).read(str(repository / "template.yaml"))


def test_a_submodule_has_a_past_of_its_own(repository: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    git(library, "init", "--quiet")
    commit(library, {"template.yaml": "of the library"})
    git(repository, "submodule", "--quiet", "add", str(library), "library")
    commit(repository, {})
    inside = repository / "library" / "template.yaml"
    assert past(inside).read(str(inside)) == b"of the library", "its .git file is followed"
    for ask in (Commit.read, Commit.is_directory, Commit.names):
        with pytest.raises(GitError, match="was in a submodule in HEAD"):
            ask(past(repository), str(inside))
    with pytest.raises(GitError, match="was in a submodule in HEAD"):
        dict(past(repository).files(str(repository)))


def test_a_submodule_that_a_change_brings_has_no_past_of_its_own_for_a_run_above_it(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its history is another repository's, with a ``main`` that says whatever its author likes."""
    forged = tmp_path / "forged"
    forged.mkdir()
    git(forged, "init", "--quiet")
    commit(forged, {"template.yaml": "forged"})
    git(repository, "submodule", "--quiet", "add", str(forged), "stack")
    inside = repository / "stack" / "template.yaml"
    assert past(inside, "main").read(str(inside)) == b"forged", "for a run from outside, or inside of it"
    monkeypatch.chdir(repository)
    assert past(inside, "main").read(str(inside)) is None


# Repositories that an attacker brings --------------------------------------------------------------------------------


def test_a_folder_that_looks_like_a_repository_is_none(repository: Path, tmp_path: Path, harm: Path) -> None:
    """All that makes a repository but the name ``.git`` can be committed, a configuration with a command among it.

    The past of the attacker says three, as the change does: plain git, run in that folder, finds no difference. It
    runs the attacker's command as soon as an object is missing, because the configuration names a promisor remote.
    """
    fake = tmp_path / "fake"
    fake.mkdir()
    git(fake, "init", "--quiet")
    forged = commit(fake, {"template.yaml": "three"})
    attack = repository / "stack"
    shutil.copytree(fake / ".git", attack)
    shutil.rmtree(attack / "hooks", ignore_errors=True)
    (attack / "template.yaml").write_text("three")
    command = f"touch '{harm}'; false"
    (attack / "config").write_text(
        "[core]\n\trepositoryformatversion = 1\n\tbare = false\n\tworktree = .\n[extensions]\n\tpartialClone = origin\n"
        f'[remote "origin"]\n\turl = {fake}\n\tpromisor = true\n\tuploadpack = "{command} #"\n'
    )
    assert git(attack, "cat-file", "-p", f"{forged}:template.yaml") == "three", "a forged past, for plain git"
    missing = "1" * 40
    with pytest.raises(subprocess.CalledProcessError):
        git(attack, "cat-file", "-p", missing)
    works(harm)

    template = attack / "template.yaml"
    assert found(template).top == str(repository)
    assert past(template).read(str(template)) is None, "it was not there in our past"
    for revision in (forged, missing):
        with pytest.raises(GitError, match="is no git revision here"):
            past(template, revision)


def test_a_file_that_is_called_git_leads_to_no_repository_of_the_folder(repository: Path) -> None:
    """Only ``.git`` counts, which no commit can bring; ``git`` and ``.GIT`` say nothing."""
    for name in ("git", ".git~", "gitdir"):
        commit(repository, {f"infra/{name}": "gitdir: ../stack\n"})
    assert top_of(str(repository / "infra")) == str(repository)


@pytest.mark.parametrize(
    "setting",
    [
        ("core.fsmonitor", "PAYLOAD"),
        ("core.hooksPath", "FOLDER"),
        ("core.sshCommand", "PAYLOAD"),
        ("core.gitProxy", "PAYLOAD"),
        ("core.pager", "PAYLOAD"),
        ("pager.cat-file", "PAYLOAD"),
        ("core.alternateRefsCommand", "PAYLOAD"),
        ("diff.external", "PAYLOAD"),
        ("diff.x.textconv", "PAYLOAD"),
        ("filter.x.smudge", "PAYLOAD"),
        ("filter.x.process", "PAYLOAD"),
        ("credential.helper", "!PAYLOAD"),
        ("alias.cat-file", "!PAYLOAD"),
    ],
    ids=lambda setting: setting[0],
)
def test_a_setting_of_the_repository_itself_runs_nothing(
    repository: Path, tmp_path: Path, harm: Path, setting: tuple[str, str]
) -> None:
    """An earlier step of a job may have run code of the change, which could write into ``.git``."""
    program = payload(tmp_path, harm)
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for hook in ("post-index-change", "post-checkout", "reference-transaction"):
        shutil.copy(program, hooks / hook)
    commit(repository, {".gitattributes": "* filter=x diff=x\n"})
    git(repository, "config", setting[0], setting[1].replace("PAYLOAD", str(program)).replace("FOLDER", str(hooks)))
    commit_ = past(repository, "HEAD~1")
    assert commit_.read(str(repository / "template.yaml")) == b"two"
    assert len(dict(commit_.files(str(repository)))) == 4


def test_a_replacement_of_a_commit_or_a_file_does_not_count(repository: Path) -> None:
    honest = git(repository, "rev-parse", "HEAD")
    forged = commit(repository, {"template.yaml": "forged"})
    git(repository, "replace", honest, forged)
    assert git(repository, "cat-file", "-p", f"{honest}:template.yaml") == "forged", "plain git takes it"
    assert past(repository, honest).read(str(repository / "template.yaml")) == b"two"


def test_variables_of_the_caller_do_not_reach_git(
    repository: Path, tmp_path: Path, harm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "--quiet")
    commit(other, {"template.yaml": "other"})
    program = str(payload(tmp_path, harm))
    for name, value in {
        "GIT_DIR": str(other / ".git"),
        "GIT_WORK_TREE": str(other),
        "GIT_OBJECT_DIRECTORY": str(other / ".git" / "objects"),
        "GIT_INDEX_FILE": str(other / "index"),
        "GIT_NAMESPACE": "x",
        "GIT_EXTERNAL_DIFF": program,
        "GIT_SSH_COMMAND": program,
        "GIT_PROXY_COMMAND": program,
        "GIT_ASKPASS": program,
        "GIT_PAGER": program,
        "GIT_EXEC_PATH": str(tmp_path),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.fsmonitor",
        "GIT_CONFIG_VALUE_0": program,
        "GIT_TRACE": str(harm),
    }.items():
        monkeypatch.setenv(name, value)
    assert past(repository).read(str(repository / "template.yaml")) == b"two"


def test_a_git_of_the_working_tree_is_not_run(
    repository: Path, tmp_path: Path, harm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither by a relative place of the PATH, nor by an absolute one inside the repository."""
    shutil.copy(payload(tmp_path, harm), repository / "git")
    monkeypatch.chdir(repository)
    monkeypatch.setenv("PATH", os.pathsep.join([".", "", str(repository), os.environ["PATH"]]))
    assert past(repository).read("template.yaml") == b"two"
    monkeypatch.setenv("PATH", os.pathsep.join([".", str(repository)]))
    with pytest.raises(GitError, match="needs git"):
        past(repository)


def test_a_repository_of_the_whole_file_system_does_not_hide_git(repository: Path) -> None:
    """As in a container whose root is a checkout: then every program lies in it."""
    whole = Repository(top="/", git_dir=str(repository / ".git"))
    assert Commit(whole, "HEAD").read("/template.yaml") == b"two"


# Whose it is ---------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("part", [".git", "commondir"])
def test_a_repository_of_another_user_is_refused_unless_that_is_said(
    repository: Path, tmp_path: Path, part: str
) -> None:
    place = repository
    if part == "commondir":
        place = tmp_path / "tree"
        git(repository, "worktree", "add", "--quiet", str(place))
    os.chown(repository / ".git", 4711, 4711)
    with pytest.raises(GitError, match="belongs to another user") as caught:
        repository_of(str(place))
    assert "--any-owner" in caught.value.hint
    trusted = repository_of(str(place), any_owner=True)
    assert trusted is not None
    assert Commit(trusted, "HEAD").read(str(place / "template.yaml")) == b"two"


def test_a_git_folder_that_is_none_is_an_error_and_not_passed_over(repository: Path) -> None:
    """The next one above would be the repository of somebody else."""
    (repository / "infra" / ".git").write_text("gitdir: ../nowhere\n")
    with pytest.raises(GitError, match="which is no git repository"):
        repository_of(str(repository / "infra" / "main.tf"))
    (repository / "infra" / ".git").write_text("nothing of the kind")
    with pytest.raises(GitError, match="nor does it name one"):
        repository_of(str(repository / "infra" / "main.tf"))


def test_outside_of_git_there_is_no_repository(tmp_path: Path) -> None:
    assert repository_of(str(tmp_path / "template.yaml")) is None
    assert top_of(str(tmp_path)) == str(tmp_path)


# Repositories that hold a part ---------------------------------------------------------------------------------------


@pytest.fixture
def origin(repository: Path) -> Path:
    """A repository of two commits that serves partial clones."""
    commit(repository, {"template.yaml": "three"})
    git(repository, "config", "uploadpack.allowFilter", "true")
    return repository


def clone(origin: Path, name: str, *options: str) -> Path:
    folder = origin.parent / name
    git(origin.parent, "clone", "--quiet", *options, f"file://{origin}", str(folder))
    return folder


@pytest.fixture
def spied(origin: Path, harm: Path) -> Path:
    """A clone without old files, which would run a command to fetch them."""
    folder = clone(origin, "blobless", "--filter=blob:none")
    git(folder, "config", "remote.origin.uploadpack", f"touch '{harm}'; git-upload-pack")
    return folder


def test_a_file_that_a_blobless_clone_lacks_is_an_error_and_nothing_is_fetched(spied: Path, harm: Path) -> None:
    assert past(spied).read(str(spied / "template.yaml")) == b"three", "what is here is read"
    with pytest.raises(GitError, match="is not in this repository") as caught:
        past(spied, "HEAD~1").read(str(spied / "template.yaml"))
    assert caught.value.hint == "git fetch --refetch --no-filter origin"
    assert past(spied, "HEAD~1").read(str(spied / "new.yaml")) is None, "what was not there needs no fetching"
    git(spied, "cat-file", "-p", "HEAD~1:template.yaml")
    works(harm)


def test_a_git_that_knows_no_ban_of_lazy_fetches_fetches_nothing_either(
    spied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gits before 2.45 without its fixes know only which protocols are allowed: none."""
    monkeypatch.delitem(_ENVIRONMENT, "GIT_NO_LAZY_FETCH")
    with pytest.raises(GitError, match="is not in this repository"):
        past(spied, "HEAD~1").read(str(spied / "template.yaml"))


def test_a_file_that_is_missing_among_others_is_an_error(spied: Path) -> None:
    with pytest.raises(GitError, match=r"template\.yaml of HEAD~1 is not in this repository"):
        dict(past(spied, "HEAD~1").files(str(spied)))


def test_a_folder_that_a_treeless_clone_lacks_is_an_error(origin: Path) -> None:
    folder = clone(origin, "treeless", "--filter=tree:0")
    with pytest.raises(GitError, match="cannot be listed") as caught:
        past(folder, "HEAD~1").read(str(folder / "template.yaml"))
    assert caught.value.hint == "git fetch --refetch --no-filter origin"


def test_a_commit_that_a_shallow_clone_lacks_is_an_error(origin: Path) -> None:
    folder = clone(origin, "shallow", "--depth=1")
    assert past(folder).read(str(folder / "template.yaml")) == b"three"
    with pytest.raises(GitError, match="HEAD~1 is no git revision here") as caught:
        past(folder, "HEAD~1")
    assert "fetch-depth: 0" in caught.value.hint


def test_worktrees_and_alternates_of_the_owner_count(origin: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    git(origin, "worktree", "add", "--quiet", str(tree), "HEAD")
    assert past(tree, "HEAD~1").read(str(tree / "template.yaml")) == b"two"
    shared = tmp_path / "shared"
    git(tmp_path, "clone", "--quiet", "--shared", str(origin), str(shared))
    assert past(shared, "HEAD~1").read(str(shared / "template.yaml")) == b"two"


def test_a_repository_of_sha256_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    git(folder, "init", "--quiet", "--object-format=sha256")
    commit(folder, {"template.yaml": "two"})
    assert past(folder).read(str(folder / "template.yaml")) == b"two"
