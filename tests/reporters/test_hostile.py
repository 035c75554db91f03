"""Whatever a plan calls things, no report lets it act: not in a terminal, a comment, a page, a log or a test report."""

import json
import re
from html.parser import HTMLParser
from typing import Any
from unicodedata import bidirectional
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis.strategies import characters, sampled_from, text
from markdown_it import MarkdownIt
from msgspec import structs

from guardrail.model import INSTANCE_COUNT, Location, ScalableTarget, Skipped, Unknown
from guardrail.policy.base import AppliedWaiver, Remediation, Result
from guardrail.report import EndpointReport, Report, SkippedReport, Source
from guardrail.reporters import FORMATS, reporter
from guardrail.reporters.base import Links, Options
from guardrail.reporters.gfm import prose
from tests.reporters.reports import chat, docs, endpoint, finding, report, variant

NAMES = {
    "the issue's": "x | <img src=x onerror=alert(1)> @everyone ](http://evil) %0A::set-output name=a::b",
    "backticks": "`` ``` `@everyone` <script>alert(1)</script> ```\n# heading\n```",
    "line breaks": "a\n::error::b\r\n::add-mask::c\x85::d\u2028::e\u2029::f",
    "at the start of a line": "::add-mask::secret",
    "older commands": "##[add-mask]x ##vso[task.setvariable variable=a]b ###[error]c",
    "right to left": "ab\u202egnp.exe\u202c \u2066x\u2069 \u200f\u061c \u05d0\u05d1",
    "terminal": "\x1b[31mred\x1b]8;;http://evil\x07link\x1b]8;;\x07 \x9b2J \x00 \x7f",
    "Markdown": "**b** _i_ [t](http://evil) ![i](http://evil/i.png) <http://evil> # ~~s~~",
    "what GitHub links": "www.evil.com a@evil.com #12 GH-12 octo/repo#12 :smile: 0123456789abcdef01234567",
    "HTML": "</code></details></td></article><!-- --> --> &lt;b&gt; &#64;everyone ]]> <svg onload=alert(1)> \"'",
    "templates": "{{ 7 * 7 }} {% raw %} ${jndi:ldap://evil} {0} %s %n",
    "lists and headings": "1. one\n- two\n# three\n===\n> four",
    "invisible": "a\u200bb\u2060c\ufeffd\u00ade\U000e0041f",
    "not in XML": "\ufffe\uffff\ud800 \x0b",
    "half a table": "\\| \\\\| |--|--| \\",
    "empty": "",
    "blank": "   ",
    "long": "@everyone " * 1_000,
    "long without a space": "A" * 10_000,
}
DOCUMENTATION = "https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-autoscale.html"
BLOB = f"https://github.com/acme/shop/blob/{'a' * 40}"
HERE = Options(tag="network/prod", root="/repository", links=Links(blob=BLOB))


def spread(name: str) -> Report:
    """A report in which everything that a plan can choose is ``name``."""
    address = f'aws_sagemaker_endpoint.this["{name}"]'
    target = ScalableTarget(address=address, dimension=INSTANCE_COUNT, min_capacity=1, max_capacity=3)
    hostile = variant(name, instance_type=name, scaling=target)
    items = tuple(
        structs.replace(item, source=name, endpoint=endpoint(name, hostile, address=f"{address}{at}"))
        for at, item in enumerate((chat(), docs()))
    )
    nameless = structs.replace(endpoint(address=name), name=Unknown("r", partial=name), variants=Unknown(name))
    unknown = structs.replace(docs(), source=name, endpoint=nameless, environment=Unknown(name))
    found: dict[str, Any] = {"source": name, "endpoint": f"{address}0", "variant": name, "help_uri": DOCUMENTATION}
    lines = Remediation(terraform=f"{name}\n  {name}", cloudformation=name)
    found |= {"fix": lines, "remediation": lines, "notes": (name,)}
    waiver = AppliedWaiver(reason=name, until="2027-01-31", owner=name, origin=name)
    results: tuple[Result, ...] = (
        finding(**found, address=address, message=f"{name} costs too much", location=Location(name[:255] or "x", 12)),
        finding("p-warning", **found, address=name, message=name, location=None, severity="warning"),
        finding("p-note", **found, address=name, message=name, location=None, severity="note"),
        finding("p-old", **found, address=name, message=name, location=None, status="existing"),
        finding(**found, address=name, message=name, location=None, verdict="open", reason=name),
        finding(**found, address=name, message=name, location=None, verdict="waived", waiver=waiver),
        finding(**found, address=name, message=name, location=None, verdict="pass", status=None),
    )
    return report(
        settings_file=name,
        usage_file=name,
        baseline_file=name,
        sources=tuple(
            Source(
                id=each, path=each[:255], kind="terraform-plan", format_version=name, has_before=True, complete=False
            )
            for each in (name, f"{name}#2")
        ),
        endpoints=(*items, unknown),
        unattached=(unknown,),
        results=results,
        skipped=(SkippedReport(source=name, resource=Skipped(address=name, type=name, reason=name)),),
        notices=(name,),
        strict=True,
        distrust=(name,),
    )


