"""An explanation as one page: it loads nothing and runs nothing, and Jinja2 escapes every value."""

import os
from collections.abc import Sequence
from typing import Final

from guardrail import reporters
from guardrail.commands.explain.sections import AnswerSection
from guardrail.reporters.curve import Curve

_TEMPLATE: Final = """{% from "curve.html.j2" import figure %}<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{{ title }}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2933; margin: 2rem auto; max-width: 58rem; padding: 0 1rem;
  overflow-wrap: anywhere }
h1 { font-size: 1.3rem } h2 { font-size: 1.05rem; margin: 1.6rem 0 .4rem }
table { border-collapse: collapse; font-variant-numeric: tabular-nums } .wide { overflow-x: auto }
th, td { padding: .25rem .7rem; border-bottom: 1px solid #d8dee6; text-align: left }
th:nth-last-child(-n+3), td:nth-last-child(-n+3) { text-align: right; white-space: nowrap }
ul { margin: 0; padding-left: 1.2rem } li ul, figcaption { color: #52606d; font-size: .9em }
figure { margin: 1rem 0 } svg { max-width: 100%; height: auto; font: 12px system-ui, sans-serif }
</style></head><body>
<h1>{{ title }}</h1>
{% for part in parts %}<h2>{{ part.title }}</h2>
{% if part.rows %}<div class="wide"><table><thead><tr>{% for cell in part.head %}<th>{{ cell }}</th>{% endfor %}</tr>
</thead><tbody>
{% for row in part.rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</tbody></table></div>{% endif %}
{% if part.said %}<ul>{% for said, below in part.said %}<li>{{ said }}
{%- if below %}<ul>{% for each in below %}<li>{{ each }}</li>{% endfor %}</ul>{% endif %}</li>
{% endfor %}</ul>{% endif %}
{% endfor %}
{% for it in curves %}{{ figure(it) }}{% endfor %}
</body></html>
"""


def page(title: str, parts: Sequence[AnswerSection], curves: Sequence[Curve]) -> str:
    """The page; with a curve for each part that can be served in another way."""
    from jinja2 import Environment, FileSystemLoader

    loader = FileSystemLoader(os.path.join(os.path.dirname(reporters.__file__), "html"))
    template = Environment(loader=loader, autoescape=True).from_string(_TEMPLATE)
    return template.render(title=title, parts=parts, curves=curves)
