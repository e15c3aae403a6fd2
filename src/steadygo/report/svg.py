"""Draws a service's chain as inline SVG: once across, once down for narrow screens. All colours are classes of the page's style."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from steadygo.findings import Finding, Severity
from steadygo.report.escaping import clean
from steadygo.report.grouping import counted, worst
from steadygo.report.picture import TITLES, Break, Picture
from steadygo.report.terminal import SIGNS, cells, fit
from steadygo.scan.result import Node

_MOST_NODES = 4  # of one stage; further ones are counted
_ROW = 46
_CHARACTER = 7.6  # width of a bold letter of 12 px in a wide typeface
_PILL = 22


@dataclass(frozen=True)
class Box:
    """A stage's panel."""

    x: float
    y: float
    width: float
    height: float


def across(picture: Picture, findings: Mapping[int, Finding], name: str) -> str:
    """The chain from left to right."""
    width, gap, top = 145.0, 50.0, 26.0
    boxes = [Box(1 + n * (width + gap), top, width, _height(nodes)) for n, nodes in enumerate(picture.stages)]
    spine = top + _ROW / 2
    near, far = _near_and_far(picture)
    lanes = _lanes(far)
    floor = max(b.y + b.height for b in boxes) + 24
    parts = []
    for left, right in pairwise(picture.present):
        start, end = boxes[left].x + width, boxes[right].x
        parts.append(
            _line(f"M{start:.0f} {spine:.0f}H{end:.0f}", arrow="m-5 -4l5 4l-5 4", broken=near.get((left, right)), findings=findings)
        )
    parts += [_panel(n, box, picture, findings) for n, box in enumerate(boxes)]
    pills = [_pill(b, (boxes[left].x + width + gap / 2), spine, findings) for (left, right), b in near.items()]
    for link in far:
        y = floor + lanes[link] * 30
        a, b = _feet(link, far)
        start = boxes[link.left].x + width / 2 + a * 16
        end = boxes[link.right].x + width / 2 + b * 16
        low, high = boxes[link.left], boxes[link.right]
        path = f"M{start:.0f} {low.y + low.height:.0f}V{y - 8:.0f}q0 8 8 8H{end - 8:.0f}q8 0 8 -8V{high.y + high.height:.0f}"
        parts.append(_line(path, link, findings))
        pills.append(_pill(link, (start + end) / 2, y, findings))
    height = (floor + max(lanes.values()) * 30 + 16) if far else floor - 20
    return _svg("across", 6 * width + 5 * gap + 2, height, [*parts, *pills], name)


def down(picture: Picture, findings: Mapping[int, Finding], name: str) -> str:
    """The chain from top to bottom; stages without a node are left out."""
    near, far = _near_and_far(picture)
    lanes = _lanes(far)
    whole, lane_width = 352.0, 34.0
    width = whole - 2 - (max(lanes.values()) + 1) * lane_width if far else whole - 2
    boxes: dict[int, Box] = {}
    y = 20.0
    for n in picture.present:
        boxes[n] = Box(1, y, width, _height(picture.stages[n]))
        y += boxes[n].height + 50
    parts = []
    for left, right in pairwise(picture.present):
        start, end = boxes[left].y + boxes[left].height, boxes[right].y
        parts.append(
            _line(f"M{width / 2:.0f} {start:.0f}V{end:.0f}", arrow="m-4 -5l4 5l4 -5", broken=near.get((left, right)), findings=findings)
        )
    parts += [_panel(n, box, picture, findings) for n, box in boxes.items()]
    pills = [_pill(b, width / 2, boxes[left].y + boxes[left].height + 25, findings) for (left, _), b in near.items()]
    for link in far:
        x = width + 4 + (lanes[link] + 0.5) * lane_width
        a, b = _feet(link, far)
        start = boxes[link.left].y + boxes[link.left].height / 2 + a * 9
        end = boxes[link.right].y + boxes[link.right].height / 2 + b * 9
        path = f"M{width + 1:.0f} {start:.0f}H{x - 8:.0f}q8 0 8 8V{end - 8:.0f}q0 8 -8 8H{width + 1:.0f}"
        parts.append(_line(path, link, findings))
        pills.append(_pill(link, x, (start + end) / 2, findings))
    return _svg("down", whole, y - 46, [*parts, *pills], name)


def _svg(layout: str, width: float, height: float, parts: Sequence[str], name: str) -> str:
    label = escape(f"{name}: from code to alerts")
    return (
        f'<svg class="{layout}" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}" role="group" '
        f'aria-label="{label}">{"".join(parts)}</svg>'
    )


def _height(nodes: Sequence[Node]) -> float:
    more = 24 if len(nodes) > _MOST_NODES else 0
    return _ROW * max(1, min(len(nodes), _MOST_NODES)) + more


def _near_and_far(picture: Picture) -> tuple[dict[tuple[int, int], Break], list[Break]]:
    """Broken links between neighbours lie on the chain; the others get a lane of their own beside it."""
    near = {(b.left, b.right): b for b in picture.breaks if picture.neighbours(b.left, b.right)}
    return near, [b for b in picture.breaks if (b.left, b.right) not in near]


def _lanes(far: Sequence[Break]) -> dict[Break, int]:
    """Short links next to the chain; links that overlap never share a lane."""
    lanes: dict[Break, int] = {}
    for link in sorted(far, key=lambda b: (b.right - b.left, b.left)):
        taken = {lane for other, lane in lanes.items() if link.left <= other.right and other.left <= link.right}
        lanes[link] = next(n for n in range(len(far)) if n not in taken)
    return lanes