def is_utf8(name: str) -> bool:
    """Whether a plan can hold ``name``: it is JSON in UTF-8, without half characters. File names can have them."""
    return "\ud800" not in name


hostile = pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)


@pytest.mark.parametrize("format_", [name for name in FORMATS if name != "json"])
@hostile
def test_nothing_invisible_is_written_and_nothing_turns_the_reading_direction(format_: str, name: str) -> None:
    """Except in JSON: there a program gets exactly the name that the plan has."""
    text = reporter(format_).render(spread(name), HERE)
    strange = {char for char in text if char != "\n" and not char.isprintable()}
    assert strange == set()
    assert not {bidirectional(char) for char in text} & {"RLE", "LRE", "RLO", "LRO", "PDF", "RLI", "LRI", "FSI", "PDI"}


@pytest.mark.parametrize("format_", FORMATS)
@hostile
def test_no_line_is_a_command_to_the_runner_whose_log_it_stands_in(format_: str, name: str) -> None:
    """GitHub takes ``::name::`` at the start of a line and ``##[name]`` anywhere in one, Azure ``##vso[``."""
    if format_ == "json" and not is_utf8(name):
        return
    for line in re.split(r"\r\n|\r|\n", reporter(format_).render(spread(name), HERE).rstrip("\n")):
        assert "##[" not in line
        assert "##vso" not in line
        if format_ == "github":
            assert re.match(r"::(error|warning) file=[^:,]+,line=\d+,endLine=\d+,title=[^:,]+::|::notice title=", line)
        else:
            assert not line.lstrip().startswith("::")


@pytest.mark.parametrize("format_", FORMATS)
def test_ten_thousand_characters_are_cut_wherever_people_read(format_: str) -> None:
    text = reporter(format_).render(spread("A" * 10_000), HERE)
    if format_ not in ("json", "csv"):
        assert "A" * 2_000 not in text
    assert text.endswith("\n")


# JSON ----------------------------------------------------------------------------------------------------------------


@hostile
def test_json_gives_a_program_the_name_itself(name: str) -> None:
    if not is_utf8(name):
        return
    answer = json.loads(reporter("json").render(spread(name), HERE))
    assert answer["endpoints"][0]["name"] == name
    assert answer["results"][1]["message"] == name


# Markdown ------------------------------------------------------------------------------------------------------------


