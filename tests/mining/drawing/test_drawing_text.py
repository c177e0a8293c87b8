"""Text widths and line breaks from the bundled font."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mining.drawing.text import balanced, drawable, printable, shorten, text_width, wrap


def test_widths_are_those_matplotlib_draws() -> None:
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    from mining.drawing.text import font_file

    for text in ("HHHHHHHHHH", "mmmmmmmmmm", "Accommodated and on"):
        path = TextPath((0, 0), text, size=100, prop=FontProperties(fname=str(font_file())))
        assert path.get_extents().x1 == pytest.approx(text_width(text, 100), rel=0.03)


def test_width_grows_with_size_and_text() -> None:
    assert text_width("", 9) == 0
    assert text_width("ab", 18) == pytest.approx(2 * text_width("ab", 9))
    assert text_width("ab", 9, bold=True) > text_width("ab", 9)


@given(st.text(max_size=60), st.floats(20, 200), st.integers(1, 4))
def test_wrapped_lines_are_never_too_wide_or_too_many(text: str, width: float, lines: int) -> None:
    shown = printable(text)
    rows = wrap(shown, width, 9, lines=lines)
    assert 1 <= len(rows) <= lines
    assert all(text_width(row, 9) <= width + 1e-9 for row in rows)


@given(st.text(max_size=60), st.floats(20, 200))
def test_wrapping_without_a_limit_loses_nothing(text: str, width: float) -> None:
    shown = printable(text)
    assert "".join(wrap(shown, width, 9)).replace(" ", "") == shown.replace(" ", "")


@given(st.text(max_size=80))
def test_printable_text_has_no_controls_and_stays_as_it_is(text: str) -> None:
    shown = printable(text)
    assert printable(shown) == shown
    assert shown.isprintable() or not any(ord(c) < 32 or 0xD800 <= ord(c) < 0xE000 for c in shown)
    shown.encode("utf-8")


def test_shorten_and_balance() -> None:
    assert shorten("Accommodated", 1000, 9) == "Accommodated"
    assert shorten("Accommodated", 40, 9).endswith("…")
    assert balanced("Health assessment requested", 150, 9, lines=2) == ("Health assessment", "requested")
    assert balanced("Send Fine", 150, 9, lines=2) == ("Send", "Fine")
    assert balanced("Send Fine", 150, 9, lines=2, narrowest=60) == ("Send Fine",)
    assert balanced("w" * 300, 150, 9, lines=3)[-1].endswith("…")


def test_glyphs_the_font_lacks_become_squares() -> None:
    assert drawable("a日b") == "a□b"
