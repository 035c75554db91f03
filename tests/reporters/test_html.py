"""The page: what it says, that it needs nothing but itself, and, where there is a Chromium, how it looks."""

import os
import re
import shutil
import struct
import subprocess
import zlib
from html import unescape
from pathlib import Path

import pytest
from msgspec import structs

from guardrail.model import Location, Skipped
from guardrail.policy.base import AppliedWaiver, Remediation
from guardrail.report import Report, SkippedReport, Source, Totals
from guardrail.reporters.html import render
from tests.reporters.reports import chat, docs, endpoint, finding, monthly, report, variant

ADDRESS = 'module.docs["a"].aws_appautoscaling_target.this'


def words(page: str) -> str:
    """The text of a page, without its style sheet, a blank for each run of them."""
    body = page.partition("<body>")[2]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", body)))


def articles(page: str) -> list[str]:
    return re.findall(r"<article.*?</article>", page, re.DOTALL)


def bars(text: str, kind: str) -> list[tuple[str, str]]:
    """Where each rectangle of this kind begins, and how wide it is."""
    return re.findall(
        rf'<rect class="{kind}" x="([^"]*)" y="[^"]*" width="([^"]*)"', text.partition("<main>")[2] or text
    )


def test_the_page_needs_nothing_but_itself() -> None:
    page = render(report())
    assert page.startswith("<!doctype html>")
    assert "<script" not in page
    assert "default-src 'none'" in page
    assert set(re.findall(r'(?:href|src)="([^"#]+)', page)) == {
        "https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-autoscale.html"
    }
    assert "url(" not in page
    assert "@import" not in page


def test_cost_change_and_verdict_stand_on_top() -> None:
    top = words(render(report()))
    assert "596.61 USD a month + usage" in top
    assert "✗ Fails +424.93 with this change 1 error" in top
    assert "before 171.68 171.68 171.68 after 425.91 596.61 1,277.73 change +254.23 +424.93 +1,106.05" in top


def test_bars_share_one_axis() -> None:
    """The axis ends at the dearest ceiling, 1,024.20.

    chat-prod: 341.40 / 1,024.20 = 33.33 %, (1,024.20 - 341.40) / 1,024.20 = 66.67 %, 512.10 / 1,024.20 = 50 %.
    docs: 84.51 / 1,024.20 = 8.25 %, (253.53 - 84.51) / 1,024.20 = 16.50 %.
    """
    page = render(report())
    assert bars(page, "floor") == [("0", "33.33%"), ("0", "8.25%")]
    assert bars(page, "range") == [("33.33%", "66.67%"), ("8.25%", "16.50%")]
    first, second = articles(page)
    assert 'class="mark" x1="50.00%"' in first
    assert 'class="mark" x1="8.25%"' in second


def test_before_and_after_are_two_bars() -> None:
    """Before it was 42.255 at most: 42.255 / 253.53 = 16.67 % of an axis that ends at 253.53."""
    grown = structs.replace(docs(), before=monthly("42.255", "42.255", "42.255"))
    (article,) = articles(render(report(endpoints=(grown,))))
    past = article.partition('<g class="past">')[2].partition("</g>")[0]
    assert bars(past, "floor") == [("0", "16.67%")]
    assert "before 42.26 42.26 42.26 after 84.51 84.51 253.53 change +42.26 +42.26 +211.28" in words("<body>" + article)


def test_a_deleted_endpoint_has_a_past_and_no_bar_beside_it() -> None:
    gone = structs.replace(
        docs(),
        endpoint=structs.replace(docs().endpoint, change="delete"),
        before=monthly("84.51", "84.51", "253.53"),
        cost=None,
    )
    (article,) = articles(render(report(endpoints=(gone,), results=())))
    assert bars(article, "floor") == [("0", "33.33%")]  # 84.51 / 253.53
    assert "before 84.51 84.51 253.53 change -84.51 -84.51 -253.53" in words("<body>" + article)


def test_the_axis_has_round_amounts() -> None:
    """Up to 1,024.20 in steps of 500: 500 / 1,024.20 = 48.82 %, 1,000 / 1,024.20 = 97.64 %."""
    found = re.findall(r'class="tick" x="([^"]*)" y="51" text-anchor="(\w+)">([^<]*)<', articles(render(report()))[0])
    assert found == [("48.82%", "middle", "500"), ("97.64%", "end", "1,000")]


