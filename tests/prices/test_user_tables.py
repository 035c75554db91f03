"""Which tables of the user's count, and where they lie."""

from pathlib import Path

import pytest

from guardrail.prices.user_tables import chosen, default_directory


def test_the_flag_goes_before_the_environment_before_the_settings_before_the_data_directory(tmp_path: Path) -> None:
    data = tmp_path / "guardrail" / "prices"
    home = {"XDG_DATA_HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}
    assert chosen("flag", {**home, "GUARDRAIL_PRICES": "environment"}, "settings") == "flag"
    assert chosen(None, {**home, "GUARDRAIL_PRICES": "environment"}, "settings") == "environment"
    assert chosen(None, home, "settings") == "settings"
    assert chosen(None, home) is None, "there are no tables in the data directory"
    data.mkdir(parents=True)
    (data / "manifest.json").write_text("{}")
    assert chosen(None, home) == default_directory(home)


@pytest.mark.parametrize("named", [("bundled", {}, None), (None, {"GUARDRAIL_PRICES": "bundled"}, "x")])
def test_bundled_means_no_tables_of_the_user(named: tuple[str | None, dict[str, str], str | None]) -> None:
    assert chosen(*named) is None


@pytest.mark.parametrize(
    ("platform", "environ", "ending"),
    [
        ("linux", {"XDG_DATA_HOME": "/data"}, "/data/guardrail/prices"),
        ("linux", {}, "/.local/share/guardrail/prices"),
        ("darwin", {"XDG_DATA_HOME": "/data"}, "/Library/Application Support/guardrail/prices"),
        ("win32", {"LOCALAPPDATA": "C:/Local"}, "C:/Local/guardrail/prices"),
    ],
)
def test_each_platform_has_its_place(platform: str, environ: dict[str, str], ending: str) -> None:
    assert default_directory(environ, platform).endswith(ending)
