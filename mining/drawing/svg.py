"""A scene as SVG: real text, ids and tooltips, nothing from outside, the same bytes everywhere."""

from __future__ import annotations

from mining.drawing.scene import Curve, Group, Mark, Polygon, Rectangle, Scene, Text

_FONTS = "DejaVu Sans, Verdana, sans-serif"


def svg_text(scene: Scene) -> str:
    """The scene as an SVG document; one point is one user unit, and the page has its true size in millimetres."""
    millimetre = 25.4 / 72
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(scene.width * millimetre)}mm" '
        f'height="{_n(scene.height * millimetre)}mm" viewBox="0 0 {_n(scene.width)} {_n(scene.height)}" '
        f'role="img" aria-label="{escape(scene.description or scene.title)}" font-family="{_FONTS}">',
        f"<title>{escape(scene.title)}</title>",
        f"<desc>{escape(scene.description)}</desc>",
        f'<rect width="{_n(scene.width)}" height="{_n(scene.height)}" fill="#ffffff"/>',
    ]
    for group in scene.groups:
        lines += _group(group)
    lines.append("</svg>")
    return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    """Text made inert for XML content and quoted attributes."""
    for character, name in (("&", "amp"), ("<", "lt"), (">", "gt"), ('"', "quot"), ("'", "#39")):
        text = text.replace(character, f"&{name};")
    return text


def _group(group: Group) -> list[str]:
    attributes = "".join(
        f' {name}="{escape(value)}"' for name, value in (("id", group.id), ("class", group.kind)) if value
    )
    title = [f"<title>{escape(group.title)}</title>"] if group.title else []
    return [f"<g{attributes}>", *title, *(_mark(mark) for mark in group.marks), "</g>"]


def _mark(mark: Mark) -> str:
    if isinstance(mark, Text):
        anchor = f' text-anchor="{mark.anchor}"' if mark.anchor != "start" else ""
        weight = ' font-weight="bold"' if mark.bold else ""
        place = f'x="{_n(mark.x)}" y="{_n(mark.y)}" font-size="{_n(mark.size)}"'
        return f'<text {place}{anchor}{weight} fill="{mark.fill}">{escape(mark.text)}</text>'
    if isinstance(mark, Rectangle):
        left, top, _, _ = mark.box.corners
        size = f'width="{_n(mark.box.width)}" height="{_n(mark.box.height)}" rx="{_n(mark.radius)}"'
        stroke = f' stroke="{mark.stroke}" stroke-width="{_n(mark.width)}"' if mark.width else ""
        return f'<rect x="{_n(left)}" y="{_n(top)}" {size} fill="{mark.fill}"{stroke}/>'
    if isinstance(mark, Curve):
        dashes = ' stroke-dasharray="4 2.5"' if mark.dashed else ""
        line = f'stroke="{mark.stroke}" stroke-width="{_n(mark.width)}"{dashes}'
        return f'<path d="{_path(mark)}" fill="none" {line}/>'
    return _polygon(mark)


def _polygon(mark: Polygon) -> str:
    points = " ".join(f"{_n(x)},{_n(y)}" for x, y in mark.points)
    return f'<polygon points="{points}" fill="{mark.fill}"/>'


def _path(curve: Curve) -> str:
    (x, y), *rest = curve.points
    return f"M{_n(x)},{_n(y)} C" + " ".join(f"{_n(px)},{_n(py)}" for px, py in rest)


def _n(value: float) -> str:
    text = f"{value:.2f}"
    return "0.00" if text == "-0.00" else text
