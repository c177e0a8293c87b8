"""Which child and which episode a record belongs to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.shapes.inputs import Input

Mask = npt.NDArray[np.bool_]
_LONG_AGO = pd.Timestamp("1800-01-01")


@dataclass(frozen=True, eq=False)
class Known:
    """The ids that records may refer to."""

    what: str
    """"child" or "episode"."""
    files: str
    """Where they stand."""
    seen: pd.Index[str]
    """Every id that stands there, also on records that cannot be used."""
    usable: pd.Index[str]

    @classmethod
    def of(cls, what: str, given: Iterable[tuple[Input, str]]) -> Known:
        """The ids in a column of some inputs."""
        given = list(given)
        files = list(dict.fromkeys(item.file for item, _ in given))
        texts = [(item.records.text(column).dropna(), item.records.used) for item, column in given]
        usable = [text[used[text.index]] for text, used in texts]
        shown = files[0] if len(files) == 1 else f"{', '.join(files[:-1])} or {files[-1]}" if files else "any file"
        return cls(what, shown, _distinct([text for text, _ in texts]), _distinct(usable))

    def refer(self, item: Input, column: str) -> pd.Series[str]:
        """The column's text where it is a usable id; anything else is noted against its record."""
        records, what = item.records, self.what
        values = records.identifier(column, f"{what} id")
        present = values.notna().to_numpy()
        there, usable = among(values, self.seen), among(values, self.usable)
        absent, refused = present & ~there, present & there & ~usable
        records.reject(absent, f"{column}: unknown {what}, not in {self.files}")
        records.reject(refused, f"{column}: the {what}'s own row in {self.files} is quarantined")
        return values.mask(absent | refused)


def _distinct(texts: list[pd.Series[str]]) -> pd.Index[str]:
    return pd.Index(pd.concat(texts).unique()) if texts else pd.Index([], dtype="str")


def among(values: pd.Series[str], known: pd.Index[str]) -> Mask:
    """Which values are among the known; much faster on text than `isin`, which goes through Python."""
    return np.asarray(known.get_indexer(pd.Index(values)) >= 0)


def look_up(keys: pd.Series[str], values: pd.Series[Any]) -> pd.Series[Any]:
    """The value of each key, missing for a missing or unknown one, with its type even where there is none at all."""
    return values.reindex(keys).set_axis(keys.index)


def running(child: pd.Series[str], date: pd.Series[pd.Timestamp], cases: pd.DataFrame) -> pd.Series[str]:
    """For each record the child's episode that last began on or before its date, or else the child's first one.

    `cases` has `case`, `child`, `start`. Missing where the child has no episode, or child or date is missing.
    """
    spans = cases[["case", "child", "start"]].dropna(subset=["case", "child"])
    # A case whose start nobody tells may have begun at any time.
    spans = spans.assign(start=spans["start"].fillna(_LONG_AGO)).sort_values(["start", "case"], kind="stable")
    wanted = pd.DataFrame({"child": child, "date": date}).dropna()
    wanted = wanted[among(wanted["child"], pd.Index(spans["child"].unique()))].sort_values("date", kind="stable")
    found = pd.merge_asof(wanted.assign(at=wanted.index), spans, left_on="date", right_on="start", by="child")
    first = spans.drop_duplicates("child").set_index("child")["case"]
    case = found["case"].where(found["case"].notna(), look_up(found["child"], first))
    return pd.Series(case.to_numpy(), index=found["at"], dtype="str").reindex(child.index)
