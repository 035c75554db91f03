"""Reports read back from what people and machines get to see, as far as each format tells them.

Every reader returns what it finds of `ASPECTS`, as text of the format itself, and `told` says from the JSON report what
that text has to be. What a format cannot say is listed in `NOT_IN`, so that nothing is left out unseen.
"""

import csv
import re
from collections import Counter
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cached_property, lru_cache
from html.parser import HTMLParser
from io import StringIO
from typing import Any
from xml.etree import ElementTree as ET

from markdown_it import MarkdownIt
from msgspec.json import decode

from guardrail.reporters.wording import inert

ASPECTS = ("state", "verdict", "reasons", "exit", "counts", "budgets", "totals", "doubts")
NOT_IN: dict[str, dict[str, str]] = {
    "table": {"reasons": "budgets, threshold and --strict say why, each in a line of its own"},
    "markdown": {
        "exit": "the check of the pull request shows it",
        "reasons": "the marks of the rows and the budgets say why it fails",
    },
    "html": {},
    "sarif": {
        "budgets": "what a budget breaks is among the reasons",
        "totals": "its readers show findings, and no amounts",
    },
    "junit": {
        "exit": "the runner of a test report has its own",
        "budgets": "what a budget breaks is among the reasons",
        "totals": "its readers show cases, and no amounts",
    },
    "gitlab": dict.fromkeys(
        ("state", "verdict", "reasons", "exit", "budgets", "totals"), "an array of findings has no place for it"
    ),
    "concise": dict.fromkeys(
        ("state", "verdict", "reasons", "exit", "budgets", "totals"), "lines of findings have no place for it"
    ),
    "github": dict.fromkeys(
        ("state", "verdict", "reasons", "exit", "budgets", "totals"), "annotations of lines have no place for it"
    ),
    "csv": dict.fromkeys(
        ("state", "verdict", "reasons", "exit", "budgets", "counts", "doubts"), "a row is a component, not a judgement"
    ),
}
"""What is not in a format, and why."""

BOUNDS = ("floor", "expected", "ceiling")
MOST_LINES = 4
"""Of a report on nothing, however narrow it is."""
LONGEST = 1_000
"""Characters of a sentence in most formats."""
_MARKS = {"✓ PASSES": "passes", "✗ FAILS": "fails", "? CANNOT BE TRUSTED": "untrusted", "? NOTHING FAILS": "no pass"}
_MARKS |= {"✓ FAILS ON NOTHING": "tolerated"}
_ICONS = {"✅": "passes", "❌": "fails", "❓": "untrusted", "⚪": "tolerated", "❔": "no pass"}
_TAGS = {"✓ Passes": "passes", "✗ Fails": "fails", "? Cannot be trusted": "untrusted"}
_TAGS |= {"○ Fails on nothing": "tolerated", "○ Nothing fails, the cost is unknown": "no pass"}


# What the JSON report says, in the words of the formats ---------------------------------------------------------------


def is_unknown(amount: Any) -> bool:
    return isinstance(amount, dict)


def rounded(amount: Decimal, places: str, least: str) -> str:
    """Half to even, thousands apart; what is not zero never reads as zero."""
    text = f"{abs(amount.quantize(Decimal(places), ROUND_HALF_EVEN)):,}"
    return least if amount and not Decimal(text.replace(",", "")) else text


def dollars(amount: str) -> str:
    number = Decimal(amount)
    return f"{'−' if number < 0 else ''}{rounded(number, '1', '<1')}"


def cents(amount: str) -> str:
    number = Decimal(amount)
    return f"{'-' if number < 0 else ''}{rounded(number, '0.01', '<0.01')}"


def bound(monthly: Any, name: str, shown: Callable[[str], str] = dollars) -> str:
    """One bound of a month with the marks that it must carry."""
    if monthly is None:
        return "–"
    if is_unknown(monthly[name]) or (monthly["at_least"] and not Decimal(monthly["ceiling"])):
        return "unknown"
    sign = "~" if monthly["estimated"] and Decimal(monthly[name]) else ""
    return f"{'≥' if monthly['at_least'] else ''}{sign}{shown(monthly[name])}"


