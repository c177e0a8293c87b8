"""Are the parameters of a synthetic council found again, within their intervals? 200 councils, one table.

Each council is of Edinburgh's size (about 1,350 children looked after on any day), ten years of records made by the
planted process of `event_logs.synthetic`, which is another programme than the model fitted to them. The pathway is
fitted to the derived log, panel calendar and all, and refitted to children drawn again, whole families at a time.
The 95 % interval of a parameter is its estimate plus and minus Student's t times the standard deviation of the refits
(logarithms of days and rates, log odds of shares).

What is planted, and what stands for it where the records show something else:
- medians of the duration of every step that is fitted as a law, of 400,000 draws of the planted law with the weekends
  and, in court, the mixture of contested and uncontested cases that the records cannot tell apart. Days are whole: a
  median is read off the curve with each day's ends spread over that day, in truth and fit alike;
- readiness of a plan (median and sigma) and the chance that a review decides a ready plan, neither of which is in the
  records; gaps between reviews;
- shares: what a plan decides, by age band; deferrals at the panel; orders; hearing advice; going home means ceasing at
  once. The mix of ages among those who lodge is that of all 200 councils together;
- new cases a year, their trend (none), and children to a family;
- the panel's weekday and weeks, skipped month, slots and lead time: found or not, there is no interval. In a few
  councils the panel is full on all but a few dates, and its lead time cannot be told: the fit says so.

Not judged: the way home from home (who may still be accommodated depends on age, which the model has no law of), ages
of leaving (they depend on the day of the plan), and the share of a duration that goes with the child, which refits keep
as it is (`tests/simulation/test_pace.py` plants it).

Run: python benchmarks/parameter_recovery.py [councils] [refits] [file for the table]
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs import vocabulary as v
from event_logs.derive import derive
from event_logs.log import EventLog
from event_logs.project import load_project
from event_logs.synthetic import Council
from event_logs.synthetic.council import AGE_BANDS
from event_logs.synthetic.council import Law as Planted
from event_logs.synthetic.journeys import Journeys, simulate_council
from event_logs.synthetic.mess import WRITING
from event_logs.synthetic.project_file import PROJECT_FILE, project_text
from event_logs.synthetic.streams import working_day
from event_logs.synthetic.tables import extract, write_tables
from simulation import pathway as p
from simulation.backcast import resampled_fit
from simulation.fit import fit_pathway
from simulation.gates import ReviewCycle, Sessions
from simulation.laws import Law
from simulation.model import PathwayModel
from simulation.panel_fit import MAY_BE_LESS

Floats = npt.NDArray[np.float64]
COUNCILS, REFITS, DRAWS = 200, 20, 400_000
COUNCIL = Council()


# What is planted ------------------------------------------------------------------------------------------------------


def planted() -> dict[str, float]:
    """The planted value of every parameter but those that depend on who lives in the councils."""
    rng = np.random.default_rng(1)
    # Everything follows a working day but the accommodation, and the panel, which is on a Tuesday.
    monday_to_friday = rng.choice([4.0, 5.0, 6.0, 7.0, 8.0], DRAWS)  # days since 1970-01-01, a Thursday; 4 is a Monday
    any_day, tuesday = np.floor(rng.uniform(4, 11, DRAWS)), np.full(DRAWS, 5.0)

    def days(law: Planted) -> Floats:
        return np.rint(law.median * np.exp(law.sigma * rng.standard_normal(DRAWS)))

    def until_working(start: Floats, law: Planted) -> Floats:
        return working_day(start + days(law)) - start

    truth = {
        _between(v.RETURN_HOME, v.RETURNED_HOME): days(COUNCIL.return_home),
        _between(v.KINSHIP_ORDER_PLANNED, v.KINSHIP_ORDER): until_working(monday_to_friday, COUNCIL.kinship_order),
        _between(v.RECOMMENDED, v.LEGAL_REQUESTED): until_working(monday_to_friday, COUNCIL.legal_request),
        _between(v.RECOMMENDED, v.HEALTH_REQUESTED): until_working(monday_to_friday, COUNCIL.health_request),
        _between(v.RECOMMENDED, v.REPORT_COMPLETED): until_working(monday_to_friday, COUNCIL.report),
        _between(v.LEGAL_REQUESTED, v.LEGAL_RECEIVED): until_working(monday_to_friday, COUNCIL.legal_advice),
        _between(v.HEALTH_REQUESTED, v.HEALTH_COMPLETED): until_working(monday_to_friday, COUNCIL.health_assessment),
        _between(v.PANEL, v.AGENCY_DECISION): until_working(tuesday, COUNCIL.decision),
        _between(v.PANEL, v.INFORMATION_RECEIVED): until_working(tuesday, COUNCIL.further_information),
        _between(v.AUTHORITY_TO_ADOPT, v.ADOPTION_ORDER): until_working(
            monday_to_friday, COUNCIL.adoption_after_authority
        ),
    }
    advice, petition = (until_working(monday_to_friday, law) for law in (COUNCIL.hearing_advice, COUNCIL.petition))
    truth[_between(v.AGENCY_DECISION, v.HEARING_ADVICE)] = advice
    supervised = rng.random(DRAWS) >= COUNCIL.voluntary_throughout
    truth[_between(v.AGENCY_DECISION, v.LODGED)] = np.where(supervised, np.maximum(advice, petition), petition)
    contested = rng.random(DRAWS) < COUNCIL.contested
    court = np.where(contested, days(COUNCIL.court_contested), days(COUNCIL.court_uncontested))
    ruled = working_day(monday_to_friday + court) - monday_to_friday
    for order in (v.PERMANENCE_ORDER, v.AUTHORITY_TO_ADOPT, v.ADOPTION_ORDER, v.NOT_GRANTED):
        truth[_between(v.LODGED, order)] = ruled
    due = np.cumsum([0, *COUNCIL.review_days, COUNCIL.review_days[2]])[1:]
    held = [working_day(any_day + day + days(COUNCIL.review_lateness)) for day in due]
    truth["first review"] = held[0] - any_day
    truth["second review"] = held[1] - held[0]
    truth["later reviews"] = held[3] - held[2]
    found = {f"median: {name}": _median_of(sample) for name, sample in truth.items()}
    found |= {"readiness: median": COUNCIL.readiness.median, "readiness: sigma": COUNCIL.readiness.sigma}
    found["a review decides"] = COUNCIL.decides
    found |= {
        f"share: {name}, age {band}": share
        for band, shares in zip(AGE_BANDS, COUNCIL.routes, strict=True)
        for name, share in zip(
            (v.RETURN_HOME, v.KINSHIP_ORDER_PLANNED, v.RECOMMENDED, v.LONG_TERM), shares, strict=True
        )
    }
    # Up to four hearings, the last of which never defers.
    deferred = sum(COUNCIL.deferral**number for number in (1, 2, 3))
    found["share: deferred by the panel"] = deferred / (1 + deferred)
    found["share: ceases on return home"] = COUNCIL.ceases_on_return
    return found


def lived(journeys: Journeys) -> dict[str, tuple[float, float]]:
    """What depends on who lives in a council, as (numerator, denominator) of its uncensored journeys in the window."""
    first, last = journeys.council.window
    lodged = (journeys.order >= 0) & (journeys.days[v.LODGED] >= first) & (journeys.days[v.LODGED] <= last)
    orders = (v.PERMANENCE_ORDER, v.AUTHORITY_TO_ADOPT, v.ADOPTION_ORDER, v.NOT_GRANTED)
    found = {
        f"share: {name}": (float((journeys.order[lodged] == number).sum()), float(lodged.sum()))
        for number, name in enumerate(orders)
    }
    decided = journeys.days[v.LODGED] >= first
    advised = (journeys.at_home | (journeys.basis != 0))[decided]
    found["share: hearing advice needed"] = (float(advised.sum()), float(decided.sum()))
    recent = (journeys.start > last - 3 * 365.25) & (journeys.start <= last)
    found["new cases a year"] = (float(recent.sum()), 3.0)
    family = pd.DataFrame({"family": journeys.children.family[journeys.entries.child], "day": journeys.start})[recent]
    found["children to a family"] = (float(len(family)), float(len(family.drop_duplicates())))
    return found


def _between(after: str, way: str) -> str:
    return f"{after} → {way}"


def _median_of(sample: Floats) -> float:
    days, counts = np.unique(sample, return_counts=True)
    return _smooth_median(days, 1.0 - np.cumsum(counts) / counts.sum())


def _smooth_median(days: Floats, survival: Floats) -> float:
    """Where the curve crosses one half, the ends of each day spread over the time since the day with ends before."""
    place = int(np.searchsorted(-survival, -0.5))
    if place >= len(days):
        return np.nan
    above, since = (survival[place - 1], days[place - 1]) if place else (1.0, days[0] - 1.0)
    return float(since + (above - 0.5) / (above - survival[place]) * (days[place] - since))


# What is found --------------------------------------------------------------------------------------------------------


def estimates(model: PathwayModel, names: Mapping[str, float]) -> dict[str, float]:
    """The model's value of every parameter named."""
    gate, panel, arrivals = model.gates[p.REVIEW_GATE], model.gates[p.PANEL_GATE], model.arrivals
    assert isinstance(gate, ReviewCycle)
    assert isinstance(panel, Sessions)
    assert arrivals is not None
    ready = model.steps[p.PLANNING].law("")
    gaps = dict(zip(("first review", "second review", "later reviews"), gate.gaps, strict=True))
    laws: dict[str, Law] = {name: step.law("") for name, step in model.steps.items()} | gaps
    found = {f"median: {name}": _median(law) for name, law in laws.items()}
    found["readiness: median"] = ready.isf(0.5)
    found["readiness: sigma"] = float(np.log(ready.isf(0.1) / ready.isf(0.9)) / 2.5631)
    found["a review decides"] = gate.decides
    for option in model.choices[p.PLAN_DECIDED].options:
        found |= {f"share: {option.starts[0]}, age {band}": share for band, share in option.share.items() if band}
    found["share: deferred by the panel"] = model.choices[v.PANEL].options[1].share[""]
    found["share: ceases on return home"] = 1.0 - model.steps[_between(v.RETURNED_HOME, v.CEASED)].law("").sf(0.0)
    for option in model.choices[v.LODGED].options:
        found[f"share: {model.steps[option.starts[0]].activity}"] = option.share[""]
    found["share: hearing advice needed"] = model.choices[v.AGENCY_DECISION].options[1].share[""]
    found["new cases a year"] = float(arrivals.per_month.sum())
    found["trend of new cases"] = arrivals.trend_per_year
    found["children to a family"] = arrivals.mean_group
    return {name: found[name] for name in names if name in found}


