"""The predicted band behind a run chart: it fits on the scale, and says in words what it shows."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from mining.charts import Caption, alt_text, chart_svg, draw_chart, run_chart
from mining.charts.band import Band

CAPTION = Caption(title="Share in time", percent=True)
VALUES = [0.5, 0.4, 0.6, 0.5, 0.7, np.nan]


def band(low: float = 0.1) -> Band:
    """A band over the last two of six points."""

    def last(*values: float) -> np.ndarray:
        return np.array([np.nan] * 4 + list(values))

    return Band(
        low95=last(low, low),
        low80=last(0.3, 0.3),
        middle=last(0.6, 0.65),
        high80=last(0.8, 0.8),
        high95=last(0.95, 0.95),
        other_middle=last(0.5, 0.5),
        other_low=last(0.0, 0.1),
        other_high=last(0.9, 0.9),
    )


def test_the_words_give_every_limit_of_every_point() -> None:
    said = alt_text(run_chart(VALUES), caption=CAPTION, band=band())
    assert "point 5: 60% with the change, 80 in 100 within 30% to 80%, 95 within 10% to 95%" in said
    assert "50% without it, 95 within 10% to 90%" in said
    assert "1 still to come, or without a value." in said
    assert "without a value." in alt_text(run_chart(VALUES), caption=CAPTION)


def test_the_same_chart_has_the_same_bytes_and_names_both_futures() -> None:
    drawn = [chart_svg(run_chart(VALUES), caption=CAPTION, band=band()) for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert "changed 65%" in drawn[0]
    assert "unchanged 50%" in drawn[0]
    assert drawn[0] != chart_svg(run_chart(VALUES), caption=CAPTION)
    sizes = [float(size) for size in re.findall(r"font(?:-size)?: *(?:bold )?([\d.]+)px", drawn[0])]
    assert sizes
    assert min(sizes) >= 9


def test_the_scale_holds_the_band(tmp_path: Path) -> None:
    """A limit far below the points pulls the scale down: another picture than one just below them."""
    values = [0.85, 0.9, 0.88, 0.9, 0.87, np.nan]
    pictures = []
    for number, low in enumerate((0.8, 0.2)):
        path = tmp_path / f"{number}.svg"
        draw_chart(run_chart(values), path, caption=CAPTION, band=band(low))
        pictures.append(path.read_text(encoding="utf-8"))
    assert pictures[0] != pictures[1]


def test_a_band_without_a_point_draws_nothing() -> None:
    nothing = np.full(6, np.nan)
    names = ("low95", "low80", "middle", "high80", "high95", "other_middle", "other_low", "other_high")
    empty = Band(**dict.fromkeys(names, nothing))
    assert empty.named == ()
    assert "Predicted." not in alt_text(run_chart(VALUES), caption=CAPTION, band=empty)
    assert "<svg" in chart_svg(run_chart(VALUES), caption=CAPTION, band=empty)