def expected(monthly: Any) -> str:
    """The expected month, or both of its ends where that is all that is known."""
    if not is_unknown(monthly["expected"]):
        return bound(monthly, "expected")
    return " to ".join(dict.fromkeys((bound(monthly, "floor"), bound(monthly, "ceiling"))))


def change(amount: Any, shown: Callable[[str], str] = dollars) -> str:
    if not is_unknown(amount):
        return f"{'+' if Decimal(amount) > 0 else ''}{shown(amount)}"
    ends = {sign: amount.get(key) for sign, key in (("≥", "at_least"), ("≤", "at_most"))}
    known = [(sign, end) for sign, end in ends.items() if end is not None]
    if len(known) != 1 or not Decimal(known[0][1]):
        return "unknown"
    return f"{known[0][0]}{change(known[0][1], shown)}"


def state(report: Any) -> str:
    found: str = report["overview"]["state"]
    return "nothing" if found.startswith("nothing") else found


def verdict(report: Any) -> str:
    found: str = report["overview"]["verdict"]
    return "no pass" if found == "passes" and state(report) == "unknown" else found


def budgets(report: Any) -> dict[str, int]:
    """How many budgets hold, are broken and are open."""
    return dict(Counter(each["state"] for each in report["budgets"]))


def broken_or_not(report: Any) -> dict[str, int]:
    states = [each["state"] == "broken" for each in report["budgets"]]
    return {"broken": states.count(True), "others": states.count(False)}


def counts(report: Any) -> dict[str, int]:
    found: dict[str, int] = {key: value for key, value in report["overview"]["counts"].items() if value}
    return found


def doubts(report: Any) -> list[str]:
    """What keeps the answer from being one, as it may be shown."""
    found = [*report["unread"], *(report["distrust"] if report["strict"] else [])]
    return [inert(each, LONGEST) for each in found]


def totals(report: Any, columns: str) -> list[str]:
    """The cells of the last row, for a format that has these columns."""
    before, after, delta = (report["totals"][key] for key in ("before", "after", "delta"))
    cells = {
        "before": lambda: bound(before, "expected"),
        "after": lambda: bound(after, "expected"),
        "change": lambda: change(delta["expected"]),
        "floor": lambda: bound(after, "floor"),
        "ceiling": lambda: bound(after, "ceiling"),
    }
    return [cells[column]() for column in columns.split()]


def in_cents(report: Any) -> list[str]:
    after = report["totals"]["after"]
    return [bound(after, name, cents) for name in BOUNDS]


# Reading --------------------------------------------------------------------------------------------------------------

_COUNTED = {
    "error": r"errors?(?! undecided)",
    "warning": r"warnings?",
    "note": r"notes?",
    "undecided_error": r"errors? undecided",
    "existing": r"findings? from before",
    "waived": r"waived",
}


def counted(text: str) -> dict[str, int]:
    """``2 errors, 1 waived`` as numbers, by the keys of the JSON report."""
    found = {key: re.search(rf"(?:^|, )([\d,]+) {words}\b", text) for key, words in _COUNTED.items()}
    return {key: int(match[1].replace(",", "")) for key, match in found.items() if match}


def in_words(report: Any) -> dict[str, int]:
    """The counts that prose tells: what is undecided of warnings and notes stands elsewhere."""
    return {key: value for key, value in report["overview"]["counts"].items() if value and key in _COUNTED}


def stated(headline: str) -> str:
    """What the first line of a report says of what is known."""
    if "o SageMaker inference" in headline:
        return "nothing"
    return "unknown" if re.search(r"hat it costs (is not|depends)|→ (unknown|usage)( USD|\)|$)", headline) else "known"


Told = dict[str, Any]


