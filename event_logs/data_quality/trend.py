"""How the records changed from one extract to the next."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd

from event_logs.errors import InputError, Problem

HISTORY_COLUMNS = ("extraction_date", "measure", "what", "count", "out_of")


def read_history(path: Path) -> pd.DataFrame:
    """The measures of earlier reports, as an earlier `data_quality_history.csv` holds them.

    Columns as `HISTORY_COLUMNS`; `extraction_date` is text like 2024-07-31. Raises InputError for a file that is not
    one.
    """
    try:
        table = pd.read_csv(io.BytesIO(path.read_bytes()), dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(Problem(str(path), "", "the earlier report does not exist", "Name its CSV file")) from None
    except (OSError, ValueError) as error:
        problem = "the earlier report cannot be read"
        raise InputError(Problem(path.name, "", problem, "Name its data_quality_history.csv")) from error
    missing = [column for column in HISTORY_COLUMNS if column not in table]
    table = table.reindex(columns=list(HISTORY_COLUMNS))
    dates = pd.to_datetime(table["extraction_date"], format="%Y-%m-%d", errors="coerce")
    counts = table[["count", "out_of"]].apply(pd.to_numeric, errors="coerce")
    if missing or dates.isna().any() or counts["count"].isna().any():
        problem = "this is not the history of an earlier report"
        raise InputError(Problem(path.name, "", problem, "Name its data_quality_history.csv"))
    return table.assign(count=counts["count"].astype("int64"), out_of=counts["out_of"])


def with_earlier(now: pd.DataFrame, earlier: pd.DataFrame | None) -> pd.DataFrame:
    """All measures of all extracts, oldest first; an earlier report on the same extraction date is replaced."""
    if earlier is None or earlier.empty:
        return now
    others = earlier[~earlier["extraction_date"].isin(now["extraction_date"].unique())]
    both = pd.concat([others, now], ignore_index=True) if len(others) else now
    return both.sort_values("extraction_date", kind="stable").reset_index(drop=True)


def trend(history: pd.DataFrame) -> pd.DataFrame:
    """The newest extract beside the one before it, one row a measure that either has; empty with one extract only.

    Columns: `measure`, `what`, `earlier`, `now` (counts; 0 where a fault is not found), `earlier_share`, `now_share`
    (of `out_of`; NaN where it is not known), `change` (now - earlier), `earlier_date`, `now_date`.
    """
    dates = sorted(history["extraction_date"].unique())
    columns = ["measure", "what", "earlier", "now", "earlier_share", "now_share", "change", "earlier_date", "now_date"]
    if len(dates) < 2:
        return pd.DataFrame(columns=columns)
    earlier, now = (history[history["extraction_date"] == date].set_index("measure") for date in dates[-2:])
    index = now.index.append(earlier.index.difference(now.index, sort=True))
    both = pd.DataFrame({"measure": index, "what": now["what"].reindex(index).fillna(earlier["what"]).to_numpy()})
    for name, part in (("earlier", earlier), ("now", now)):
        part = part.reindex(index)
        both[name] = part["count"].fillna(0).astype("int64").to_numpy()
        both[f"{name}_share"] = (part["count"] / part["out_of"].where(part["out_of"] > 0)).to_numpy(dtype="float64")
    both = both.assign(change=both["now"] - both["earlier"], earlier_date=dates[-2], now_date=dates[-1])
    return both[columns]