def test_a_bar_is_described_to_those_who_do_not_see_it() -> None:
    assert (
        'role="img" aria-label="chat-prod. a month: floor 341.40, expected 512.10, ceiling 1,024.20 USD a month"'
    ) in render(report())


def test_every_line_of_the_bill_has_usage_type_price_basis_and_origin() -> None:
    text = words(articles(render(report()))[0].replace("<article", "<body><article"))
    assert "Every line of the bill (4)" in text
    assert "main ml.m5.xlarge expected is assumed USE1-Host:ml.m5.xlarge 0.23 per h · published 2026-05-20" in text
    assert "price: AWS price list" in text
    assert "count.floor: scalable target count.expected: assumption hours: 730 h a month" in text
    assert "2 – 6 · 1,460 – 4,380 h 335.80 503.70 1,007.40" in text
    assert "main volume 20 GB" in text
    assert "2 – 6 · 40 – 120 GB-month 5.60 8.40 16.80" in text
    assert "endpoint data in depends on usage USE1-Hst:Data-Bytes-In 0.016 per GB · published" in text
    assert "derived 2023-12-01" in words(render(report()))


def test_findings_stand_beside_the_bars_of_their_endpoint() -> None:
    first, second = articles(render(report()))
    assert "No findings" in first
    assert "async-scales-to-zero" in second
    assert "infra/docs.tf:12" in second
    assert "<code>min_capacity = 0</code>" in second


def test_a_finding_says_its_fix_and_what_to_know() -> None:
    fix = Remediation(terraform="min_capacity = 0\nor a schedule", cloudformation="MinCapacity: 0")
    text = words(render(report(results=(finding(message="too dear", fix=fix, notes=("keep two",)),))))
    assert "too dear Fix: min_capacity = 0 or a schedule keep two" in text


def test_a_finding_about_no_endpoint_stands_above_all() -> None:
    page = render(report(results=(finding("monthly-cost-within-budget", endpoint=None, variant=None),)))
    assert "About the whole" in page
    assert page.index("monthly-cost-within-budget") < page.index("<article")


def test_the_same_lines_to_change_stand_once_and_are_linked() -> None:
    page = render(report(results=(finding(), finding(variant="v2"))))
    assert page.count("<code>min_capacity = 0</code>") == 1
    assert '<pre id="fix-1"' in page
    assert '<a href="#fix-1">' in page


def test_the_dearest_endpoint_comes_first() -> None:
    names = re.findall(r"<h3><bdi>([^<]*)", render(report(endpoints=(docs(), chat()))))
    assert names == ["chat-prod", "docs"]


def test_what_the_change_leaves_alone_is_folded_away() -> None:
    same = structs.replace(docs(), unchanged=True, before=monthly("84.51", "84.51", "253.53"))
    page = render(report(endpoints=(chat(), same)))
    assert "<details><summary>Unchanged (1)</summary>" in page
    assert page.index("<h3><bdi>docs") > page.index("Unchanged (1)")


def test_what_is_not_deployed_is_in_no_total_and_says_so() -> None:
    spare = structs.replace(docs(), endpoint=structs.replace(docs().endpoint, deployed="no"))
    page = render(report(endpoints=(chat(),), unattached=(spare,)))
    assert page.index("no total includes them") < page.index("<h3><bdi>docs")


def test_what_does_not_count_is_listed_at_the_end() -> None:
    waiver = AppliedWaiver(reason="load test", until="2027-01-31", owner="ada", origin=".guardrail.yml")
    text = words(
        render(
            report(
                results=(
                    finding("old", status="existing"),
                    finding("not-known", verdict="open", reason="known only after apply"),
                    finding("fine-by-us", verdict="waived", waiver=waiver),
                    finding("all-right", verdict="pass", status=None),
                ),
                skipped=(
                    SkippedReport(source="plan.json", resource=Skipped(address="a.b", type="a", reason="no link")),
                ),
                notices=("a notice",),
            )
        )
    )
    assert f"Undecided (1) error not-known {ADDRESS}: known only after apply" in text
    assert f"From before this change (1) error old {ADDRESS}, up to 84.51 USD a month" in text
    assert f"Accepted (1) error fine-by-us {ADDRESS} until 2027-01-31 by ada: load test" in text
    assert "Skipped (1) a.b: no link" in text
    assert "a notice" in text
    assert "all-right" not in text