def of_table(text: str, report: Any) -> tuple[Told, Told]:
    """What a table tells, beside what it has to tell of ``report``."""
    lines = text.splitlines()
    told = {"state": state(report), "verdict": verdict(report), "exit": report["exit_code"], "counts": in_words(report)}
    told |= {"budgets": broken_or_not(report), "doubts": len(doubts(report)), "totals": []}
    if ": no SageMaker inference, nothing to pay · exit 0" in squeezed(" ".join(lines[:MOST_LINES])):
        found = {"state": "nothing", "verdict": "passes", "exit": 0, "counts": {}, "doubts": 0, "totals": []}
        return found | {"budgets": told["budgets"]}, told
    start = max(at for at, line in enumerate(lines) if re.match(r" [✓✗?] [A-Z ]+  \S", line))
    end = next(at for at in range(start + 1, len(lines)) if re.match(r" \S", lines[at]))
    block, rest = (" ".join(map(str.strip, part)) for part in (lines[start:end], lines[end:]))
    exits = re.search(r"exit (\d+) \(fail on \w+\)", rest)
    held = block.partition("budgets: ")[2]
    strict = re.search(r"cannot be trusted, ([\d,]+) things? above", " ".join(map(str.strip, lines)))
    row = next((line for line in lines if re.match(r" *(TOTAL|MONTHLY)\b", line)), "")
    columns = "before after change floor ceiling" if max(map(len, lines)) > 100 else "before after change ceiling"
    size = len(columns.split()) if "TOTAL" in row else len(BOUNDS)
    if row:
        told["totals"] = totals(report, columns) if "TOTAL" in row else in_cents(report)
    return {
        "state": stated(block),
        "verdict": _MARKS[block.partition("  ")[0]],
        "exit": int(exits[1]) if exits else None,
        "counts": counted(rest.partition(" · ")[0]),
        "budgets": {
            "broken": len(re.findall(r", above [\d,.<]+ \(", block)),
            "others": len(held.split("; ")) if held else 0,
        },
        "doubts": (int(strict[1].replace(",", "")) if strict else 0) + block.count("not read: "),
        "totals": row.removesuffix(" + usage").split()[-size:] if row else [],
    }, told


class Element:
    """An element of a page."""

    def __init__(self, tag: str, attributes: dict[str, str | None]) -> None:
        self.tag, self.attributes = tag, attributes
        self.holds: list[Element | str] = []
        self.below: list[Element] = []
        """Every element that it holds, in their order."""

    @cached_property
    def children(self) -> "list[Element]":
        """The elements in it, without those in them."""
        return [each for each in self.holds if isinstance(each, Element)]

    @cached_property
    def text(self) -> str:
        """The text of all that it holds."""
        return "".join(each.text if isinstance(each, Element) else each for each in self.holds)

    def all(self, tag: str, kind: str = "") -> "list[Element]":
        """Every element below with this tag and class, in their order."""
        return [
            each
            for each in self.below
            if each.tag == tag and kind in ("", *(each.attributes.get("class") or "").split())
        ]


