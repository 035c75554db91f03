"""Files of Terraform source as they may be edited, and where JSON among them has its entries."""

import os
import re
from collections.abc import Iterator

from guardrail.fixes.base import EditedText, NoFixError, text_at
from guardrail.fixes.marks import Entry, Marked, json_marks
from guardrail.sources.hcl import syntax
from guardrail.sources.hcl.endings import IN_JSON, VALUES
from guardrail.sources.hcl.reader import RootModule
from guardrail.sources.hcl.scan import scan_file


def editable(root: RootModule, file: syntax.SourceFile) -> EditedText:
    """The text of a file that people write. Raises `NoFixError` for any other."""
    real = os.path.realpath(file.path)
    parts = real.split(os.sep)
    if ".terraform" in parts or ".terragrunt-cache" in parts:
        raise NoFixError("it is written in a module that is fetched, and the next fetch brings it back")
    if not file.path.endswith(VALUES) and not root.disk.tree.holds(file.path):
        raise NoFixError(f"{file.path} leads out of its repository")
    text = text_at(real, file.path)
    if file.path.endswith(IN_JSON) and _is_synthesized(real, text):
        raise NoFixError(f"{file.path} is generated (cdktf synth writes it anew): change what it is made from")
    return text


def _is_synthesized(path: str, text: EditedText) -> bool:
    if os.path.basename(path) == "cdk.tf.json":
        return True
    try:
        return json_marks(text.text[text.mark :]).at("//", "metadata", "stackName") is not None
    except NoFixError:
        return False


def owner_at(marks: Marked, at: int) -> tuple[Marked, Entry]:
    """The object that has a key at an offset, with the entry. Raises `NoFixError`."""
    for owner in _owners(marks):
        for entry in owner.entries:
            if entry.start == at:
                return owner, entry
    raise NoFixError("nobody can tell where it is written")


def refuse_inside_text(marks: Marked, at: int) -> None:
    """Raise `NoFixError` where no value of a JSON text starts at an offset: what stands there is part of a text."""
    values = (entry.value for owner in _owners(marks) for entry in (*owner.entries, *owner.items))
    if not any(value.kind == "scalar" and value.start == at for value in values):
        raise NoFixError("it is written in an expression within a text")


def _owners(marks: Marked) -> Iterator[Marked]:
    pending = [marks]
    while pending:
        here = pending.pop()
        yield here
        pending += (entry.value for entry in (*here.entries, *here.items))


def shift_of(text: EditedText, file: syntax.SourceFile) -> int:
    """By how much offsets of the parser lie before those of the whole text: it does not see a byte order mark."""
    return text.mark if not file.text.startswith("\ufeff") else 0


def source_of(argument: syntax.Argument) -> str:
    """What an argument is assigned, as it is written, without comments; of JSON the expression in its text.

    Raises `NoFixError` for what goes over several lines.
    """
    file = argument.file
    if file.path.endswith(IN_JSON):
        found = json_marks(file.text)
        _, entry = owner_at(found, argument.at)
        value = entry.value.value
        whole = re.fullmatch(r"\$\{([^{}]*)\}", value)
        if whole:
            return whole[1]
        return f'"{value}"' if entry.value.quote and argument.name not in ("provider", "count") else value
    code = scan_file(file).text
    equals = code.find("=", argument.at)
    end = code.find("\n", equals)
    end = len(code) if end < 0 else end
    text = file.text[equals + 1 : equals + 1 + len(code[equals + 1 : end].rstrip())].strip()
    if sum(text.count(each) for each in "([{") != sum(text.count(each) for each in ")]}"):
        raise NoFixError(f"{argument.name} goes over several lines, and new blocks need it too")
    return text