def test_nothing_to_pay_is_no_number() -> None:
    empty = report(
        endpoints=(), results=(), exit_code=0, totals=Totals(before=None, after=monthly("0", "0", "0"), delta=None)
    )
    text = words(render(empty))
    assert "No SageMaker inference" in text
    assert "0.00" not in text


def test_several_inputs_are_told_apart() -> None:
    sources = tuple(
        Source(id=path, path=path, kind="terraform-plan", format_version="1.2", has_before=True, complete=True)
        for path in ("plan.json", "other.json")
    )
    page = render(report(sources=sources, endpoints=(chat(), structs.replace(docs(), source="other.json"))))
    assert "<bdi>other.json</bdi>" in articles(page)[1]


def test_the_same_report_gives_the_same_bytes() -> None:
    assert render(report()) == render(report())


# As it looks ---------------------------------------------------------------------------------------------------------

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PHONE = 390
MARGIN = 10
"""Pixels at the right that a phone leaves free; the page's own margin is 14."""


def picture(page: str, folder: Path, width: int, height: int, *flags: str) -> list[bytes]:
    """The lines of pixels of a page, three or four bytes for each pixel, as Chromium draws them."""
    assert CHROMIUM
    source, target = folder / "page.html", folder / "page.png"
    source.write_text(page, encoding="utf-8")
    headless = (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        f"--user-data-dir={folder}/profile",
    )
    done = subprocess.run(
        [CHROMIUM, *headless, *flags, f"--window-size={width},{height}", f"--screenshot={target}", source.as_uri()],
        env={**os.environ, "HOME": str(folder)},
        capture_output=True,
        timeout=60,
        check=False,
    )
    if not target.exists():
        pytest.skip(f"Chromium draws nothing here: {done.stderr[-200:]!r}")
    return pixels(target.read_bytes())


def pixels(png: bytes) -> list[bytes]:
    """The lines of a picture of 8 bits a channel, its filters undone as the PNG specification has it (12.2)."""
    width, channels = struct.unpack(">I", png[16:20])[0], {2: 3, 6: 4}[png[25]]
    at, packed = 8, b""
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        packed += png[at + 8 : at + 8 + size] if kind == b"IDAT" else b""
        at += 12 + size
    data, stride = zlib.decompress(packed), width * channels
    lines, previous = [], bytearray(stride)
    for start in range(0, len(data), stride + 1):
        previous = undone(data[start], bytearray(data[start + 1 : start + 1 + stride]), previous, channels)
        lines.append(bytes(previous))
    return lines


def undone(kind: int, line: bytearray, above: bytearray, step: int) -> bytearray:
    for at in range(len(line)):
        left = line[at - step] if at >= step else 0
        corner = above[at - step] if at >= step else 0
        line[at] = (
            line[at] + (0, left, above[at], (left + above[at]) // 2, paeth(left, above[at], corner))[kind]
        ) & 255
    return line


def paeth(left: int, above: int, corner: int) -> int:
    guess = left + above - corner
    return min((left, above, corner), key=lambda value: abs(guess - value))


def wide() -> Report:
    """Names, messages and amounts that would burst a narrow page."""
    long = "A" * 300
    item = docs()
    assert item.cost
    dear = monthly("12345678.90", "12345678.90", "123456789.01")
    named = endpoint(long, variant(long, instance_type=long), address=f"aws_sagemaker_endpoint.{long}")
    priced = structs.replace(item.cost, monthly=dear)
    one = structs.replace(item, endpoint=named, cost=priced, before=dear)
    mine = finding(endpoint=named.address, address=long, message=long, location=Location(f"{long}.tf", 1))
    return report(endpoints=(one,), results=(mine,))


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_a_phone_shows_the_page_without_scrolling_sideways(tmp_path: Path) -> None:
    opened = render(wide()).replace("<details", "<details open")
    lines = picture(opened, tmp_path, PHONE, 700)
    channels = len(lines[0]) // PHONE
    paper = lines[0][:channels]
    assert paper == bytes((0xFB, 0xFB, 0xF9, 0xFF))[:channels]
    assert {line[-MARGIN * channels :] for line in lines} == {paper * MARGIN}
    assert len(set(lines)) > 100  # there is something to see


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_the_page_is_dark_where_the_reader_wants_it(tmp_path: Path) -> None:
    first = picture(render(report()), tmp_path, 500, 120, "--force-dark-mode")[0]
    assert first[:3] == bytes((0x12, 0x14, 0x16))
