"""An explanation as one page: it loads nothing and runs nothing, and Jinja2 escapes every value."""

from collections.abc import Iterable, Sequence
from typing import Final

from guardrail.alternatives.base import Alternative
from guardrail.commands.explain import curve
from guardrail.commands.explain.sections import Section

_TEMPLATE: Final = """<!doctype html>
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
{% for it in curves %}<figure>
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{ width }} {{ height }}" role="img" aria-label="{{ it.title }}">
<title>{{ it.title }}</title>
{% for y, label in it.levels %}<line x1="{{ left }}" x2="{{ right }}" y1="{{ y }}" y2="{{ y }}" stroke="#d8dee6"/>
<text x="{{ left - 8 }}" y="{{ y + 4 }}" text-anchor="end">{{ label }}</text>{% endfor %}
{% for x, label in it.ticks %}<text x="{{ x }}" y="{{ height - 20 }}" text-anchor="middle">{{ label }}</text>
{% endfor %}
<text x="{{ width / 2 }}" y="{{ height - 4 }}" text-anchor="middle">{{ it.unit }}</text>
<line x1="{{ left }}" x2="{{ right }}" y1="{{ it.fixed_y }}" y2="{{ it.fixed_y }}" stroke="#3b6fb6"
 stroke-width="2"/>
<line x1="{{ it.slope[0] }}" y1="{{ it.slope[1] }}" x2="{{ it.slope[2] }}" y2="{{ it.slope[3] }}" stroke="#d98032"
 stroke-width="2"/>
<line x1="{{ it.queue[0] }}" y1="{{ it.queue[1] }}" x2="{{ it.queue[2] }}" y2="{{ it.queue[3] }}" stroke="#8a63b0"
 stroke-width="2" stroke-dasharray="6 4"/>
<circle cx="{{ it.cross[0] }}" cy="{{ it.cross[1] }}" r="5" fill="#1f2933"/>
{% if it.present_x is not none %}<line x1="{{ it.present_x }}" x2="{{ it.present_x }}" y1="16"
 y2="{{ height - 40 }}" stroke="#5b9b55" stroke-dasharray="4 3"/>
<text x="{{ it.present_x + 4 }}" y="26">at present</text>{% endif %}
</svg><figcaption>{{ it.title }}. Blue: instances around the clock; orange: serverless;
dashed: asynchronous at best, the same instances only while they work, a request at a time on each.</figcaption>
</figure>
{% endfor %}
</body></html>
"""


def page(title: str, parts: Sequence[Section], alternatives: Iterable[Alternative]) -> str:
    """The page; a curve for each way to serve that meets the present one somewhere."""
    from jinja2 import Environment

    curves = [curve.drawn(each.break_even, each.name) for each in alternatives if each.break_even is not None]
    template = Environment(autoescape=True).from_string(_TEMPLATE)
    return template.render(
        title=title,
        parts=parts,
        curves=curves,
        width=curve.WIDTH,
        height=curve.HEIGHT,
        left=curve.LEFT,
        right=curve.WIDTH - curve.RIGHT,
    )
