"""Which ways through the process children take, how many take each, and how long each takes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from event_logs.log import EventLog
from mining.blocks import blocks_of
from mining.given import waits, weighted_medians
from mining.sequences import equal_slices, spread

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

THEN = " → "
_WITH_INTERVAL = 10
"""For so many of the most frequent complete variants an interval is worked out."""


def variants(log: EventLog, partial_order: bool = True, *, declared: bool | None = None) -> pd.DataFrame:
    """The variants of a log: each distinct way through the process, most frequent first (ties by name).

    One row a variant. A closed case has gone its way to the end: its row is `complete`. An open case has gone its way
    *so far*: it counts in a row of its own, with `complete` False, never as a complete variant; those rows come last.

    Columns: `variant` (activities joined by →; with `partial_order`, events whose order nobody knows stand together
    as {A, B}, repeated ones as B ×2), `complete`, `events` (length), `cases`, `share` (of the closed cases for a
    complete variant, of the open cases for one so far), `cumulated_share` (down the rows of the same kind);
    `median_days` from the case's start to its end with its 95 % interval `low_days`, `high_days` (for the ten most
    frequent; NaN: not worked out, or longer than was seen), where open cases count: Aalen-Johansen over the variants
    with delayed entry at the window's start, normalised to the variant, open cases being taken to split as those
    before them did; with a single variant it is Kaplan-Meier. `so_far_days` (median days that the open cases of the
    row have been open; NaN for complete rows). Cases without any event have the empty variant "".

    Without `partial_order` the log's own order of a day is taken as it stands. `declared` as in `order_uncertainty`.
    An empty log gives an empty table.
    """
    kinds, stands, tokens = variant_kinds(log, partial_order, declared=declared)
    table = _ranked(log, kinds, stands, tokens)
    days, entry = _durations(log)
    is_open = np.isnan(log.arrays.end)
    # The row of each case: its way, complete or so far.
    row_of = np.zeros(2 * len(stands) + 2, dtype=np.int64)
    row_of[table["kind"].to_numpy() * 2 + ~table["complete"].to_numpy()] = np.arange(len(table))
    row = row_of[kinds * 2 + is_open]
    found = waits(days, ~is_open, entry)
    ended = np.full(len(table), found.weights.sum())
    table["median_days"] = weighted_medians(days, found.weights, row, ended)[0]
    limits = np.full((len(table), 2), np.nan)
    for one in range(min(_WITH_INTERVAL, int(table["complete"].sum()))):
        limits[one] = found.law((row == one) & ~is_open).interval(0.5)
    table["low_days"], table["high_days"] = limits.T
    table["so_far_days"] = weighted_medians(days, is_open.astype(np.float64), row, np.ones(len(table)))[0]
    return table.drop(columns="kind")


def ranked_ways(log: EventLog, partial_order: bool = True, *, declared: bool | None = None) -> pd.DataFrame:
    """The rows of `variants` up to `cumulated_share`, and `kind`: the number of the way as `variant_kinds` has it."""
    return _ranked(log, *variant_kinds(log, partial_order, declared=declared))


def _ranked(log: EventLog, kinds: IntArray, stands: IntArray, tokens: IntArray) -> pd.DataFrame:
    import pyarrow.compute as pc

    arrays = log.arrays
    is_open = np.isnan(arrays.end)
    # A way that is complete for some and "so far" for others makes two rows.
    counts = np.bincount(kinds * 2 + is_open, minlength=2 * len(stands))
    rows = np.flatnonzero(counts)
    texts = _texts(log, tokens, stands)
    place = np.empty(len(texts), dtype=np.int64)
    place[pc.array_sort_indices(texts).to_numpy()] = np.arange(len(texts))
    rows = rows[np.lexsort((place[rows // 2], -counts[rows], rows % 2))]
    kind, complete, cases = rows // 2, rows % 2 == 0, counts[rows].astype(np.int64)
    share = cases / np.maximum(np.where(complete, (~is_open).sum(), is_open.sum()), 1)
    # Complete rows come first; the sum starts again with those so far.
    running = np.cumsum(share)
    until = running[complete.sum() - 1] if complete.any() else 0.0
    return pd.DataFrame(
        {
            "variant": pd.Series(texts.take(pa.array(kind)).to_pandas(), dtype="str"),
            "complete": complete,
            "events": arrays.first[stands[kind] + 1] - arrays.first[stands[kind]],
            "cases": cases,
            "share": share,
            "cumulated_share": np.where(complete, running, running - until),
            "kind": kind,
        }
    )


def variant_kinds(
    log: EventLog, partial_order: bool = True, *, declared: bool | None = None
) -> tuple[IntArray, IntArray, IntArray]:
    """For each case the number of its way, for each way the first case that went it, and the tokens of all events.

    A token is twice the activity, plus 1 where the event belongs to one set of unknown order with the event before.
    """
    arrays = log.arrays
    tokens = arrays.activity.astype(np.int64) * 2
    if partial_order:
        tokens += blocks_of(log, declared=declared).joined
    kinds, stands = equal_slices(tokens, arrays.first[:-1], arrays.first[1:])
    return kinds, stands, tokens


def variant_text(log: EventLog, case: int, *, partial_order: bool = True) -> str:
    """How `variants` writes the way of one case, given by its position in the case table."""
    _, _, tokens = variant_kinds(log, partial_order)
    return str(_texts(log, tokens, np.array([case], dtype=np.int64))[0])


def variants_text(table: pd.DataFrame) -> str:
    """The finding in plain sentences, from the table that `variants` gives."""
    complete, so_far = table[table["complete"]], table[~table["complete"]]
    if table.empty:
        return "The log holds no cases, so there are no ways through the process."
    parts = []
    if len(complete):
        once = int((complete["cases"] == 1).sum())
        half = int((complete["cumulated_share"] < 0.5).sum()) + 1
        top = complete.iloc[0]
        parts.append(
            f"{complete['cases'].sum():,} closed cases went {len(complete):,} different ways; the most frequent was "
            f"taken by {top['cases']:,} ({top['share']:.1%}), {half:,} cover half of them, and {once:,} were taken "
            "by one case only."
        )
    if len(so_far):
        parts.append(
            f"{so_far['cases'].sum():,} cases are still open; {len(so_far):,} ways describe how far they have come, "
            "not how they will go."
        )
    return " ".join(parts)


def _durations(log: EventLog) -> tuple[FloatArray, FloatArray]:
    """Days each case has lasted (so far while open), and how many of them had passed when the window began."""
    arrays = log.arrays
    until = np.where(np.isnan(arrays.end), arrays.window_end, arrays.end)
    return np.maximum(until - arrays.start, 0.0), np.maximum(arrays.window_start - arrays.start, 0.0)


def _texts(log: EventLog, tokens: IntArray, cases: IntArray) -> pa.StringArray:
    """How each of the given cases' ways is written, put together from pieces: a name with what stands around it."""
    import pyarrow.compute as pc

    arrays = log.arrays
    k = max(len(arrays.activities), 1)
    first, lengths = arrays.first[cases], arrays.first[cases + 1] - arrays.first[cases]
    mine = tokens[spread(first, lengths)]
    starts = mine % 2 == 0
    # Inside a set, activities stand by name, and each once, with how often it is there.
    by_name = np.argsort(np.array(arrays.activities, dtype=object), kind="stable")
    keys = (np.cumsum(starts) - 1) * k + np.argsort(by_name)[mine // 2] if len(mine) else mine
    keys = keys if starts.all() else np.sort(keys)
    once = np.flatnonzero(_changes(keys))
    group, name = keys[once] // k, by_name[keys[once] % k] if len(mine) else mine
    way = np.repeat(np.arange(len(cases)), lengths)[starts][group]
    opens, closes, last = _changes(group), _changes(group[::-1])[::-1], _changes(way[::-1])[::-1]
    alone = opens & closes
    after = np.where(closes, np.where(alone, ~last, 4 - last), 2)
    code = name * 10 + (opens & ~alone) * 5 + after
    forms = [_form(activity, form) for activity in arrays.activities for form in range(10)]
    number = np.diff(np.append(once, len(keys)))
    often = np.flatnonzero((number > 1) & ~alone)
    repeated, which = np.unique(np.stack([code[often], number[often]]), axis=1, return_inverse=True)
    code[often] = len(forms) + which.reshape(-1)
    forms += [_form(f"{arrays.activities[one // 10]} ×{times}", one % 10) for one, times in repeated.T.tolist()]
    offsets = np.searchsorted(way, np.arange(len(cases) + 1)).astype(np.int32)
    pieces = pa.array(forms, type=pa.string()).take(pa.array(code))
    return pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets), pieces), "")


def _form(name: str, form: int) -> str:
    """A name with what stands around it: 5 or more opens a set; then nothing, an arrow or a comma, or a set's end."""
    return f"{'{' if form >= 5 else ''}{name}{('', THEN, ', ', '}', '}' + THEN)[form % 5]}"


def _changes(values: IntArray) -> BoolArray:
    """Where another value stands than in the place before; the first place always."""
    return np.append(True, values[1:] != values[:-1])[: len(values)]
