"""Whole comments, as they stand on a pull request, for eight inputs; ``pytest --update`` writes them anew.

What has to stand in each was worked out by hand from the price table of us-east-1, and no update can change it. An hour
of ml.m5.large costs 0.115 USD, of ml.g5.xlarge 1.408, of ml.g5.4xlarge 2.03; a GB of volume 0.14 a month, of which
ml.m5.large has 4 where no size is set; g5 have disks of their own.
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from markdown_it import MarkdownIt

from guardrail import cli
from guardrail.reporters.markdown import COMMENT_LIMIT
from tests.reporters.test_html import CHROMIUM, WIDTHS, measured

TESTS = Path(__file__).resolve().parent.parent
GOLDEN = Path(__file__).resolve().parent / "comments"


def template(counts: Mapping[str, str], parameters: str = "") -> str:
    """A template with a real-time endpoint on ml.m5.large for each name, with that many instances."""
    blocks = [
        f"""\
  {name.title()}Configuration:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - {{VariantName: main, ModelName: m, InstanceType: ml.m5.large, InitialInstanceCount: {count}}}
  {name.title()}:
    Type: AWS::SageMaker::Endpoint
    Properties: {{EndpointName: {name}, EndpointConfigName: !GetAtt {name.title()}Configuration.EndpointConfigName}}
