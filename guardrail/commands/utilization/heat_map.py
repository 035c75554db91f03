"""The page: what each variant used of what it has, and its week hour by hour, as inline SVG.

Nothing is loaded, nothing runs. A square is an hour of the week in UTC, the darker the busier; one that was never seen
is hatched, not white. Jinja2 escapes every value.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from guardrail.evidence.bundle import HOURS_OF_WEEK, Distribution
from guardrail.evidence.judge.fleet import JudgedEndpoint, JudgedVariant
from guardrail.evidence.judge.statements import hour_of_week
from guardrail.money import plain, two_decimals
from guardrail.reporters.wording import inert

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_HOURS: Final = 24
_CELL, _GAP, _LEFT, _TOP = 14, 2, 34, 16
_WIDTH: Final = _LEFT + _HOURS * (_CELL + _GAP)
_HEIGHT: Final = _TOP + len(_DAYS) * (_CELL + _GAP)
MOST_DRAWN: Final = 60
"""Variants that one page draws, of what has the most money at stake: thousands make 70 MB that nobody looks at."""
_BAR, _BAR_LEFT = 18, 52
_SHADES: Final = ("#eef3f9", "#cfdff0", "#a6c4e3", "#74a3d1", "#4680bb", "#275f9b", "#123f70")
"""From quiet to busy; told apart in grey, too."""

_TEMPLATE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>guardrail utilization</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2933; margin: 2rem auto; max-width: 70rem; padding: 0 1rem }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums }
th, td { padding: .3rem .7rem; border-bottom: 1px solid #d8dee6; text-align: left; overflow-wrap: anywhere }
th { vertical-align: bottom } td:nth-child(n+4):nth-child(-n+8), th:nth-child(n+4):nth-child(-n+8) { text-align: right }
td:nth-child(n+3) { overflow-wrap: normal } td:nth-child(n+3):nth-child(-n+8) { white-space: nowrap }
thead th { overflow-wrap: normal }
.note { color: #52606d } code, h3 { overflow-wrap: anywhere } h3 { margin: 1.5rem 0 .3rem }
p { overflow-wrap: anywhere } svg { width: 100%; height: auto } figure { margin: 0 }
.weeks { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); gap: 1rem 1.5rem }
@media (max-width: 60rem) {
 thead { display: none } tr { display: block; border-bottom: 1px solid #d8dee6; padding: .5rem 0 }
 td, td:nth-child(n) { display: flex; justify-content: space-between; gap: 1rem; border: 0; padding: .1rem 0 }
 td { text-align: right }
 td::before { content: attr(data-head); color: #52606d; text-align: left; flex: none }
}
</style>
<h1>What endpoints do</h1><p>{{ headline }}</p>
<table><thead><tr>{% for head in heads %}<th>{{ head }}</th>{% endfor %}</tr></thead>
<tbody>{% for row in rows %}<tr>{% for cell in row %}
<td data-head="{{ heads[loop.index0] }}">{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</tbody></table>
{% if drawn %}<h2>Use of what they have, and weeks</h2>
{% for variant in drawn %}{% set of_variant = loop.index %}<h3>{{ variant.name }}</h3><div class="weeks">
{% if variant.bars %}<figure><svg xmlns="http://www.w3.org/2000/svg" role="img" font-family="system-ui, sans-serif"
 viewBox="0 0 {{ width }} {{ variant.bars|length * 40 }}" font-size="11" aria-label="use of what it has">
{% for bar in variant.bars %}<text x="0" y="{{ bar.y + 13 }}">{{ bar.what }}</text>
<rect x="{{ left }}" y="{{ bar.y }}" width="{{ full }}" height="{{ height_of_bar }}" rx="2" fill="#eef3f9"/>
<rect x="{{ left }}" y="{{ bar.y }}" width="{{ bar.usual }}" height="{{ height_of_bar }}" rx="2" fill="#4680bb"/>
<path d="M{{ left + bar.most }} {{ bar.y - 2 }}v{{ height_of_bar + 4 }}" stroke="#123f70" stroke-width="2"/>
<text x="{{ left }}" y="{{ bar.y + height_of_bar + 12 }}">{{ bar.told }}</text>
{% endfor %}</svg><figcaption class="note">what the hottest instance used of what it has</figcaption></figure>
{% endif %}{% for map in variant.maps %}
<figure><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{ width }} {{ height }}"
 role="img" font-family="system-ui, sans-serif" font-size="9" aria-label="{{ map.label }}">
<title>{{ map.label }}</title>
{% set unseen = of_variant ~ "-" ~ loop.index %}
<defs><pattern id="unseen{{ unseen }}" width="4" height="4" patternUnits="userSpaceOnUse">
<path d="M0 4 4 0" stroke="#b8c1cc" stroke-width="1"/></pattern></defs>
{% for hour in ticks %}<text x="{{ hour.x }}" y="10">{{ hour.text }}</text>{% endfor %}
{% for day in days %}<text x="0" y="{{ day.y }}">{{ day.text }}</text>{% endfor %}
{% for cell in map.cells %}<rect x="{{ cell.x }}" y="{{ cell.y }}" width="{{ side }}" height="{{ side }}" rx="2"
 fill="{{ cell.fill or 'url(#unseen' ~ unseen ~ ')' }}"><title>{{ cell.title }}</title></rect>
{% endfor %}</svg><figcaption class="note">{{ map.label }}</figcaption></figure>
{% endfor %}</div>
{% endfor %}{% endif %}
<h2>What it says</h2>
{% for subject, text, commands, is_note in said %}
<p{% if is_note %} class="note"{% endif %}><b>{{ subject }}</b> {{ text }}
{%- for command in commands %}<br><code>{{ command }}</code>{% endfor %}</p>
{% endfor %}
</html>
"""


