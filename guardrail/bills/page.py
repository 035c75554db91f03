"""An answer as one page: tables, and bars drawn as SVG. Jinja2 escapes every value; nothing is loaded, nothing runs."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from guardrail.bills.answer import Answer, Row
from guardrail.reporters.wording import inert

_COLOURS: Final = ("#3b6fb6", "#d98032", "#5b9b55", "#8a63b0", "#b8484e", "#6b7280", "#b59a2b", "#2f9c95")
_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 880, 260, 70, 50
_MOST_BARS: Final = 62
_LEGEND: Final = 110
"""From one name of the legend to the next."""

_TEMPLATE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>guardrail bills: {{ title }}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2933; margin: 2rem auto; max-width: 70rem; padding: 0 1rem }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums }
th, td { padding: .3rem .7rem; border-bottom: 1px solid #d8dee6; text-align: left; overflow-wrap: anywhere }
th { overflow-wrap: normal }
svg { max-width: 100%; height: auto } .wide { overflow-x: auto } .note { color: #52606d }
</style>
<h1>{{ title }}</h1><p>{{ when }}</p>
{% if bars %}
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{ width }} {{ height }}" role="img"
 font-family="system-ui, sans-serif" aria-label="{{ drawn }}">
<title>{{ drawn }}</title>
{% for line in axis %}<line x1="{{ left }}" x2="{{ width }}" y1="{{ line.y }}" y2="{{ line.y }}" stroke="#d8dee6"/>
<text x="{{ left - 8 }}" y="{{ line.y + 4 }}" font-size="12" text-anchor="end">{{ line.label }}</text>{% endfor %}
{% for bar in bars %}<rect x="{{ bar.x }}" y="{{ bar.y }}" width="{{ bar.width }}" height="{{ bar.height }}"
 fill="{{ bar.colour }}"><title>{{ bar.title }}</title></rect>{% endfor %}
{% for label in labels %}<text x="{{ label.x }}" y="{{ height - 30 }}" font-size="11" text-anchor="middle">
{{- label.text }}</text>
{% endfor %}
{% for name, colour, x in legend %}<rect x="{{ x }}" y="{{ height - 14 }}" width="10" height="10" fill="{{ colour }}"/>
<text x="{{ x + 14 }}" y="{{ height - 5 }}" font-size="12">{{ name }}</text>
{% endfor %}
</svg>
{% endif %}
{% for title, heads, rows in tables %}
{% if title %}<h2>{{ title }}</h2>{% endif %}
<div class="wide"><table><thead><tr>{% for head in heads %}<th>{{ head }}</th>{% endfor %}</tr></thead>
<tbody>{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</tbody></table></div>
{% endfor %}
{% for note in notes %}<p class="note">{{ note }}</p>
{% endfor %}
</html>
"""


def page(answer: Answer, when: str, tables: Sequence[tuple[str | None, list[str], list[list[str]]]]) -> str:
    """The page of an answer; ``tables`` are what it has, in text."""
    from jinja2 import Environment

    notes = [inert(note, 400) for note in (*answer.lacks, *answer.notes)]
    template = Environment(autoescape=True).from_string(_TEMPLATE)
    drawn = _drawing(answer) if answer.plot else {}
    return template.render(title=answer.question, when=when, tables=tables, notes=notes, **drawn) + "\n"


def _drawing(answer: Answer) -> dict[str, object]:
    """Stacked bars of one currency, the first; none where nothing costs anything."""
    along, of, much = answer.plot or ("", "", "")
    currency = next((row.get("currency") for row in answer.rows), None)
    rows = [row for row in answer.rows if row.get("currency") == currency]
    places = list(dict.fromkeys(str(row.get(along) or "–") for row in rows))[:_MOST_BARS]
    groups = list(dict.fromkeys(str(row.get(of) or "–") for row in rows))
    heights = {
        place: sum((_amount(row, much) for row in rows if str(row.get(along) or "–") == place), Decimal(0))
        for place in places
    }
    top = max(heights.values(), default=Decimal(0))
    if top <= 0:
        return {}
    colours = {group: _COLOURS[number % len(_COLOURS)] for number, group in enumerate(groups)}
    step = Decimal(_WIDTH - _LEFT) / len(places)
    room = Decimal(_HEIGHT - _BOTTOM - 10)
    bars, labels = [], []
    for number, place in enumerate(places):
        x, y = _LEFT + step * number + step / 10, Decimal(_HEIGHT - _BOTTOM)
        for row in rows:
            amount = _amount(row, much)
            if str(row.get(along) or "–") != place or amount <= 0:
                continue
            height = room * amount / top
            y -= height
            group = str(row.get(of) or "–")
            title = f"{inert(place, 60)}, {inert(group, 60)}: {amount:,.2f} {currency}"
            bars.append(
                {
                    "x": f"{x:.1f}",
                    "y": f"{y:.1f}",
                    "width": f"{step * 8 / 10:.1f}",
                    "height": f"{height:.1f}",
                    "colour": colours[group],
                    "title": title,
                }
            )
        if len(places) <= 12 or number % 5 == 0:  # noqa: PLR2004 - labels that do not touch
            labels.append({"x": f"{x + step * 4 / 10:.1f}", "text": inert(place, 18)})
    axis = [{"y": int(_HEIGHT - _BOTTOM - room * part / 4), "label": f"{top * part / 4:,.0f}"} for part in range(5)]
    return {
        "bars": bars,
        "labels": labels,
        "axis": axis,
        "legend": [
            (inert(group, 16), colour, _LEFT + _LEGEND * place) for place, (group, colour) in enumerate(colours.items())
        ],
        "width": _WIDTH,
        "height": _HEIGHT,
        "left": _LEFT,
        "drawn": f"{answer.question}: {much} in {currency} by {along}",
    }


def _amount(row: Row, column: str) -> Decimal:
    amount = row.get(column)
    return amount if isinstance(amount, Decimal) else Decimal(0)