class _Tree(HTMLParser):
    _EMPTY = ("meta", "br", "wbr", "hr", "img", "input", "link")

    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {})
        self.elements = self.root.below
        self.unclosed = [(self.root, 0)]
        """The elements that are open, each with how many there were before what is in it."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self.unclosed[-1][0].holds.append(element)
        self.elements.append(element)
        if tag not in self._EMPTY:
            self.unclosed.append((element, len(self.elements)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in self._EMPTY:
            closed, before = self.unclosed.pop()
            assert closed.tag == tag, f"</{tag}> closes <{closed.tag}>"
            closed.below = self.elements[before:]

    def handle_data(self, data: str) -> None:
        self.unclosed[-1][0].holds.append(data)

    def updatepos(self, i: int, j: int) -> int:  # noqa: ARG002 - nobody asks for a line
        return j


def tree(text: str) -> Element:
    """A page, or HTML that a comment is made to; an element that is not closed is an error."""
    reader = _Tree()
    reader.feed(text)
    reader.close()
    assert len(reader.unclosed) == 1, "an element is not closed"
    return reader.root


def rows(table: Element) -> list[list[str]]:
    return [[cell.text.strip() for cell in row.children] for row in table.all("tr")]


_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")
_MARKER = re.compile(r"\A<!-- guardrail:comment [^<>\n]*-->\n(?=#)")
"""The first line of a comment, which the summary of a run is without; the rest is often the same."""


@lru_cache(maxsize=2)
def _commented(text: str) -> Element:
    return tree(_MARKDOWN.render(text))


def of_comment(text: str, report: Any) -> tuple[Told, Told]:
    """What a comment tells once it is rendered."""
    page = _commented(_MARKER.sub("", text))
    (headline,) = page.all("h3")
    icon, _, sentence = headline.text.partition(" ")
    paragraphs = [one for one in page.children if one.tag == "p"]
    summary = next(one for one in paragraphs if one.children and one.children[0].text.endswith("."))
    found = summary.children[0].text[:-1]
    held = re.search(r"Budgets? holds?: (.*?)\.(?: |$)", summary.text)
    cells = [row[1:] for one in page.all("table")[:1] for row in rows(one) if row[0].startswith("USD a month")]
    said = letters(page.text)
    told = {"state": state(report), "verdict": verdict(report), "counts": in_words(report)}
    told |= {"budgets": broken_or_not(report), "doubts": doubts(report), "totals": []}
    if cells:
        told["totals"] = _sides(report)
    return {
        "state": stated(sentence),
        "verdict": _ICONS[icon],
        "counts": counted(f"{found[0].lower()}{found[1:]}"),
        "budgets": {
            "broken": sum(one.text.startswith("❌ Budget broken:") for one in paragraphs),
            "others": (len(held[1].split("; ")) if held else 0) + _of_groups(page, [one.text for one in paragraphs]),
        },
        "doubts": [each for each in doubts(report) if letters(each) in said],
        "totals": [squeezed(cell) for cell in cells[0]] if cells else [],
    }, told


def squeezed(text: str) -> str:
    return " ".join(text.split())


def _of_groups(page: Element, paragraphs: list[str]) -> int:
    """Limits that stand in the rows of groups, without those that a paragraph says are broken."""
    cells = [row[0] for one in page.all("table") for row in rows(one)]
    limits = sum(len(re.findall(r" of [\d,]+ (?:more )?(?:expected|at \w+)| is within ", cell)) for cell in cells)
    return limits - sum(bool(re.match(r"❌ Budget broken: \S+=", one)) for one in paragraphs) if limits else 0


def letters(text: str) -> str:
    """What is left of a text whatever a comment puts in the place of marks that could act."""
    return re.sub(r"[\W_]", "", text)


def _sides(report: Any) -> list[str]:
    """The cells of a comment's last row."""
    before, after, delta = (report["totals"][key] for key in ("before", "after", "delta"))
    if delta is not None:
        return [change(delta["expected"]), f"{_side(before)} → {_side(after)}"]
    ends = list(dict.fromkeys(bound(after, end).replace("~", "") for end in ("floor", "ceiling")))
    return [_side(after), "" if "unknown" in ends else " to ".join(ends)]


def _side(monthly: Any) -> str:
    nothing = monthly["depends_on_usage"] and not Decimal(monthly["ceiling"]) and not monthly["at_least"]
    return "usage" if nothing else expected(monthly)


def of_page(text: str, report: Any) -> tuple[Told, Told]:
    """What the page tells."""
    page = tree(text)
    (title,), first = page.all("h1"), page.all("p", "told")[0]
    mark, *reasons, found, code = [one.text for one in first.all("span")]
    totalled = [one for one in page.all("section") if one.all("h2") and one.all("h2")[0].text.startswith("In total")]
    told = {"state": state(report), "verdict": verdict(report), "exit": report["exit_code"], "counts": in_words(report)}
    threshold = f"(fail on {report['fail_on']})"  # beside the exit code: what counts stands among the counts
    reasons_told = [each for each in report["overview"]["reasons"] if not each.endswith(threshold)]
    told |= {"doubts": doubts(report), "reasons": [*reasons_told, threshold]}
    told |= {"budgets": budgets(report) if totalled else {}, "totals": {}}
    shown = {row[0]: row[1:] for one in totalled for row in rows(one.all("table", "sums")[0])[1:]}
    if totalled:
        told["totals"] = _sums(report, is_short="a month" in shown)
    if report["discounts"] and totalled:
        after = report["discounts"]["after"]
        told["totals"]["with discounts"] = [bound(after, name, cents) for name in BOUNDS]
    return {
        "state": stated(f"{title.text}{''.join(f' {one.text}' for one in first.all('strong'))}"),
        "verdict": _TAGS[mark],
        "exit": int(code.split()[1]),
        "counts": counted(found),
        "budgets": dict(
            Counter(tag.text for tag in page.all("span", "tag") if tag.text in ("broken", "open", "holds"))
        ),
        "doubts": [item.text for item in page.all("header")[0].all("li")],
        "reasons": [*reasons, code.partition(" ")[2].partition(" ")[2]],
        "totals": shown,
    }, told