class Outline(HTMLParser):
    """The elements of a page, and its text outside and inside of code."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str | None]] = set()
        self.text = ""
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= set(attrs)
        if tag not in ("br", "meta", "wbr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"code", "pre", "style"} & set(self.open):
            self.text += data


@pytest.mark.parametrize("format_", ["markdown", "summary"])
@hostile
def test_markdown_shows_names_as_code_where_neither_mentions_nor_links_work(format_: str, name: str) -> None:
    """As GitHub renders it: Markdown first, with tables and bare links, then mentions and issues outside of code."""
    text = reporter(format_).render(spread(name), HERE)
    page = Outline(MarkdownIt("gfm-like", {"html": True}).render(text))
    assert page.open == []
    ours = {"h3", "h4", "p", "table", "thead", "tbody", "tr", "th", "td", "strong", "code", "br", "wbr", "details"}
    assert page.tags <= ours | {"summary", "sub", "pre", "ul", "li", "a", "em"}
    links = {value or "" for key, value in page.attributes if key in ("href", "src")}
    assert {link for link in links if not re.fullmatch(rf"{BLOB}/[A-Za-z0-9._~/%-]+#L12", link)} <= {DOCUMENTATION}
    assert not {key for key, _ in page.attributes} - {"href", "class", "style"}
    for sign in ("@", "#", "http", "www.", "://", "GH-", ":smile:", "0123456", "{{", "<", "`", "_", "*"):
        assert sign not in page.text, sign


@hostile
def test_a_name_with_pipes_breaks_no_table(name: str) -> None:
    text = reporter("markdown").render(spread(name), HERE)
    page = MarkdownIt("gfm-like", {"html": True}).render(text)
    for row in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL):
        assert len(re.findall(r"<t[hd]", row)) == 3, row


@example("` <0")
@given(text(alphabet=characters(codec="utf-8") | sampled_from("`|*_<>@#[](){}!:/.\\\\=-+~&;0123456789abcdef \n")))
def test_no_sentence_at_all_becomes_more_than_words_and_code(sentence: str) -> None:
    page = Outline(MarkdownIt("gfm-like", {"html": True}).render(f"{prose(sentence)}\n\n- {prose(sentence)}\n"))
    assert page.open == []
    assert page.tags <= {"p", "code", "ul", "li"}
    without_counts = re.sub(r"<[~≥<+-]?(?=\d)", "", page.text)  # "<0" opens nothing
    assert not set(without_counts) & set("@#`*_<>[]{}|\\&")


# HTML ----------------------------------------------------------------------------------------------------------------


@hostile
def test_a_page_has_only_the_elements_of_its_template(name: str) -> None:
    page = Outline(reporter("html").render(spread(name), HERE))
    assert page.open == []
    assert not page.tags & {"script", "img", "iframe", "object", "embed", "link", "form", "base", "image", "use"}
    assert not [key for key, _ in page.attributes if key.startswith("on")]
    links = {value or "" for key, value in page.attributes if key in ("href", "src", "xlink:href", "action")}
    assert {link for link in links if not re.fullmatch(rf"#(fix|e)-\d+|{BLOB}/[A-Za-z0-9._~/%-]+#L12", link)} <= {
        DOCUMENTATION
    }


# The others ----------------------------------------------------------------------------------------------------------


@hostile
def test_junit_is_well_formed_and_shows_the_name_as_text(name: str) -> None:
    root = ET.fromstring(reporter("junit").render(spread(name), HERE))  # noqa: S314 - our own text
    assert {element.tag for element in root.iter()} == {
        "testsuites",
        "properties",
        "property",
        "testsuite",
        "testcase",
        "failure",
        "error",
        "skipped",
    }
    assert root.get("tests") == "8"  # 7 results, and why they are not trusted


@given(text(alphabet=characters(codec="utf-8")))
def test_no_message_breaks_junit_or_a_workflow_command(message: str) -> None:
    answer = report(results=(finding(message=message),))
    ET.fromstring(reporter("junit").render(answer))  # noqa: S314 - our own text
    assert reporter("github").render(answer).count("\n") == 1


@hostile
def test_sarif_has_no_link_in_a_message_and_a_path_that_is_a_uri(name: str) -> None:
    (run,) = json.loads(reporter("sarif").render(spread(name), HERE))["runs"]
    for result in run["results"]:
        assert "](" not in result["message"]["text"]
        (location,) = result["locations"]
        uri = location["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"[A-Za-z0-9._~/%-]+", uri)
        assert not uri.startswith(("/", "../"))


@hostile
def test_gitlab_takes_every_finding(name: str) -> None:
    entries = json.loads(reporter("gitlab").render(spread(name), HERE))
    assert entries[0]["check_name"] == "guardrail"  # it is not trusted, and says so first
    assert len(entries) == len({entry["fingerprint"] for entry in entries}) == 5


def taken_by_the_runner(line: str) -> tuple[str, dict[str, str], str]:
    """A command as GitHub's runner reads it: name, properties, message."""
    _, head, message = line.split("::", 2)
    name, _, listed = head.partition(" ")
    pairs = dict(pair.split("=", 1) for pair in listed.split(","))
    codes = (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%"))
    for code, char in codes:
        pairs = {key: value.replace(code, char) for key, value in pairs.items()}
    for code, char in (codes[0], codes[1], codes[4]):
        message = message.replace(code, char)
    return name, pairs, message


def test_a_workflow_command_says_what_the_plan_said() -> None:
    name = NAMES["the issue's"]
    untrusted, first, second, notice = reporter("github").render(spread(name), HERE).splitlines()
    shown = f'async-scales-to-zero: aws_sagemaker_endpoint.this["{name}"]'
    assert taken_by_the_runner(untrusted)[2] == name
    assert taken_by_the_runner(first)[0] == "error"
    assert taken_by_the_runner(first)[1]["title"] == shown
    assert taken_by_the_runner(first)[2].startswith(f"{name} costs too much\nFix: {name}\n")
    assert taken_by_the_runner(second)[0] == "warning"
    assert notice.startswith("::notice title=guardrail::1 more note")


# Secrets -------------------------------------------------------------------------------------------------------------


def sensitive() -> Report:
    """An endpoint whose type, count and volume are marked sensitive; they would show as ml.p4d.24xlarge and 7919."""
    item = chat()
    assert item.cost
    (priced,) = item.cost.children
    secrets = {
        "redacted": True,
        "detail": "ml.p4d.24xlarge",
        "usage_type": "USE1-Host:ml.p4d.24xlarge",
        "origins": {"count": "7919 in the plan"},
        "reason": None,
    }
    lines = tuple(structs.replace(component, **secrets) for component in priced.lines)
    cost = structs.replace(item.cost, children=(structs.replace(priced, lines=lines),))
    hidden = structs.replace(
        variant("main", instance_type="ml.p4d.24xlarge", initial_instance_count=7919, volume_size_gb=7919),
        sensitive=True,
    )
    one: EndpointReport = structs.replace(item, endpoint=endpoint("chat-prod", hidden), cost=cost)
    return report(endpoints=(one,), results=())


@pytest.mark.parametrize("format_", FORMATS)
def test_what_is_sensitive_is_nowhere(format_: str) -> None:
    text = reporter(format_).render(sensitive(), HERE)
    assert "p4d" not in text
    assert "7919" not in text
    assert "0.23" not in text  # the unit price would tell the type


def test_a_sensitive_line_keeps_its_monthly_amounts() -> None:
    assert "1,007.40" in reporter("html").render(sensitive(), HERE)
