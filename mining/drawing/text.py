"""How wide a text is, and where it breaks, from the metrics of the DejaVu Sans that matplotlib carries.

Widths come from the font file itself, never from what happens to be installed, so a layout is the same everywhere.
"""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import cast

ELLIPSIS = "…"
MISSING_GLYPH = "\u25a1"
_REPLACEMENT = "\ufffd"
# Marks that reorder the text around them: a label must not be able to rewrite its neighbours.
_DIRECTION_MARKS = frozenset("\u200e\u200f\u061c\ufeff") | {
    chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
}


def font_file(*, bold: bool = False) -> Path:
    """The DejaVu Sans that comes with matplotlib; does not import matplotlib."""
    spec = find_spec("matplotlib")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("matplotlib is needed for its fonts: pip install matplotlib")
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return Path(spec.submodule_search_locations[0]) / "mpl-data" / "fonts" / "ttf" / name


@cache
def _advances(bold: bool) -> tuple[dict[int, float], float]:
    """Advance of each character the font has, in ems, and the advance to assume for any other."""
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # ships no type information

    with TTFont(font_file(bold=bold), lazy=True) as font:
        metrics = font["hmtx"].metrics
        em = float(font["head"].unitsPerEm)
        characters = cast("dict[int, str]", font.getBestCmap())
        return {code: metrics[glyph][0] / em for code, glyph in characters.items()}, 1.3


@lru_cache(maxsize=20_000)
def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Width of one line of text in points.

    >>> round(text_width("Accommodated", 9), 1)
    70.6
    """
    advances, other = _advances(bold)
    return size * sum(advances.get(ord(character), other) for character in text)


@lru_cache(maxsize=20_000)
def printable(text: str) -> str:
    """The text with everything that cannot be drawn, or that would act on its surroundings, made visible.

    Runs of white space (line ends too) become one space; control characters, direction marks and lone surrogates
    become the replacement character. Everything else stays as it is.

    >>> printable('a\\n b\\x07<i>')
    'a b�<i>'
    """
    safe = "".join(_REPLACEMENT if _unsafe(character) else character for character in text)
    return unicodedata.normalize("NFC", " ".join(safe.split()))


def _unsafe(character: str) -> bool:
    if character.isspace():
        return False
    category = unicodedata.category(character)
    return category in {"Cc", "Cs"} or character in _DIRECTION_MARKS or (ord(character) & 0xFFFE) == 0xFFFE


def drawable(text: str, *, bold: bool = False) -> str:
    """The text with a hollow square for each character that DejaVu Sans does not have (for PNG and PDF)."""
    advances, _ = _advances(bold)
    return "".join(character if ord(character) in advances else MISSING_GLYPH for character in text)


def shorten(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """The text, or as much of its beginning as fits in the width with an ellipsis."""
    if text_width(text, size, bold=bold) <= width:
        return text
    kept = text
    while kept and text_width(kept + ELLIPSIS, size, bold=bold) > width:
        kept = kept[:-1]
    return kept.rstrip() + ELLIPSIS


def wrap(text: str, width: float, size: float, *, lines: int = 0, bold: bool = False) -> tuple[str, ...]:
    """The text broken at spaces into lines of at most the width, the last cut with an ellipsis when `lines` run out.

    A word wider than a line is broken inside. `lines=0` means as many as it takes. Empty text gives one empty line.

    >>> wrap("Further information received", 70, 9)
    ('Further', 'information', 'received')
    """
    rows: list[str] = []
    row = ""
    for word in text.split(" "):
        for piece in _pieces(word, width, size, bold):
            longer = f"{row} {piece}" if row else piece
            if row and text_width(longer, size, bold=bold) > width:
                rows.append(row)
                row = piece
            else:
                row = longer
    rows.append(row)
    if lines and len(rows) > lines:
        rows = [*rows[: lines - 1], shorten(" ".join(rows[lines - 1 :]), width, size, bold=bold)]
    return tuple(rows)


def balanced(
    text: str, widest: float, size: float, *, lines: int, narrowest: float = 0.0, bold: bool = False
) -> tuple[str, ...]:
    """The text in at most `lines` lines, as narrow as possible, none wider than `widest`; cut when it must be.

    Narrower than `narrowest` it need not be.
    """
    full = text_width(text, size, bold=bold)
    longest_word = max((text_width(word, size, bold=bold) for word in text.split(" ")), default=0.0)
    width = min(widest, max(full / lines, longest_word, narrowest))
    while width < widest and len(wrap(text, width, size, bold=bold)) > lines:
        width = min(widest, width + 2)
    return wrap(text, width, size, lines=lines, bold=bold)


def _pieces(word: str, width: float, size: float, bold: bool) -> list[str]:
    if text_width(word, size, bold=bold) <= width:
        return [word]
    pieces, piece = [], ""
    for character in word:
        if piece and text_width(piece + character, size, bold=bold) > width:
            pieces.append(piece)
            piece = ""
        piece += character
    return [*pieces, piece]
