"""Links lead to lines as they were read: to the head of the pull request where a file is the same there."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from guardrail.github.links import links

REPOSITORY = "https://github.com/acme/shop"


class Checkout:
    """A pull request that was merged into its base: ``same.tf`` is as at the head, ``other.tf`` is the base's, too."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "--quiet")
        self.base = self.commit(other="1\n2\n3\n")
        self.head = self.commit(same="x\n")
        self.merge = self.commit(other="0\n1\n2\n3\n")
        self.environment = {
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_REPOSITORY": "acme/shop",
            "GITHUB_SHA": "f" * 40,
            "GITHUB_RUN_ID": "7",
            "GITHUB_EVENT_PATH": str(folder / "event.json"),
        }
        self.is_for(self.head)

    def git(self, *arguments: str) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        done = subprocess.run(["git", *who, *arguments], cwd=self.folder, capture_output=True, text=True, check=True)  # noqa: S607
        return done.stdout.strip()

    def commit(self, **files: str) -> str:
        for name, text in files.items():
            (self.folder / f"{name}.tf").write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "x")
        return self.git("rev-parse", "HEAD")

    def is_for(self, head: str) -> None:
        side = {"sha": head, "repo": {"full_name": "acme/shop"}}
        (self.folder / "event.json").write_text(json.dumps({"pull_request": {"number": 7, "head": side, "base": side}}))

    def shows(self, **environment: str) -> dict[str, str] | None:
        """The commit that each file is linked at."""
        paths = ("same.tf", "other.tf")
        found = links(self.environment | environment, str(self.folder), paths, any_owner=True)
        if found is None:
            return None
        blobs = {path: found.elsewhere.get(path, found.blob) for path in paths}
        assert all(blob.startswith(f"{REPOSITORY}/blob/") for blob in blobs.values())
        return {path: blob.rpartition("/")[2] for path, blob in blobs.items()}


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_a_file_that_the_merge_leaves_alone_is_shown_at_the_head_and_one_that_it_moves_as_it_was_read(
    checkout: Checkout,
) -> None:
    assert checkout.shows() == {"same.tf": checkout.head, "other.tf": checkout.merge}


def test_a_checkout_of_the_head_shows_the_head(checkout: Checkout) -> None:
    checkout.git("checkout", "--quiet", checkout.head)
    assert checkout.shows() == dict.fromkeys(("same.tf", "other.tf"), checkout.head)


def test_a_checkout_without_the_head_shows_what_was_read(checkout: Checkout) -> None:
    """As with fetch-depth: 1, where nobody can compare."""
    checkout.is_for("e" * 40)
    assert checkout.shows() == dict.fromkeys(("same.tf", "other.tf"), checkout.merge)


def test_a_run_of_no_pull_request_shows_the_commit_that_was_read(checkout: Checkout) -> None:
    assert checkout.shows(GITHUB_EVENT_PATH="") == dict.fromkeys(("same.tf", "other.tf"), checkout.merge)


def test_without_git_it_is_the_commit_that_the_run_is_for(checkout: Checkout, tmp_path_factory: Any) -> None:
    elsewhere = os.fspath(tmp_path_factory.mktemp("no repository"))
    found = links(checkout.environment, elsewhere, ["a.tf"], any_owner=True)
    assert found is not None
    assert (found.blob, found.elsewhere) == (f"{REPOSITORY}/blob/{'f' * 40}", {})
    nameless = checkout.environment | {"GITHUB_SHA": "main"}
    assert links(nameless, elsewhere, ["a.tf"], any_owner=True) is None


def test_what_the_commit_has_not_as_it_was_read_is_not_linked(checkout: Checkout) -> None:
    """A step has written one file anew and made another; only ends of lines differ in the third."""
    (checkout.folder / "other.tf").write_text("0\n0\n1\n2\n3\n")
    (checkout.folder / "made.tf").write_text("x\n")
    (checkout.folder / "same.tf").write_bytes(b"x\r\n")
    found = links(checkout.environment, str(checkout.folder), ["made.tf", "other.tf", "same.tf"], any_owner=True)
    assert found is not None
    assert found.elsewhere == {"made.tf": "", "other.tf": ""}


def test_the_page_of_the_run_is_linked(checkout: Checkout) -> None:
    found = links(checkout.environment, os.fspath(checkout.folder), (), any_owner=True)
    assert found is not None
    assert found.run == f"{REPOSITORY}/actions/runs/7"


@pytest.mark.parametrize(
    "environment",
    [
        {"GITHUB_SERVER_URL": ""},
        {"GITHUB_SERVER_URL": "javascript:alert(1)"},
        {"GITHUB_SERVER_URL": "https://evil.com/)x"},
        {"GITHUB_REPOSITORY": "acme"},
        {"GITHUB_REPOSITORY": "acme/shop](http://evil)"},
    ],
)
def test_what_is_no_place_on_a_server_is_no_link(environment: dict[str, str], checkout: Checkout) -> None:
    assert checkout.shows(**environment) is None
