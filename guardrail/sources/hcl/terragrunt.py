"""Terragrunt units that can be read without Terragrunt: literal ``inputs`` on a local ``source``, and nothing besides.

Units with ``include``, ``dependency``, functions or extra arguments need Terragrunt. It passes ``inputs`` on as
``TF_VAR_*``: files of values win over them, and so does the environment (terragrunt.gruntwork.io, "inputs").
"""

import os

from guardrail.errors import SourceError
from guardrail.sources.hcl import syntax
from guardrail.sources.hcl.disk import Disk

FILE = "terragrunt.hcl"
_BLOCKS = frozenset({"terraform", "locals", "remote_state", "generate", "dependencies"})
"""Blocks that say nothing of values."""
_ARGUMENTS = frozenset({"inputs", "prevent_destroy", "terraform_version_constraint", "terragrunt_version_constraint"})


def module_of(path: str, disk: Disk) -> str | None:
    """The folder of the module that the unit in a file calls, where the file says all that there is to know of it.

    ``live/../modules/chat`` of ``source = "../modules//chat"`` in ``live/terragrunt.hcl``.
    """
    try:
        body = disk.file(path).body
        if not body.arguments.keys() <= _ARGUMENTS or any(_says_more(block) for block in body.blocks):
            return None
        inputs = body.expression("inputs")
        source = next((each.body.expression("source") for each in body.blocks if each.type == "terraform"), None)
        if not isinstance(source, syntax.Literal) or not str(source.value).startswith(("./", "../")):
            return None
        if inputs is not None and not (isinstance(inputs, syntax.Object) and _is_written_out(inputs)):
            return None
    except SourceError:
        return None
    folder = os.path.normpath(os.path.join(os.path.dirname(path), str(source.value)))
    return folder if disk.tree.holds(folder) and disk.tree.is_directory(folder) else None


def inputs_in(body: syntax.Body, file: syntax.SourceFile) -> dict[str, syntax.Argument]:
    """The inputs of a unit, as arguments with their locations."""
    written = body.expression("inputs")
    entries = written.entries if isinstance(written, syntax.Object) else ()
    return {
        str(entry.key.value): syntax.Argument(str(entry.key.value), entry.value, entry.key.at, file)
        for entry in entries
        if isinstance(entry.key, syntax.Literal)
    }


def _says_more(block: syntax.BlockNode) -> bool:
    if block.type not in _BLOCKS:
        return True
    if block.type == "terraform":
        return block.body.arguments.keys() != {"source"} or bool(block.body.blocks)
    return block.type == "generate" and "resource" in block.text


def _is_written_out(node: syntax.Expression) -> bool:
    """Whether a value is made of nothing but itself."""
    match node:
        case syntax.Literal():
            return True
        case syntax.Unary(operand=operand):
            return _is_written_out(operand)
        case syntax.Tuple(items=items):
            return all(map(_is_written_out, items))
        case syntax.Object(entries=entries):
            return all(_is_written_out(entry.key) and _is_written_out(entry.value) for entry in entries)
    return False
