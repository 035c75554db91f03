"""Which environment of before the change each one of today is, and what is said of it."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from guardrail.sources.past_sets import environments_then
from guardrail.sources.sets import PastEnvironments

DEV, PROD = "count = 1\nsize = 2\nzone = 3\n", "count = 7\nsize = 8\nzone = 9\n"


class Files:
    """The files of both sides, as texts."""

    def __init__(self, then: Mapping[str, str], now: Mapping[str, str]) -> None:
        self._then, self._now = then, now

    def is_new(self, path: str) -> bool:
        return path not in self._then

    def content(self, path: str) -> bytes:
        return self._then[path].encode()

    def today(self, path: str) -> bytes:
        return self._now[path].encode()

    def names(self, directory: str) -> Sequence[str]:
        inside = [path if directory == os.curdir else os.path.relpath(path, directory) for path in self._then]
        return list(dict.fromkeys(path.split(os.sep)[0] for path in inside if not path.startswith(os.pardir)))


def then(
    before: Mapping[str, str],
    after: Mapping[str, str],
    today: Mapping[str, tuple[str, ...]],
    told: Mapping[str, tuple[str, ...]] | None,
) -> PastEnvironments:
    for name, text in after.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(text)
    return environments_then(today, told, Files(before, after))


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_an_environment_keeps_its_label_whatever_its_files_are_called() -> None:
    """``prod`` is made of two files now, one of which is new, and ``dev`` of one that was called otherwise."""
    found = then(
        {"d.tfvars": DEV, "prod.tfvars": PROD},
        {"dev.tfvars": "count = 4\n", "common.tfvars": "size = 8\n", "prod.tfvars": "count = 7\n"},
        {"dev": ("dev.tfvars",), "prod": ("common.tfvars", "prod.tfvars")},
        {"dev": ("d.tfvars",), "prod": ("prod.tfvars",)},
    )
    assert found == PastEnvironments(files={"dev": ("d.tfvars",), "prod": ("prod.tfvars",)})


def test_an_environment_with_another_label_and_the_same_files_is_the_same() -> None:
    files = {"dev.tfvars": DEV}
    found = then(files, files, {"development": ("dev.tfvars",)}, {"dev": ("dev.tfvars",)})
    assert (found.files, found.gone) == ({"development": ("dev.tfvars",)}, {})
    assert found.said == {"development": "development was called dev before the change"}


@pytest.mark.parametrize(
    "told", [{"dev": ("e/dev.tfvars",), "prod": ("e/prod.tfvars",)}, None], ids=["told", "not told"]
)
def test_one_that_was_renamed_altogether_is_told_by_what_its_files_say(
    told: Mapping[str, tuple[str, ...]] | None,
) -> None:
    """Two of the three lines of each are as they were; the names are the same in both."""
    found = then(
        {"e/dev.tfvars": DEV, "e/prod.tfvars": PROD},
        {"e/a.tfvars": PROD.replace("7", "70"), "e/b.tfvars": DEV},
        {"a": ("e/a.tfvars",), "b": ("e/b.tfvars",)},
        told,
    )
    assert found.files == {"a": ("e/prod.tfvars",), "b": ("e/dev.tfvars",)}
    assert found.said["a"] == "a was made of e/prod.tfvars before the change"
    assert found.gone == {}


def test_the_only_one_that_sets_the_same_is_taken_for_it_and_said_to_be() -> None:
    found = then({"dev.tfvars": "count = 1\n"}, {"qa.tfvars": "count = 2\n"}, {"qa": ("qa.tfvars",)}, None)
    assert found.files == {"qa": ("dev.tfvars",)}
    assert found.said["qa"].startswith("qa is taken for what dev.tfvars made before the change")


def test_files_in_a_folder_that_was_renamed_are_told_by_their_names() -> None:
    """All three are alike but for one number, and prod has another one than before."""
    before = {f"infra/env/{name}.tfvars": "count = 1\n" for name in ("dev", "qa", "prod")}
    after = {f"infra/values/{name}.tfvars": "count = 1\n" for name in ("dev", "qa")}
    Path("infra").mkdir()
    after["infra/values/prod.tfvars"] = "count = 3\n"
    today = {_name(path): (path,) for path in after}
    assert then(before, after, today, None).files == {_name(path): (path,) for path in before}


def _name(path: str) -> str:
    return Path(path).stem


def test_of_several_that_set_the_same_none_is_guessed() -> None:
    before = {"dev.tfvars": "count = 1\n", "prod.tfvars": "count = 5\n"}
    found = then(before, {"qa.tfvars": "count = 2\n"}, {"qa": ("qa.tfvars",)}, None)
    assert found == PastEnvironments()


def test_what_settings_said_then_and_say_no_more_is_gone() -> None:
    files = {"dev.tfvars": DEV, "prod.tfvars": PROD}
    told = {"dev": ("dev.tfvars",), "prod": ("prod.tfvars",)}
    found = then(files, files, {"dev": ("dev.tfvars",)}, told)
    assert (found.files, found.gone) == ({"dev": ("dev.tfvars",)}, {"prod": ("prod.tfvars",)})


def test_an_environment_that_settings_name_for_the_first_time_was_there_if_its_file_was() -> None:
    files = {"common.tfvars": "size = 1\n", "dev.tfvars": DEV}
    today = {"dev": ("common.tfvars", "dev.tfvars"), "qa": ("common.tfvars", "qa.tfvars")}
    found = then(files, files | {"qa.tfvars": "count = 1\n"}, today, None)
    assert found == PastEnvironments(files={"dev": ("common.tfvars", "dev.tfvars")})
