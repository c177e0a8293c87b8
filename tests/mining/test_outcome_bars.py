"""Bars of outcomes: the same bytes every time, every share in words, and clear answers to odd tables."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from made_logs import odd_logs, stage_log

from event_logs import vocabulary as v
from mining.outcome_bars import draw_outcomes, outcomes_in_words
from mining.outcomes import PERMANENCE, competing_outcomes

TABLE = competing_outcomes(stage_log(1), v.PANEL, PERMANENCE)


@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
def test_the_same_table_gives_the_same_bytes(tmp_path: Path, kind: str) -> None:
    first, second = tmp_path / f"a.{kind}", tmp_path / f"b.{kind}"
    draw_outcomes(TABLE, first, title="Where children were")
    draw_outcomes(TABLE, second, title="Where children were")
    assert first.read_bytes() == second.read_bytes()
    assert len(first.read_bytes()) > 2000


def test_svg_tells_what_it_shows_in_9_points_or_more(tmp_path: Path) -> None:
    path = tmp_path / "a.svg"
    draw_outcomes(TABLE, path, title="Where <children> were")
    text = path.read_text(encoding="utf-8")
    assert "<title>Where &lt;children&gt; were</title>" in text
    assert "Still waiting" in text
    sizes = [float(size) for size in re.findall(r"font-size: ([\d.]+)px", text)]
    assert sizes
    assert min(sizes) >= 9
    assert "http" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", text)


def test_words_say_what_is_not_known() -> None:
    words = outcomes_in_words(competing_outcomes(odd_logs()["all open"], v.ACCOMMODATED, PERMANENCE, years=(1, 3)))
    assert "After 1 year: Permanence achieved 0% (0 to 16%)" in words
    assert "After 3 years: not yet known: nobody was followed for more than 1000 days." in words


@pytest.mark.parametrize("name", list(odd_logs()))
def test_odd_logs(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a.svg"
    draw_outcomes(competing_outcomes(odd_logs()[name], v.ACCOMMODATED), path, title=name)
    assert path.stat().st_size > 1000


def test_bad_requests(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\.svg, \.png or \.pdf"):
        draw_outcomes(TABLE, tmp_path / "a.gif", title="x")
    with pytest.raises(ValueError, match="must have rows"):
        draw_outcomes(TABLE.iloc[:0], tmp_path / "a.svg", title="x")