"""
        for name, count in counts.items()
    ]
    return f"{parameters}Resources:\n{''.join(blocks)}"


def scenario(name: str) -> Callable[[Path], list[str]]:
    """The plan of a story, with its source."""

    def write(folder: Path) -> list[str]:
        shutil.copytree(TESTS / "scenarios" / name, folder, dirs_exist_ok=True)
        return ["plan.json"]

    return write


def storefront(folder: Path) -> list[str]:
    """The example of the repository."""
    shutil.copytree(TESTS.parent / "examples" / "storefront", folder, dirs_exist_ok=True)
    return ["plan.json"]


def twelve(folder: Path) -> list[str]:
    """Twelve endpoints, the number of each its instances; each had one before."""
    names = [f"service{number:02}" for number in range(1, 13)]
    (folder / "before.yaml").write_text(template(dict.fromkeys(names, "1")))
    (folder / "after.yaml").write_text(template({name: str(at) for at, name in enumerate(names, 1)}))
    return ["after.yaml", "--compare-to", "before.yaml", "--region", "us-east-1"]


def stacks(folder: Path) -> list[str]:
    """Five plans in folders of their own."""
    names = ("instance-type-update", "destroy", "tags-only-update", "no-sagemaker", "no-changes")
    for name in names:
        (folder / "stacks" / name).mkdir(parents=True)
        shutil.copy(TESTS / "scenarios" / name / "plan.json", folder / "stacks" / name)
    return [f"stacks/{name}/plan.json" for name in names]


def undecided(folder: Path) -> list[str]:
    """One endpoint whose number of instances a parameter without a value decides."""
    parameters = "Parameters:\n  Stage: {Type: String, AllowedValues: [dev, prod]}\n"
    parameters += "Conditions:\n  IsProd: !Equals [!Ref Stage, prod]\n"
    (folder / "template.yaml").write_text(template({"chat": "!If [IsProd, 3, 1]"}, parameters))
    return ["template.yaml", "--region", "us-east-1"]


class Comment(NamedTuple):
    """An input, and what has to stand in its comment."""

    write: Callable[[Path], list[str]]
    told: Sequence[str]


COMMENTS = {
    # 2 x 1.408 x 730 = 2,055.68 before, 2 x 2.03 x 730 = 2,963.80 after, 908.12 more; 8 x 1,481.90 = 11,855.20 at most.
    # Mending saves one of the two: 908.12 - 1,481.90 = -573.78.
    "small": Comment(
        scenario("instance-type-update"),
        [
            "### ❌ This change adds 908 USD a month (2,056 → 2,964)",
            "Mending all of it brings the change to **−574** at best.",
            "| **+908** | 2,056&nbsp;→ 2,964 |",
            "2,964&nbsp;to 11,855",
            "up to −1,482 USD",
        ],
    ),
    # README.md of the example works out 1,380.27, 5,136.52 and what each finding would save: 1,345.39 + 493.12 +
    # 1,195.84 + 105.12 = 3,139.47, which leaves 3,756.25 - 3,139.47 = 616.78.
    "five": Comment(
        storefront,
        [
            "### ❌ This change adds 3,756 USD a month (1,380 → 5,137)",
            "**3 errors, 2 warnings.** Mending all of it brings the change to **+617** at best. Nothing is unknown;",
            '-    instance_type          = "ml.m5.12xlarge"\n+    instance_type          = "ml.m5.4xlarge"',
            "`max_capacity` 6 → 10: up to +676 | 0 | 528&nbsp;→ 528 |",
        ],
    ),
    # One costs 0.115 x 730 + 4 x 0.14 = 84.51. Before 12 x 84.51 = 1,014.12; after 78 x 84.51 = 6,591.78: 5,577.66
    # more. service12 has 11 more: 929.61. Scaled in to one each they would cost what they did: nothing more.
    "twelve": Comment(
        twelve,
        [
            "### ❌ This change adds 5,578 USD a month (1,014 → 6,592)",
            "| ❌ `service12`<br>1 → 12 instances | **+930** | 85&nbsp;→ 1,014 |",
            "| 1 endpoint unchanged | 0 | 85 |",
        ],
    ),
    # No type is known, so no amount is.
    "unknowns": Comment(
        scenario("unknown-instance-types"),
        [
            "### ❌ What this change adds is not known (0 → unknown)",
            "❔ **Not in these numbers:** ",
            "| unknown | 0&nbsp;→ unknown |",
        ],
    ),
    # Nothing is known of the configuration, before and after alike.
    "tags-only": Comment(
        scenario("tags-only-update"),
        ["### ❔ This change adds nothing, and what it costs is not known", "| `app`<br>2 tags | 0 |"],
    ),
    "nothing": Comment(scenario("no-sagemaker"), ["### ✅ No SageMaker inference, nothing to pay"]),
    # The first as above; of the second 2 x 1.408 x 730 = 2,055.68 go; the third has no price; the fourth and fifth are
    # nothing and unchanged.
    "stacks": Comment(
        stacks,
        [
            "| ❌ `instance-type-update`<br>1 changed | **+908** | 2,056&nbsp;→ 2,964 |",
            "| `no-sagemaker`<br>no endpoint | 0 | 0&nbsp;→ 0 |",
        ],
    ),
    # 84.51 for one, 253.53 for three, and nobody knows which.
    "undecided": Comment(
        undecided,
        ["85 to 254 USD a month", "| if `Stage=dev` | 85 | 85 |", "| if `Stage=prod` | 254 | 254 |"],
    ),
}


@pytest.fixture
def comment(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """The name of an input and its comment, written outside any repository on 2026-11-22."""
    name: str = request.param
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795305600")
    for variable in ("GITHUB_REPOSITORY", "GUARDRAIL_PRICES"):
        monkeypatch.delenv(variable, raising=False)
    arguments = COMMENTS[name].write(tmp_path)
    cli.main(["check", *arguments, "--format", "markdown=comment.md"])
    return name, (tmp_path / "comment.md").read_text(encoding="utf-8")


every = pytest.mark.parametrize("comment", COMMENTS, indirect=True)


@every
def test_the_comment_is_as_it_was(comment: tuple[str, str], request: pytest.FixtureRequest) -> None:
    name, text = comment
    golden = GOLDEN / f"{name}.md"
    if request.config.getoption("--update"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


@every
def test_the_comment_says_what_was_worked_out_by_hand(comment: tuple[str, str]) -> None:
    name, text = comment
    for words in COMMENTS[name].told:
        assert words in text


@every
def test_the_comment_is_whole_and_has_three_columns_at_most(comment: tuple[str, str]) -> None:
    _, text = comment
    assert len(text.encode()) < COMMENT_LIMIT
    assert text.count("<details>") == text.count("</details>")
    page = MarkdownIt("gfm-like", {"html": True}).render(text)
    rows = page.split("<tr>")[1:]
    assert {row.partition("</tr>")[0].count("<td") + row.partition("</tr>")[0].count("<th") for row in rows} <= {3}


STYLE = """
body { margin: 16px; font: 14px/1.5 -apple-system, BlinkMacSystemFont, "Segoe UI", "Noto Sans", Helvetica, Arial;
  overflow-wrap: break-word; }
table { display: block; width: max-content; max-width: 100%; overflow: auto; border-collapse: collapse; }
th, td { padding: 6px 13px; border: 1px solid; }
code { padding: .2em .4em; font: 85% ui-monospace, Menlo, monospace; white-space: break-spaces; }
pre { overflow: auto; }
"""
"""What of GitHub's style decides how wide a comment is."""


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_no_comment_runs_out_on_a_phone(tmp_path: Path) -> None:
    """Unfolded, at 360 pixels and on a desk: no table scrolls sideways."""
    pages = {
        path.stem: f"<!doctype html><style>{STYLE}</style><body>{MarkdownIt('gfm-like', {'html': True}).render(text)}"
        for path in sorted(GOLDEN.glob("*.md"))
        if (text := path.read_text(encoding="utf-8").replace("<details", "<details open"))
    }
    found = measured(pages, tmp_path)
    assert len(found) == len(COMMENTS) * len(WIDTHS)
    assert {name: each["out"] for name, each in found.items() if each["out"]} == {}