def _median(law: Law) -> float:
    if law.survival[-1] > 0.5:
        return law.isf(0.5)
    return _smooth_median(law.times, law.survival)


def calendar(model: PathwayModel) -> dict[str, bool]:
    """Whether the panel's calendar is the planted one."""
    panel = model.gates[p.PANEL_GATE]
    assert isinstance(panel, Sessions)
    return {
        "panel: weekday and weeks": (panel.weekday, panel.weeks_of_month) == ("Tuesday", COUNCIL.panel_weeks),
        "panel: skipped month": panel.skip_months == COUNCIL.panel_skip_months,
        "panel: slots": panel.slots == COUNCIL.panel_slots,
        "panel: lead time": panel.lead_days == COUNCIL.panel_lead_days,
        "panel: lead time, or said that it may be less": (
            panel.lead_days == COUNCIL.panel_lead_days or panel.source.endswith(MAY_BE_LESS)
        ),
        "panel: no date cancelled": panel.cancelled == (),
    }


def log_of(journeys: Journeys) -> EventLog:
    """The event log derived from a council's written records."""
    writing = WRITING["none"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_tables(extract(journeys, date_format=writing.date_format).tables, folder, writing)
        (folder / PROJECT_FILE).write_text(project_text(journeys.council, writing), encoding="utf-8", newline="\n")
        return derive(load_project(folder)).log


Scale = tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]]