def page(
    judged: Sequence[tuple[JudgedEndpoint, str]],
    headline: str,
    rows: Sequence[Sequence[str]],
    heads: Sequence[str],
    said: Iterable[tuple[str, str, Sequence[str], bool]],
) -> str:
    """The page of what was judged, each with where it is, the most money first."""
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
            drawn=list(islice((drawn for one, place in judged for drawn in _drawn(one, place)), MOST_DRAWN)),
            ticks=[{"x": _x(hour), "text": f"{hour:02}"} for hour in range(0, _HOURS, 3)],
            days=[{"y": _y(place) + _CELL - 3, "text": day} for place, day in enumerate(_DAYS)],
            side=_CELL,
            left=_BAR_LEFT,
            full=_WIDTH - _BAR_LEFT,
            height_of_bar=_BAR,
            width=_WIDTH,
            height=_HEIGHT,
        )
        + "\n"
    )


def _drawn(one: JudgedEndpoint, place: str) -> Iterator[dict[str, Any]]:
    """Each variant of which there is anything to look at."""
    for variant in one.variants:
        bars, maps = list(_bars(variant)), list(_maps(variant))
        if bars or maps:
            cost = "" if variant.monthly_usd is None else f", {two_decimals(variant.monthly_usd)} USD a month"
            name = inert(f"{one.evidence.name} / {variant.evidence.name}{place}", 160) + cost
            yield {"name": name, "bars": bars, "maps": maps}


def _bars(judged: JudgedVariant) -> Iterator[dict[str, Any]]:
    """What the hottest instance used of each thing that it has, where both are known."""
    last = judged.evidence.last_segment
    if last is None:
        return
    kinds: tuple[tuple[str, str, Distribution | None, Decimal | int | None], ...] = (
        ("CPU", "cores", last.cpu_cores, judged.vcpus),
        ("memory", "GiB", last.memory_gib, judged.memory_gib),
        ("GPU", "GPUs", last.gpus, judged.gpus),
    )
    known = [(what, unit, used, Decimal(room)) for what, unit, used, room in kinds if used is not None and room]
    for place, (what, unit, used, room) in enumerate(known):
        yield {
            "what": what,
            "y": place * 40 + 2,
            "usual": _length(used.p99, room),
            "most": _length(used.maximum, room),
            "told": f"p99 {plain(used.p99)}, at most {plain(used.maximum)} of {plain(room.normalize())} {unit}",
        }


def _length(value: Decimal, room: Decimal) -> int:
    """Of a bar; what is above its room ends with it."""
    return int(min(value / room, Decimal(1)) * (_WIDTH - _BAR_LEFT))


def _maps(judged: JudgedVariant) -> Iterator[dict[str, Any]]:
    """Pictures of a variant: the cores or GPUs of its hottest instance, and its requests."""
    variant = judged.evidence
    requests = None if variant.requests is None else variant.requests.profile
    for what, unit, profile, room in (
        ("GPU", "GPUs", variant.gpu_profile, judged.gpus),
        ("CPU", "cores", variant.cpu_profile, judged.vcpus),
        ("requests", "an hour", requests, None),
    ):
        if profile is not None:
            values = profile.mean if what == "requests" else profile.maximum or profile.mean
            yield _map(what, unit, values, room)


def _map(title: str, unit: str, values: Sequence[Decimal | None], room: int | None) -> dict[str, Any]:
    """Of a machine the darkest is all that it has, so that an idle one is pale; of requests the busiest hour."""
    top = max((value for value in values if value is not None), default=Decimal(0))
    busiest = next((place for place, value in enumerate(values) if value is not None and value == top), 0)
    most = f", at most {top:,f}{f' of {room}' if room else ''} {unit}, on {hour_of_week(busiest)}" if top else ": none"
    return {
        "label": f"{title} by hour of week (UTC){most}",
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
