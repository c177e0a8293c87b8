"""Pictures made with matplotlib: one look, the same bytes for the same data, and words for who cannot see them."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, Any

from mining.drawing.svg import escape
from mining.drawing.text import font_file, printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

METADATA: dict[str, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
}
"""The kinds of file there are, and what must not be written into each: dates, and who wrote it."""


def rendered(draw: Callable[[], Figure], *, kind: str = "svg", salt: str = "chart") -> bytes:
    """The figure that `draw` makes as a file of this kind ("svg", "png" or "pdf"), the same bytes every time.

    `salt` keeps apart the inner names of pictures that stand on one page. A user's own settings change nothing.
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    settings: Any = {
        "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans", "Verdana"],
        "svg.hashsalt": salt,
        "svg.fonttype": "none",
        "text.parse_math": False,
        "pdf.fonttype": 42,
        "path.simplify": False,
        "figure.facecolor": "white",
        "savefig.facecolor": "white",
    }
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(settings)
        figure = draw()
        FigureCanvasAgg(figure)
        buffer = BytesIO()
        figure.savefig(buffer, format=kind, dpi=200, metadata=METADATA[kind])
    return buffer.getvalue()


def described(data: bytes, title: str, words: str) -> bytes:
    """The SVG with its title and description, and without references to anything outside."""
    text = data.decode()
    text = re.sub(r"<!DOCTYPE.*?>\n?", "", text, flags=re.DOTALL)
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    # Names of groups serve nobody, and would be there twice on a page with two charts.
    text = re.sub(r'<g id="[^"]*">', "<g>", text)
    about = f"<title>{escape(printable(title))}</title>\n <desc>{escape(printable(words))}</desc>"
    return re.sub(r"<svg ([^>]*)>", lambda tag: f'<svg role="img" {tag[1]}>\n {about}', text, count=1).encode()


def font(size: float, *, bold: bool = False) -> FontProperties:
    """The font that comes with matplotlib, whatever else is installed."""
    from matplotlib.font_manager import FontProperties

    return FontProperties(fname=str(font_file(bold=bold)), size=size, weight="bold" if bold else "normal")