def _scale(name: str) -> Scale:
    """To the scale on which an interval is symmetric, and back."""
    if name.startswith("share") or name == "a review decides":
        return (lambda x: np.log(x) - np.log1p(-x)), (lambda x: 1.0 / (1.0 + np.exp(-x)))
    if name == "trend of new cases":
        return np.log1p, np.expm1
    return np.log, np.exp


def interval(name: str, estimate: float, refits: Floats) -> tuple[float, float]:
    """The 95 % interval of an estimate from its refits."""
    from scipy.special import stdtrit

    there, back = _scale(name)
    with np.errstate(divide="ignore"):
        centre, drawn = there(np.asarray(estimate)), there(refits)
    drawn = drawn[np.isfinite(drawn)]
    if not np.isfinite(centre) or len(drawn) < 2:
        return np.nan, np.nan
    reach = float(stdtrit(len(drawn) - 1, 0.975)) * float(drawn.std(ddof=1))
    return float(back(centre - reach)), float(back(centre + reach))


def council(
    seed: int, refits: int, truth: Mapping[str, float]
) -> tuple[list[dict[str, object]], dict[str, tuple[float, float]]]:
    """One council: a row a parameter, and what depends on who lives in it."""
    journeys = simulate_council(COUNCIL, seed)
    log = log_of(journeys)
    base = fit_pathway(log)
    names = {**truth, **dict.fromkeys(lived(journeys), np.nan)}
    found = estimates(base, names)
    drawn = [
        estimates(resampled_fit(log, base, fit_pathway, None, seed=seed, draw=draw), names) for draw in range(refits)
    ]
    rows: list[dict[str, object]] = []
    for name, estimate in found.items():
        low, high = interval(name, estimate, np.asarray([one.get(name, np.nan) for one in drawn]))
        rows.append({"council": seed, "parameter": name, "estimate": estimate, "low": low, "high": high})
    for name, right in calendar(base).items():
        rows.append({"council": seed, "parameter": name, "exact": right})
    return rows, lived(journeys)


