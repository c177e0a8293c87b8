"""A prediction against reality on a council whose future is planted, with the change and without it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from event_logs.derive import derive
from event_logs.errors import InputError
from event_logs.log import EventLog
from event_logs.project import load_project
from event_logs.synthetic import CHANGES, Change, Council, generate
from event_logs.synthetic.later import generate_later
from mining.charts import entry_cohort_series
from scenarios import IDEAS, futures
from scenarios.futures import Ahead
from scenarios.observed import Observed, observe
from scenarios.predicted import WITH, WITHOUT, Prediction
from scenarios.prediction import predict
from scenarios.prediction_chart import band_chart
from scenarios.prediction_file import (
    find_prediction,
    prediction_schema,
    prediction_text,
    read_prediction,
    write_prediction,
)
from scenarios.prediction_words import foreseen, power_lines, verdict_lines
from scenarios.watched import CohortPeriods, Watched, cohorts_of

IDEA = "earlier-legal-advice"
COUNCIL = Council(horizon_days=1200).scaled(90)
SEED = 4
AHEAD = Ahead(draws=20, seed=2, months=24, power_tests=200)
LEGAL = "Legal advice: recommendation to advice received"
PAPERS = "Papers: recommendation to papers complete"


class Told(NamedTuple):
    """What is known of one council."""

    log: EventLog
    prediction: Prediction
    changed: Observed
    same: Observed
    later: EventLog


def later(folder: Path, change: Change | None) -> EventLog:
    """The log of the council three years on."""
    return derive(load_project(generate_later(folder, COUNCIL, SEED, change, years=3))).log


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("council")
    generate(folder / "today", council=COUNCIL, seed=SEED)
    log = derive(load_project(folder / "today")).log
    prediction = predict(log, IDEAS[IDEA], AHEAD)
    changed = later(folder / "changed", CHANGES[IDEA])
    same = later(folder / "same", None)
    return Told(log, prediction, observe(prediction, changed), observe(prediction, same), changed)


def test_it_says_where_the_change_should_show_and_which_way(told: Told) -> None:
    prediction = told.prediction
    assert (prediction.judge_by, prediction.responds_first) == (PAPERS, LEGAL)
    assert prediction.chart(LEGAL).low_difference > 0.1
    assert prediction.chart(PAPERS).low_difference > 0
    planning = next(chart for chart in prediction.charts if chart.watched.name.startswith("Planning"))
    assert planning.difference == 0.0
    assert planning.change_draws == planning.no_change_draws
    assert prediction.charts[0].points[0].label == "2024 Q4"
    assert len(prediction.charts[0].points) == 8
    assert any("It should respond first" in line for line in foreseen(prediction))


def test_the_limits_are_predictive_for_the_children_expected(told: Told) -> None:
    for chart in told.prediction.charts:
        for point in chart.points:
            for limits in (point.change, point.no_change):
                assert limits.low95 <= limits.low80 <= limits.high80 <= limits.high95
                # Never the interval of a mean: at least as wide as chance alone makes the share of so few children.
                p = limits.middle
                assert limits.high95 - limits.low95 >= 2 * np.sqrt(p * (1 - p) / point.children) - 1.01 / point.children


def test_a_change_that_happens_is_told_and_one_that_does_not_is_not(told: Told) -> None:
    def found(seen: Observed) -> dict[str, object]:
        return {one.predicted.watched.name: one for one in seen.decisive}

    changed, same = found(told.changed), found(told.same)
    assert changed[LEGAL].verdict == "did what was expected"
    assert changed[LEGAL].evidence.log_ratio > 3
    assert same[LEGAL].verdict == "less than expected"
    assert same[LEGAL].evidence.log_ratio < -3
    assert changed[PAPERS].verdict in ("did what was expected", "no sign yet: too few children to tell")
    assert same[PAPERS].verdict != "did what was expected"
    assert changed[PAPERS].evidence.log_ratio > same[PAPERS].evidence.log_ratio


def test_about_as_many_points_lie_within_their_limits_as_stated(told: Told) -> None:
    """The small version of benchmarks/prediction.py: one council, both futures."""
    inside, points = {80: 0, 95: 0}, 0
    for seen, future in ((told.changed, WITH), (told.same, WITHOUT)):
        for chart in seen.charts:
            for point in chart.complete:
                limits = point.change if future == WITH else point.no_change
                assert limits is not None
                share = point.reached / point.children
                points += 1
                inside[80] += limits.low80 - 1e-4 <= share <= limits.high80 + 1e-4
                inside[95] += limits.low95 - 1e-4 <= share <= limits.high95 + 1e-4
    assert points > 100
    assert 0.75 <= inside[80] / points <= 0.97
    assert 0.90 <= inside[95] / points <= 1.0


def test_the_observed_points_are_those_of_the_run_chart(told: Told) -> None:
    for one in told.changed.charts:
        watched = one.predicted.watched
        table = entry_cohort_series(told.later, watched.what, horizon_days=watched.horizon_days).set_index("label")
        for point in one.points:
            row = table.loc[point.label]
            assert (point.children, point.reached, point.complete) == (row["n"], row["reached"], row["complete"])
            if not point.complete:
                assert row["reason"] == f"complete on {point.complete_on}"


def test_cohorts_are_those_of_the_run_chart_by_month_too(told: Told) -> None:
    watched = told.prediction.chart(PAPERS).watched
    periods = CohortPeriods.after(pd.Timestamp("2018-06-30"), 72, "month")
    found = cohorts_of(told.log, watched, periods)
    table = entry_cohort_series(told.log, watched.what, horizon_days=watched.horizon_days, period="month")
    table = table.set_index("label").reindex(list(periods.labels))
    assert (found.children == table["n"].fillna(0)).all()
    assert (found.reached == table["reached"].fillna(0)).all()
    assert len(found.days) == found.children.sum()
    assert np.isfinite(found.days).sum() == found.reached.sum()


def test_the_update_moves_the_sizes_and_says_what_it_rests_on(told: Told) -> None:
    legal = {one.predicted.watched.name: one for one in told.same.charts}[LEGAL]
    (size,) = legal.sizes
    # Nothing happened: an effect, if any, must have been a small one.
    assert size.after < size.before
    assert legal.draws_left < 20
    assert any("effective draws of 20" in line for line in verdict_lines(told.same))
    assert any("the sizes after the test are rough" in line for line in verdict_lines(told.same))


def test_power_is_stated_for_every_chart_that_should_move(told: Told) -> None:
    prediction = told.prediction
    assert {row.chart for row in prediction.power} == {c.watched.name for c in prediction.charts if c.touched}
    legal = [row for row in prediction.power if row.chart == LEGAL and row.method == "one rank test at the end"]
    assert max(row.detected for row in legal) > 0.9
    assert all(0 <= row.detected <= 1 and row.false_alarm <= 0.1 for row in legal)
    table = power_lines(prediction)
    assert table[0].startswith(PAPERS)
    assert all(len(line) < 130 for line in table)
    assert "Without a change each way of looking sees one" in table[-1]


def test_the_same_arguments_give_the_same_file_whatever_the_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, always_processes: None
) -> None:
    monkeypatch.setattr(futures, "FEWEST_DRAWS", 2)
    generate(tmp_path, council=Council(years=7).scaled(40), seed=3)
    log = derive(load_project(tmp_path)).log
    short = Ahead(draws=4, months=3, power_tests=0)
    one, two = (predict(log, IDEAS[IDEA], short, workers=workers) for workers in (1, 2))
    assert prediction_text(one) == prediction_text(two)


def test_a_prediction_is_read_back_as_it_was_saved_and_never_written_over(told: Told, tmp_path: Path) -> None:
    path, new = write_prediction(told.prediction, tmp_path)
    assert new
    assert path.name == f"{IDEA}-2024-07-31.json"
    assert read_prediction(path) == told.prediction
    assert write_prediction(told.prediction, tmp_path) == (path, False)
    before = path.read_bytes()
    with pytest.raises(InputError, match="a prediction is never changed"):
        write_prediction(replace(told.prediction, title="Another"), tmp_path)
    assert path.read_bytes() == before


def test_a_prediction_changed_afterwards_is_refused(told: Told, tmp_path: Path) -> None:
    path, _ = write_prediction(told.prediction, tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace('"low95": 0.', '"low95": 0.0', 1), encoding="utf-8")
    with pytest.raises(InputError, match="changed since it was saved"):
        read_prediction(path)


def test_the_schema_describes_the_file(told: Told) -> None:
    content = json.loads(prediction_text(told.prediction))
    schema = prediction_schema()
    assert set(schema["required"]) <= set(content) <= set(schema["properties"])
    point = schema["$defs"]["PredictedPoint"]["properties"]
    assert set(point) == set(content["charts"][0]["points"][0])
    published = Path(__file__).parents[2] / "scenarios" / "prediction.schema.json"
    assert json.loads(published.read_text(encoding="utf-8")) == schema


def test_which_prediction_is_meant(told: Told, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no prediction has been saved"):
        find_prediction(tmp_path / "none")
    first, _ = write_prediction(told.prediction, tmp_path)
    assert find_prediction(tmp_path) == first
    second, _ = write_prediction(replace(told.prediction, date="2025-07-31"), tmp_path)
    assert find_prediction(tmp_path, IDEA) == second
    assert find_prediction(tmp_path, f"{IDEA}-2024-07-31.json") == first
    assert find_prediction(tmp_path, str(first)) == first
    with pytest.raises(InputError, match=f"which prediction is meant.*{IDEA}-2024-07-31"):
        find_prediction(tmp_path)
    with pytest.raises(InputError, match=f"no prediction 'earlier-legal-advise'.*{IDEA}"):
        find_prediction(tmp_path, "earlier-legal-advise")
    (tmp_path / "other.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="not a prediction"):
        read_prediction(tmp_path / "other.json")


def test_an_extract_that_is_not_later_is_refused(told: Told) -> None:
    with pytest.raises(InputError, match="made from an extract to 2024-07-31, and this one ends on 2024-07-31"):
        observe(told.prediction, told.log, file="p.json")


def test_an_extract_by_other_definitions_is_refused_and_small_differences_are_said(told: Told) -> None:
    kept = [name for name in told.later.activities if name != "Legal advice received"]
    with pytest.raises(InputError, match="counts Legal advice received, which the new extract does not have"):
        observe(told.prediction, told.later.keeping(kept))
    events = told.later.events
    gone = (events["activity"] == "Legal advice received") & (events["date"] < "2024-07-31")
    number = np.arange(len(events))
    most = EventLog(events[~(gone & (number % 10 < 8))].reset_index(drop=True), told.later.cases, told.later.window)
    with pytest.raises(InputError, match="differ by"):
        observe(told.prediction, most)
    some = EventLog(events[~(gone & (number % 10 < 3))].reset_index(drop=True), told.later.cases, told.later.window)
    assert any(
        LEGAL in note and "differs between the two extracts" in note for note in observe(told.prediction, some).notes
    )


def test_the_picture_shows_what_was_predicted_and_what_was_seen(told: Told) -> None:
    one = told.changed.decisive[1]
    drawn = band_chart(told.changed, one)
    assert drawn.chart.points.labels[-8:] == tuple(point.label for point in one.points)
    assert np.isnan(drawn.band.middle[:-8]).all()
    assert drawn.band.low95[-8:].tolist() == [
        (seen.change or point.change).low95 for seen, point in zip(one.points, one.predicted.points, strict=True)
    ]
    assert drawn.svg == band_chart(told.changed, one).svg
    assert "Predicted with the change" in drawn.svg
    assert "2024 Q4" in drawn.alt
    assert "without it, 95 within" in drawn.alt


def test_too_few_draws_and_an_empty_log_are_refused(told: Told) -> None:
    with pytest.raises(ValueError, match="at least 20"):
        Ahead(draws=19)
    nobody = EventLog(told.log.events.iloc[:0], told.log.cases.iloc[:0], told.log.window)
    with pytest.raises(ValueError, match="no case"):
        predict(nobody, IDEAS[IDEA], AHEAD)


def test_a_horizon_is_the_limit_or_where_half_of_them_have_got_there(told: Told) -> None:
    watched: dict[str, Watched] = {chart.watched.name: chart.watched for chart in told.prediction.charts}
    assert watched["Planning: accommodated to plan decided"].horizon_days == 183
    papers = watched[PAPERS]
    assert papers.horizon_days % 7 == 0
    shares = [point.reached / point.children for point in told.prediction.chart(PAPERS).baseline if point.children]
    assert 0.3 < np.mean(shares) < 0.7