def _sums(report: Any, *, is_short: bool) -> dict[str, list[str]]:
    """The rows of the page's totals, in cents; one is enough where nothing is other than before."""
    before, after, delta = (report["totals"][key] for key in ("before", "after", "delta"))
    if before is None or (is_short and before == after):
        return {"a month": in_cents(report)}
    return {
        "before": [bound(before, name, cents) for name in BOUNDS],
        "after": in_cents(report),
        "change": [change(delta[name], cents) for name in BOUNDS],
    }


def of_sarif(text: str, report: Any) -> tuple[Told, Told]:
    """What code scanning gets to know."""
    (run,) = decode(text)["runs"]
    (invocation,), judged, overview = run["invocations"], run["properties"], report["overview"]
    states = Counter((result["level"], result["baselineState"]) for result in run["results"])
    notes = [each["message"]["text"] for each in invocation.get("toolExecutionNotifications", [])]
    return {
        "state": judged["state"],
        "verdict": judged["verdict"],
        "reasons": judged["reasons"],
        "exit": invocation["exitCode"],
        "counts": {key: count for key, count in _by_severity(states).items() if count},
        "doubts": notes,
    }, {
        **{key: overview[key] for key in ("state", "verdict", "reasons")},
        "exit": report["exit_code"],
        "counts": _failures(report),
        "doubts": doubts(report),
    }


def _by_severity(states: Counter[tuple[str, str]]) -> dict[str, int]:
    found = {level: states[level, "new"] for level in ("error", "warning", "note")}
    return found | {"existing": sum(count for (_, how), count in states.items() if how == "unchanged")}


def _failures(report: Any, *keys: str) -> dict[str, int]:
    """The counts of what fails, as far as they are not nought."""
    found = report["overview"]["counts"]
    return {key: found[key] for key in keys or ("error", "warning", "note", "existing") if found[key]}


def of_junit(text: str, report: Any) -> tuple[Told, Told]:
    """What a test report tells."""
    document, overview = ET.fromstring(text), report["overview"]  # noqa: S314 - our own text
    known = {each.get("name"): each.get("value") for each in document.iter("property")}
    found = {"error": 0, "warning": 0, "note": 0} | Counter(str(each.get("type")) for each in document.iter("failure"))
    skipped = [str(each.get("message")) for each in document.iter("skipped")]
    for key, words in (("existing", "from before"), ("waived", "accepted until"), ("open", "undecided: ")):
        found[key] = sum(each.startswith(words) for each in skipped)
    told = overview["counts"] | {"open": overview["counts"]["undecided_error"] + overview["counts"]["undecided"]}
    suites = [one for one in document if one.get("name") != "guardrail"]
    return {
        "state": known.get("state"),
        "verdict": known.get("verdict"),
        "reasons": known.get("because", ""),
        "counts": {key: count for key, count in found.items() if count},
        "doubts": [str(each.get("message")) for each in document.iter("error")],
    }, {
        "state": overview["state"] if suites else None,
        "verdict": overview["verdict"] if suites else None,
        "reasons": "; ".join(overview["reasons"]) if suites else "",
        "counts": {key: told[key] for key in found if told[key]},
        "doubts": doubts(report),
    }


def of_gitlab(text: str, report: Any) -> tuple[Told, Told]:
    """Code Quality compares with the target branch itself: what stood before is among the findings."""
    entries = decode(text)
    found = [entry["description"] for entry in entries if entry["severity"] == "blocker"]
    return {"counts": len(entries) - len(found), "doubts": found}, {
        "counts": sum(_failures(report).values()),
        "doubts": doubts(report),
    }


