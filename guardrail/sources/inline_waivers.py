"""The waivers in one text of source, whatever the blocks that they stand in make: what was there before a change."""

from collections.abc import Sequence

from guardrail.model import InlineWaiver
from guardrail.sources.hcl.disk import is_source


def waivers_in_text(path: str, content: bytes) -> Sequence[InlineWaiver]:
    """The waivers of a Terraform file or a template by their blocks as written: ``module.chat``, a logical id.

    ``path`` says which of the two it is. Raises `SourceError` for a text that does not read.
    """
    if is_source(path):
        return _of_terraform(path, content)
    from guardrail.sources.template.declared import written_waivers
    from guardrail.sources.template.text import load

    return list(written_waivers(load(path, content))) if content else ()


def _of_terraform(path: str, content: bytes) -> Sequence[InlineWaiver]:
    from guardrail.sources.hcl.parse import parse
    from guardrail.sources.hcl.waivers import waivers_in

    if path.endswith(".json"):  # which has no comments
        return ()
    return list(waivers_in(parse(content.decode(errors="replace"), path), {}))
