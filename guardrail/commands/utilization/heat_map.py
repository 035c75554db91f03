"""The page: for each variant a picture of its week, hour by hour, as inline SVG. Nothing is loaded, nothing runs.

A square is an hour of the week in UTC, the darker the busier; one that was never seen is hatched, not white. Jinja2
escapes every value.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from guardrail.evidence.bundle import HOURS_OF_WEEK
from guardrail.evidence.judge.fleet import JudgedEndpoint, JudgedVariant
from guardrail.evidence.judge.statements import hour_of_week
from guardrail.money import plain, two_decimals
from guardrail.reporters.wording import inert

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_HOURS: Final = 24
_CELL, _GAP, _LEFT, _TOP = 14, 2, 34, 16
_WIDTH: Final = _LEFT + _HOURS * (_CELL + _GAP)
_HEIGHT: Final = _TOP + len(_DAYS) * (_CELL + _GAP)
MOST_MAPS: Final = 60
"""Pictures on one page, of what has the most money at stake: those of thousands make 70 MB that nobody looks at."""
_SHADES: Final = ("#eef3f9", "#cfdff0", "#a6c4e3", "#74a3d1", "#4680bb", "#275f9b", "#123f70")
"""From quiet to busy; told apart in grey, too."""

_TEMPLATE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>guardrail utilization</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2933; margin: 2rem auto; max-width: 70rem; padding: 0 1rem }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums }
th, td { padding: .3rem .7rem; border-bottom: 1px solid #d8dee6; text-align: left; white-space: nowrap }
.wide { overflow-x: auto } .note { color: #52606d } code { overflow-wrap: anywhere }
p { overflow-wrap: anywhere } svg { width: 100%; height: auto } figure { margin: 0 }
.weeks { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(24rem, 100%), 1fr)); gap: 1.5rem }
</style>
<h1>What endpoints do</h1><p>{{ headline }}</p>
<div class="wide"><table><thead><tr>{% for head in heads %}<th>{{ head }}</th>{% endfor %}</tr></thead>
<tbody>{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</tbody></table></div>
{% if maps %}<h2>Weeks</h2><div class="weeks">
{% for map in maps %}<figure><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{ width }} {{ height }}"
 role="img" font-family="system-ui, sans-serif" font-size="9" aria-label="{{ map.label }}">
<title>{{ map.label }}</title>
<defs><pattern id="unseen{{ loop.index }}" width="4" height="4" patternUnits="userSpaceOnUse">
<path d="M0 4 4 0" stroke="#b8c1cc" stroke-width="1"/></pattern></defs>
{% set unseen = loop.index %}{% for hour in ticks %}<text x="{{ hour.x }}" y="10">{{ hour.text }}</text>{% endfor %}
{% for day in days %}<text x="0" y="{{ day.y }}">{{ day.text }}</text>{% endfor %}
{% for cell in map.cells %}<rect x="{{ cell.x }}" y="{{ cell.y }}" width="{{ side }}" height="{{ side }}" rx="2"
 fill="{{ cell.fill or 'url(#unseen' ~ unseen ~ ')' }}"><title>{{ cell.title }}</title></rect>
{% endfor %}</svg><figcaption class="note">{{ map.label }}</figcaption></figure>
{% endfor %}
</div>{% endif %}
<h2>What it says</h2>
{% for subject, text, commands, is_note in said %}
<p{% if is_note %} class="note"{% endif %}><b>{{ subject }}</b> {{ text }}
{%- for command in commands %}<br><code>{{ command }}</code>{% endfor %}</p>
{% endfor %}
</html>
"""


def page(
    judged: Sequence[JudgedEndpoint],
    headline: str,
    rows: Sequence[Sequence[str]],
    heads: Sequence[str],
    said: Iterable[tuple[str, str, Sequence[str], bool]],
) -> str:
    """The page of what was judged, the most money first."""
    from jinja2 import Environment

    template = Environment(autoescape=True).from_string(_TEMPLATE)
    return (
        template.render(
            headline=headline,
            heads=heads,
            rows=[[inert(cell) for cell in row] for row in rows],
            said=[
                (inert(subject), inert(text, 2_000), [inert(one, 400) for one in commands], is_note)
                for subject, text, commands, is_note in said
            ],
            maps=list(islice((drawn for one in judged for drawn in _drawn(one)), MOST_MAPS)),
            ticks=[{"x": _x(hour), "text": f"{hour:02}"} for hour in range(0, _HOURS, 3)],
            days=[{"y": _y(place) + _CELL - 3, "text": day} for place, day in enumerate(_DAYS)],
            side=_CELL,
            width=_WIDTH,
            height=_HEIGHT,
        )
        + "\n"
    )


def _drawn(one: JudgedEndpoint) -> Iterator[dict[str, Any]]:
    for variant in one.variants:
        yield from _maps(one, variant)


def _maps(one: JudgedEndpoint, judged: JudgedVariant) -> Iterator[dict[str, Any]]:
    """Pictures of a variant: the cores or GPUs of its hottest instance, and its requests."""
    variant = judged.evidence
    requests = None if variant.requests is None else variant.requests.profile
    costs = "" if judged.monthly_usd is None else f", {two_decimals(judged.monthly_usd)} USD a month"
    name = inert(f"{one.evidence.name} / {variant.name}", 120) + costs
    for what, unit, profile, room in (
        ("GPU", "GPUs", variant.gpu_profile, judged.gpus),
        ("CPU", "cores", variant.cpu_profile, judged.vcpus),
        ("requests", "an hour", requests, None),
    ):
        if profile is not None:
            values = profile.mean if what == "requests" else profile.maximum or profile.mean
            yield _map(f"{name}: {what}", unit, values, room)


def _map(title: str, unit: str, values: Sequence[Decimal | None], room: int | None) -> dict[str, Any]:
    """Of a machine the darkest is all that it has, so that an idle one is pale; of requests the busiest hour."""
    top = max((value for value in values if value is not None), default=Decimal(0))
    busiest = next((place for place, value in enumerate(values) if value is not None and value == top), 0)
    return {
        "title": title,
        "label": (
            f"{title} by hour of week (UTC), at most {plain(top)}{f' of {room}' if room else ''} {unit}, "
            f"on {hour_of_week(busiest)}"
        ),
        "cells": [
            {
                "x": _x(place % _HOURS),
                "y": _y(place // _HOURS),
                "fill": None if value is None else _shade(value, Decimal(room) if room else top),
                "title": f"{hour_of_week(place)}: {'never seen' if value is None else f'{plain(value)} {unit}'}",
            }
            for place, value in enumerate(values[:HOURS_OF_WEEK])
        ],
    }


def _shade(value: Decimal, top: Decimal) -> str:
    """The darker, the nearer to the top."""
    place = int(value / top * (len(_SHADES) - 1)) if top else 0
    return _SHADES[min(place, len(_SHADES) - 1)]


def _x(hour: int) -> int:
    return _LEFT + hour * (_CELL + _GAP)


def _y(day: int) -> int:
    return _TOP + day * (_CELL + _GAP)