def of_concise(text: str, report: Any) -> tuple[Told, Told]:
    """Lines for editors, one each."""
    lines = [re.search(r":\d+:\d+: (error|warning|note|undecided) ([\w-]+): (.*)$", line) for line in text.splitlines()]
    matches = [line for line in lines if line]
    found = Counter(line[1].replace("undecided", "undecided_error") for line in matches if line[2] != "guardrail")
    return {
        "counts": dict(found),
        "doubts": [line[3] for line in matches if line[2] == "guardrail"],
    }, {"counts": _failures(report, "error", "warning", "note") | _undecided(report), "doubts": doubts(report)}


def _undecided(report: Any) -> dict[str, int]:
    """Errors that are open on what the change touches: others are not the business of who edits these lines."""
    found = [one for one in report["results"] if (one["verdict"], one["severity"]) == ("open", "error")]
    count = sum(one["status"] == "new" or report["all_findings"] for one in found)
    return {"undecided_error": count} if count else {}


def of_github(text: str, report: Any) -> tuple[Told, Told]:
    """Annotations, which are grouped and at most ten of a level; what is left out is counted."""
    known = [line.partition(" ") for line in text.splitlines()]
    doubted = [rest for kind, _, rest in known if kind == "::error" and "title=guardrail%3A" in rest]
    notice = " ".join(rest for kind, _, rest in known if kind == "::notice")
    counts, more = (
        report["overview"]["counts"],
        counted(notice.partition("::")[2].partition(":")[0].replace(" more", "")),
    )
    shown = {
        key: sum(kind == f"::{key}" for kind, _, _ in known) - (len(doubted) if key == "error" else 0)
        for key in ("error", "warning")
    }
    return {
        "counts": {
            key: shown[key] + more.get(key, 0) <= counts[key] and bool(shown[key]) == bool(counts[key]) for key in shown
        }
        | {"note": bool(more.get("note")) == bool(counts["note"])},
        "doubts": bool(doubted),
    }, {"counts": {"error": True, "warning": True, "note": True}, "doubts": bool(doubts(report))}


def of_csv(text: str, report: Any) -> tuple[Told, Told]:
    """The columns sum up to the totals where each amount is known and deployed."""
    found = list(csv.DictReader(StringIO(text)))
    is_whole = all(row["state"] == "known" for row in found) and not report["discounts"]
    is_whole &= all(one["deployed"] == "yes" for one in report["endpoints"]) and not report["unattached"]
    is_whole &= not any(source["possibilities"] for source in report["sources"])
    totals = {side: report["totals"][side] for side in ("before", "after") if report["totals"][side] and is_whole}
    is_whole &= not any(total["at_least"] for total in totals.values())
    pasts = {source["id"] for source in report["sources"] if source["has_before"]}
    if len(pasts) < len(report["sources"]):
        totals.pop("before", None)
    return {
        "totals": {
            (side, name): round(sum((Decimal(row[f"{side}_{name}"] or 0) for row in found), Decimal(0)), 9)
            for side in totals
            for name in BOUNDS
        }
        if is_whole
        else {}
    }, {
        "totals": {(side, name): round(Decimal(total[name]), 9) for side, total in totals.items() for name in BOUNDS}
        if is_whole
        else {}
    }


READERS: dict[str, Callable[[str, Any], tuple[Told, Told]]] = {
    "table": of_table,
    "markdown": of_comment,
    "html": of_page,
    "sarif": of_sarif,
    "junit": of_junit,
    "gitlab": of_gitlab,
    "concise": of_concise,
    "github": of_github,
    "csv": of_csv,
}


def disagreements(name: str, text: str, report: Any) -> list[str]:
    """What a format says otherwise than the JSON report, or neither says nor is known to leave out."""
    found, told = READERS[name](text, report)
    missing = set(ASPECTS) - set(told) - set(NOT_IN[name])
    wrong = [f"{aspect}: {found[aspect]!r}, not {told[aspect]!r}" for aspect in told if found[aspect] != told[aspect]]
    return [*wrong, *(f"{aspect} is read by nobody" for aspect in missing)]
