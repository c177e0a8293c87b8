"""Codes: known again in spite of case and spaces where that is declared, and valid for the dates of their list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

Mask = npt.NDArray[np.bool_]
_ANY_SPACE = r"[\s\u00a0\u2007\u202f\u200b\ufeff]+"


@dataclass(frozen=True, kw_only=True)
class DatedCode:
    """One entry of a code list that changed over the years."""

    code: str
    """As it stands in the extract."""
    means: str
    """What it means; two codes, or one code at two times, may mean the same or not."""
    first: date | None = None
    """First day on which it was in use; missing: always."""
    last: date | None = None
    """Last day on which it was in use; missing: still."""

    def __post_init__(self) -> None:
        if self.first is not None and self.last is not None and self.first > self.last:
            raise ValueError(f"code {self.code!r}: first day {self.first} is after last day {self.last}")


def canonical(values: pd.Series[str]) -> pd.Series[str]:
    """The values without difference of case and spaces: the form in which codes are compared.

    >>> canonical(pd.Series(["foster\\u00a0carers  LA "])).tolist()
    ['foster carers la']
    """
    return values.str.normalize("NFC").str.replace(_ANY_SPACE, " ", regex=True).str.strip().str.casefold()


def normalised(values: pd.Series[str], known: Iterable[str]) -> tuple[pd.Series[str], Mask]:
    """The values with each known code as the list writes it, and which were changed for that.

    A number with a zero behind the point is the known whole number. A value that could be two known codes is left as
    it is, and so is any other.
    """
    codes, unique = pd.factorize(values)
    texts = pd.Series(unique, dtype="str")
    by_form: dict[str, str | None] = {}
    listed = list(dict.fromkeys(known))
    for code, form in zip(listed, canonical(pd.Series(listed, dtype="str")), strict=True):
        by_form[form] = code if form not in by_form else None
    forms = canonical(texts).str.replace(r"^(\d+)\.0$", r"\1", regex=True)
    exact = set(listed)
    written = np.array(
        [text if text in exact else by_form.get(form) or text for text, form in zip(texts, forms, strict=True)]
        + [None],
        dtype=object,
    )
    changed = np.append(written[:-1] != texts.to_numpy(dtype=object), False)
    if not changed.any():
        return values, np.zeros(len(values), dtype=bool)
    return pd.Series(written[codes], index=values.index, dtype="str"), changed[codes].astype(bool)


def in_use(
    values: pd.Series[str], dates: pd.Series[pd.Timestamp], codes: Sequence[DatedCode]
) -> tuple[pd.Series[str], Mask]:
    """What each code meant on its date, and which codes were known but not in use that day.

    A missing value or date means nothing and is not marked. ValueError where one code means two things on one day.
    """
    _check_dated(codes)
    meaning = np.full(len(values), None, dtype=object)
    day = dates.to_numpy(dtype="datetime64[D]")
    there = ~np.isnat(day)
    listed, given = np.zeros(len(values), dtype=bool), values.to_numpy(dtype=object)
    for entry in codes:
        same = given == entry.code
        listed |= same
        first = np.datetime64(entry.first or date.min, "D")
        last = np.datetime64(entry.last or date.max, "D")
        meaning[same & there & (day >= first) & (day <= last)] = entry.means
    outside = listed & there & pd.isna(meaning)
    return pd.Series(meaning, index=values.index, dtype="str"), outside


def _check_dated(codes: Sequence[DatedCode]) -> None:
    by_code: dict[str, list[DatedCode]] = {}
    for entry in codes:
        for other in by_code.get(entry.code, ()):
            apart = (entry.first or date.min) > (other.last or date.max) or (other.first or date.min) > (
                entry.last or date.max
            )
            if not apart and other.means != entry.means:
                raise ValueError(f"code {entry.code!r} means {other.means!r} and {entry.means!r} on the same day")
        by_code.setdefault(entry.code, []).append(entry)


def most_frequent(unknown: pd.Series[str], nearest: Mapping[str, Sequence[str]], top: int = 20) -> pd.DataFrame:
    """The unknown codes that stand most often: `value`, `rows`, `nearest` (known codes, joined by " or ")."""
    counts = unknown.value_counts()
    table = pd.DataFrame({"value": counts.index.astype("str"), "rows": counts.to_numpy(dtype="int64")})
    table = table.sort_values(["rows", "value"], ascending=[False, True], ignore_index=True).head(top)
    near = [" or ".join(nearest.get(value, ())) for value in table["value"]]
    return table.assign(nearest=pd.Series(near, dtype="str"))
