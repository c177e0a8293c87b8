"""A scene as PNG and PDF with matplotlib, from the same geometry as the SVG."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mining.drawing.scene import Curve, Mark, Rectangle, Scene, Text
from mining.drawing.text import drawable, font_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.transforms import Transform

# Whatever a user's own matplotlib settings say, the picture stays the same.
_SETTINGS: Any = {
    "text.usetex": False,
    "text.parse_math": False,
    "text.hinting": "none",
    "text.antialiased": True,
    "pdf.fonttype": 42,
    "pdf.compression": 6,
    "pdf.use14corefonts": False,
    "path.simplify": False,
    "path.snap": False,
    "path.sketch": None,
    "path.effects": [],
    "savefig.bbox": None,
    "figure.facecolor": "white",
    "savefig.facecolor": "auto",
}
_DOTS_PER_INCH = 200


def write_png(scene: Scene, path: Path) -> None:
    """Write the scene as a PNG of 200 dots an inch, without a date or a program's name in it."""
    _write(scene, path, format="png", dpi=_DOTS_PER_INCH, metadata={"Software": None, "Title": scene.title})


def write_pdf(scene: Scene, path: Path) -> None:
    """Write the scene as a PDF with its fonts inside, without a date in it."""
    about = {
        "Title": scene.title,
        "Subject": scene.description,
        "CreationDate": None,
        "Producer": None,
        "Creator": None,
    }
    _write(scene, path, format="pdf", metadata=about)


def _write(scene: Scene, path: Path, **options: Any) -> None:
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.transforms import Affine2D

    with matplotlib.rc_context(_SETTINGS):
        figure = Figure(figsize=(scene.width / 72, scene.height / 72), dpi=_DOTS_PER_INCH)
        FigureCanvasAgg(figure)
        # Points from the top left corner, as in the scene.
        place = Affine2D().scale(1 / 72, -1 / 72).translate(0, scene.height / 72) + figure.dpi_scale_trans
        order = 0
        for group in scene.groups:
            for mark in group.marks:
                _add(figure, mark, place, order)
                order += 1
        figure.savefig(path, **options)


def _add(figure: Figure, mark: Mark, place: Transform, order: int) -> None:
    from matplotlib.font_manager import FontProperties
    from matplotlib.patches import FancyBboxPatch, PathPatch
    from matplotlib.patches import Polygon as PolygonPatch
    from matplotlib.path import Path as Outline
    from matplotlib.text import Text as TextArtist

    common: dict[str, Any] = {"transform": place, "zorder": order}
    if isinstance(mark, Text):
        anchor = {"start": "left", "middle": "center", "end": "right"}[mark.anchor]
        font = FontProperties(fname=str(font_file(bold=mark.bold)), size=mark.size)
        text = drawable(mark.text, bold=mark.bold)
        look: dict[str, Any] = {"color": mark.fill, "ha": anchor, "va": "baseline", "parse_math": False}
        figure.add_artist(TextArtist(mark.x, mark.y, text, fontproperties=font, **look, **common))
    elif isinstance(mark, Rectangle):
        left, top, _, _ = mark.box.corners
        style = f"round,pad=0,rounding_size={mark.radius:.4f}"
        corner, wide, high = (left, top), mark.box.width, mark.box.height
        look = {"facecolor": mark.fill, "edgecolor": mark.stroke, "linewidth": mark.width, "boxstyle": style}
        figure.add_artist(FancyBboxPatch(corner, wide, high, **look, **common))
    elif isinstance(mark, Curve):
        codes = [Outline.MOVETO, *([Outline.CURVE4] * (len(mark.points) - 1))]
        dashes: Any = (0, (4 / mark.width, 2.5 / mark.width)) if mark.dashed else "-"
        look = {
            "fill": False,
            "edgecolor": mark.stroke,
            "linewidth": mark.width,
            "linestyle": dashes,
            "capstyle": "butt",
        }
        figure.add_artist(PathPatch(Outline(list(mark.points), codes), **look, **common))
    else:
        figure.add_artist(PolygonPatch(list(mark.points), closed=True, facecolor=mark.fill, edgecolor="none", **common))
