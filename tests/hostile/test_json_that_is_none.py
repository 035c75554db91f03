"""Bytes that are no JSON, at every place where JSON is read: one line and exit code 2, never a bug.

A decoder has several ways to refuse: what is cut, what is in no UTF-8 (in the middle of a text, where it stops late),
what nests so deeply that it gives up.
"""

import json
from pathlib import Path

import msgspec
import pytest

from guardrail import cli
from guardrail.evidence import bundle_file
from guardrail.evidence.bundle import Bundle
from guardrail.github import sections
from tests.evidence.test_odd_bundles import told
from tests.hostile import inputs

NONE = {
    "cut": b'{"version": 1, "a": {"b',
    "in no UTF-8": b'{"version": 1, "schema_version": "1.0", "Resources": {}, "a": "\xed\xa0\x80"}',
    "with a key in no UTF-8": b'{"version": 1, "\xff": 2}',
    "nested too deeply": b'{"version": 1, "a": ' + b"[" * 100_000,
    "nested too deeply in a list": b"[" * 100_000,
}
READERS = {
    "plan": ["check", "FILE"],
    "evidence": ["check", "PLAN", "--evidence", "FILE"],
    "baseline": ["check", "PLAN", "--baseline", "FILE"],
    "parameters": ["check", "TEMPLATE", "--parameters", "FILE"],
    "report of a comment": ["comment", "github", "a=FILE", "--dry-run", "--pull-request", "7", "--commit", "a" * 40],
    "report to fix": ["fix", "TEMPLATE", "--new-in", "FILE"],
    "evidence that is shown": ["utilization", "show", "FILE"],
    "evidence that is merged": ["utilization", "merge", "FILE", "FILE", "--output", "merged.json"],
    "answers": ["utilization", "--from", "FILE"],
    "Cost Explorer": ["bills", "FILE", "top"],
    "recommendations": ["utilization", "show", "EVIDENCE", "--recommendations", "FILE"],
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", NONE)
def test_it_is_one_line(
    kind: str, reader: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/shop")
    paths = {"FILE": "bad.json", "PLAN": "plan.json", "TEMPLATE": "t.json", "EVIDENCE": "evidence.json"}
    (tmp_path / "bad.json").write_bytes(NONE[kind])
    (tmp_path / "plan.json").write_text(json.dumps(inputs.a_plan()))
    (tmp_path / "t.json").write_text(json.dumps(inputs.template()))
    (tmp_path / "evidence.json").write_text(bundle_file.text(msgspec.convert(told(), Bundle)))
    words = [word.replace("FILE", "bad.json") if "FILE" in word else paths.get(word, word) for word in READERS[reader]]
    code = cli.main(words)
    said = capsys.readouterr()
    assert (code, said.out) == (2, "")
    assert len([line for line in said.err.splitlines() if not line.startswith("hint: ")]) == 1
    assert "bad.json" in said.err
    assert len(said.err) < 1000


@pytest.mark.parametrize("place", ["manifest.json", "Stack.assets.json", "Stack.template.json"])
@pytest.mark.parametrize("kind", NONE)
def test_a_part_of_an_assembly_is_an_error_or_an_unknown(
    kind: str, place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = inputs.manifest()
    manifest["artifacts"]["Stack.assets"] = {
        "type": "cdk:asset-manifest",
        "properties": {"file": "Stack.assets.json"},
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "Stack.template.json").write_text(json.dumps(inputs.template()))
    (tmp_path / place).write_bytes(NONE[kind])
    code = cli.main(["check", str(tmp_path), "--format", "json"])
    said = capsys.readouterr()
    assert code == (1 if place == "Stack.assets.json" else 2), said.err


def test_a_section_of_a_comment_whose_facts_nest_without_end_is_none() -> None:
    import base64
    import zlib

    packed = base64.urlsafe_b64encode(zlib.compress(b'{"x": ' + b"[" * 100_000)).decode()
    text = (
        f"<!-- guardrail:section name=a commit={'a' * 40} id=1 attempt=1 facts={packed} -->\n"
        "It failed.\n<!-- guardrail:end -->"
    )
    assert sections.parsed(text) == {}