def _feet(link: Break, far: Sequence[Break]) -> tuple[float, float]:
    """Where on its two panels a link ends, counted from the middle, so that no two links end at one point."""

    def foot(stage: int) -> float:
        # links that come from the left end left of those that leave to the right, long ones outside
        ends = [b for b in far if stage in (b.left, b.right)]
        ends.sort(key=lambda b: (b.left == stage, -(b.right - b.left) if b.left == stage else b.right - b.left))
        return ends.index(link) - (len(ends) - 1) / 2

    return foot(link.left), foot(link.right)


def _line(path: str, broken: Break | None, findings: Mapping[int, Finding], *, arrow: str = "") -> str:
    if broken is None:
        return f'<path class="link" d="{path}{arrow}"/>'
    grade = worst(findings[n] for n in broken.findings)
    return f'<path class="link broken {grade}" d="{path}"/>'


def _panel(stage: int, box: Box, picture: Picture, findings: Mapping[int, Finding]) -> str:
    nodes = picture.stages[stage]
    title = f'<text class="stage" x="{box.x + 2:.0f}" y="{box.y - 8:.0f}">{TITLES[stage]}</text>'
    empty = "" if nodes else " none"
    frame = f'<rect class="panel{empty}" x="{box.x:.0f}" y="{box.y:.0f}" width="{box.width:.0f}" height="{box.height:.0f}" rx="9"/>'
    if not nodes:
        none = f'<text class="path" x="{box.x + box.width / 2:.0f}" y="{box.y + _ROW / 2 + 4:.0f}" text-anchor="middle">none found</text>'
        return title + frame + none
    shown = _shown(stage, picture)
    rows = [_node(stage, n, row, box, picture, findings) for row, n in enumerate(shown)]
    more = ""
    if len(nodes) > _MOST_NODES:
        hidden = tuple(f for (s, n), found in sorted(picture.own.items()) if s == stage and n not in shown for f in found)
        y = box.y + _ROW * _MOST_NODES + 16
        more = f'<text class="path" x="{box.x + 11:.0f}" y="{y:.0f}">and {len(nodes) - _MOST_NODES} more</text>'
        if hidden:
            more += _mark(hidden, box.x + box.width - 19, y - 4, findings, f"further {TITLES[stage]}")
    return title + frame + "".join(rows) + more


def _shown(stage: int, picture: Picture) -> list[int]:
    """Which nodes of a stage are drawn: those that findings speak of come first when not all fit."""
    first = sorted(range(len(picture.stages[stage])), key=lambda n: ((stage, n) not in picture.touched, n))
    return sorted(first[:_MOST_NODES])


def _node(stage: int, number: int, row: int, box: Box, picture: Picture, findings: Mapping[int, Finding]) -> str:
    node = picture.stages[stage][number]
    y = box.y + row * _ROW
    own = picture.own.get((stage, number), ())
    room = box.width - 20
    label, place = clean(node.label), f"{clean(node.at.path)}:{node.at.line}"
    rule = f'<path class="rule" d="M{box.x + 8:.0f} {y:.0f}H{box.x + box.width - 8:.0f}"/>' if row else ""
    mark = ""
    if own:
        room_label = room - _width(own) - 6
        mark = _mark(own, box.x + box.width - 6 - _width(own) / 2, y + 15, findings, label)
    else:
        room_label = room
    return (
        f"<g><title>{escape(clean(node.kind))}: {escape(label)} ({escape(place)})</title>{rule}"
        f'<text class="label" x="{box.x + 11:.0f}" y="{y + 20:.0f}">{escape(_middle(label, int(room_label / _CHARACTER)))}</text>'
        f'<text class="path" x="{box.x + 11:.0f}" y="{y + 35:.0f}">{escape(_tail(place, int(room / 6.1)))}</text></g>{mark}'
    )


def _middle(text: str, width: int) -> str:
    """`text` with its middle left out: names of workloads and environments differ at their ends."""
    if cells(text) <= width:
        return text
    end = width // 2
    return fit(text, width - end) + fit(text[::-1], end + 1)[:-1][::-1].lstrip()


def _tail(text: str, width: int) -> str:
    """`text` cut from the left: of a path its end says most."""
    return text if cells(text) <= width else "…" + fit(text[::-1], width)[:-1][::-1]


def _pill(link: Break, x: float, y: float, findings: Mapping[int, Finding]) -> str:
    return _mark(link.findings, x, y, findings, f"{TITLES[link.left]} and {TITLES[link.right]}")


def _mark(numbers: Sequence[int], x: float, y: float, findings: Mapping[int, Finding], where: str) -> str:
    """A link to the worst of these findings: its sign and how many there are."""
    grade: Severity = worst(findings[n] for n in numbers)
    told = "; ".join(clean(findings[n].message) for n in numbers[:5]) + ("; …" if len(numbers) > 5 else "")
    said = escape(f"{counted(len(numbers), 'finding')} at {where}: {told}", quote=True)
    first = min(numbers)
    width = _width(numbers)
    listed = " ".join(str(n) for n in numbers)
    return (
        f'<a class="mark {grade}" href="#f-{first}" data-findings="{listed}" aria-label="{said}"><title>{said}</title>'
        f'<rect x="{x - width / 2:.1f}" y="{y - _PILL / 2:.1f}" width="{width:.0f}" height="{_PILL}" rx="11"/>'
        f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle">{SIGNS[grade]} {len(numbers)}</text></a>'
    )


def _width(numbers: Sequence[int]) -> float:
    return 26.0 + 7 * len(str(len(numbers)))