def recovered(councils: int, refits: int) -> tuple[pd.DataFrame, dict[str, float]]:
    """A row a council and parameter, and the planted values."""
    truth = {**planted(), "trend of new cases": 0.0}
    rows: list[dict[str, object]] = []
    sums: dict[str, Floats] = {}
    for seed in range(1, councils + 1):
        found, known = council(seed, refits, truth)
        rows += found
        for name, pair in known.items():
            sums[name] = sums.get(name, np.zeros(2)) + np.asarray(pair)
        print(f"council {seed} of {councils}", file=sys.stderr)
    truth |= {name: float(pair[0] / pair[1]) for name, pair in sums.items()}
    table = pd.DataFrame(rows)
    table["truth"] = table["parameter"].map(truth)
    known = table["low"].notna()
    table["inside"] = np.where(
        known, (table["low"] <= table["truth"]) & (table["truth"] <= table["high"]), table["exact"]
    )
    return table, truth


def lines(table: pd.DataFrame) -> list[str]:
    """The table by parameter, and what all of it comes to."""
    out = [
        "| parameter | planted | mean estimate | mean 95 % interval | councils | inside |",
        "|---|---|---|---|---|---|",
    ]
    for name, rows in table.groupby("parameter", sort=False):
        judged = rows.dropna(subset=["inside"])
        inside = judged["inside"].astype(bool)
        if str(name).startswith("panel"):
            out.append(f"| {name} | | | | {len(judged)} | {inside.mean():.1%} found |")
            continue
        digits = 1 if rows["truth"].iloc[0] >= 10 else 3
        figures = (f"{rows[column].mean():.{digits}f}" for column in ("truth", "estimate", "low", "high"))
        planted_value, estimate, low, high = figures
        out.append(f"| {name} | {planted_value} | {estimate} | {low} to {high} | {len(judged)} | {inside.mean():.1%} |")
    judged = table.dropna(subset=["inside"])
    fitted = judged[~judged["parameter"].str.startswith("panel")]
    by_council = fitted.assign(inside=fitted["inside"].astype(bool)).groupby("council")["inside"].mean()
    out.append("")
    out.append(
        f"Inside their intervals, of {fitted['parameter'].nunique()} parameters in {len(by_council)} councils: "
        f"{by_council.mean():.1%} (± {2 * by_council.sem():.1%}). With the panel's calendar: "
        f"{judged['inside'].astype(bool).mean():.1%}."
    )
    return out


def main(councils: int, refits: int, file: Path | None) -> None:
    """Print the table, and keep it in a file if one is named."""
    begin = time.process_time()
    table, _ = recovered(councils, refits)
    text = "\n".join(
        [*lines(table), "", f"{refits} refits a council; {(time.process_time() - begin) / 60:.1f} CPU minutes."]
    )
    print(text)
    if file is not None:
        head = f"# Planted parameters\n\nMade by `python benchmarks/parameter_recovery.py {councils} {refits} "
        head += f"{file.as_posix()}`; see the head of that file for what is counted.\n\n"
        file.write_text(f"{head}{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else COUNCILS,
        int(sys.argv[2]) if len(sys.argv) > 2 else REFITS,
        Path(sys.argv[3]) if len(sys.argv) > 3 else None,
    )
