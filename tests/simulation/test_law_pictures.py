"""The laws over their Kaplan-Meier curves: numbers as planted, pictures the same every time and readable."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from lxml import etree
from planted_pathway import PANEL, WEIBULLS
from test_pace import council

from event_logs import vocabulary as v
from event_logs.log import EventLog
from simulation.fit import fit_pathway, observed_stays
from simulation.law_pictures import LawCheck, check_laws, law_pictures, law_table, write_law_pictures
from simulation.pathway import BY_AGE


@pytest.fixture(scope="module")
def log() -> EventLog:
    return council(0.0)[1]


@pytest.fixture(scope="module")
def checks(log: EventLog) -> tuple[LawCheck, ...]:
    return check_laws(log, fit_pathway(log, panel=PANEL))


def test_planted_weibull_laws_are_told_from_the_others(checks: tuple[LawCheck, ...]) -> None:
    by_name = {check.name: check for check in checks}
    for name in (f"{v.LEGAL_REQUESTED} → {v.LEGAL_RECEIVED}", f"{v.RETURN_HOME} → {v.RETURNED_HOME}"):
        fits = {fit.family: fit for fit in by_name[name].families.fits}
        shape, scale = WEIBULLS[name]
        assert fits["weibull"].shape == pytest.approx(shape, rel=0.12)
        assert fits["weibull"].scale == pytest.approx(scale, rel=0.12)
        assert fits["lognormal"].aic > fits["weibull"].aic + 10
        assert fits["lognormal"].distance > fits["weibull"].distance


def test_the_models_law_follows_the_curve_it_was_fitted_to(checks: tuple[LawCheck, ...]) -> None:
    table = law_table(checks)
    model = table[table["law"] == "model"]
    assert len(model) == len(checks) >= 12
    assert (model["distance"] < 0.02).all(), model[["stretch", "distance"]]
    legal = model.set_index("stretch").loc[f"{v.LEGAL_REQUESTED} → {v.LEGAL_RECEIVED}"]
    assert legal["median_days"] == pytest.approx(70 * np.log(2) ** (1 / 1.8), rel=0.15)
    assert legal["p90_days"] == pytest.approx(70 * np.log(10) ** (1 / 1.8), rel=0.15)
    assert np.isnan(legal["aic"])


def test_every_stretch_is_there_and_counts_its_stays(log: EventLog, checks: tuple[LawCheck, ...]) -> None:
    by_age = {f"{name} → {v.CEASED}" for name in BY_AGE}
    stays = [one.stays for one in observed_stays(log) if len(one.stays.days) and not by_age & {*one.steps}]
    assert [check.ended for check in checks] == [int((one.cause > 0).sum()) for one in stays]
    assert [check.open for check in checks] == [int((one.cause == 0).sum()) for one in stays]
    names = [check.name for check in checks]
    assert len(set(names)) == len(names)
    assert f"{v.LODGED} → any of 4 ways on" in names


def test_the_same_laws_give_the_same_bytes_whatever_the_users_settings(checks: tuple[LawCheck, ...]) -> None:
    import matplotlib

    first = law_pictures(checks[:4])
    with matplotlib.rc_context({"lines.linewidth": 9, "font.size": 30, "svg.hashsalt": "mine"}):
        assert law_pictures(checks[:4]) == first


def test_the_picture_is_readable_and_says_in_words_what_it_shows(checks: tuple[LawCheck, ...], tmp_path: Path) -> None:
    write_law_pictures(checks, tmp_path / "laws.svg")
    text = (tmp_path / "laws.svg").read_text(encoding="utf-8")
    root = etree.fromstring(text.encode())
    sizes = [float(size) for size in re.findall(r"font-size: ([\d.]+)px", text)]
    assert sizes, "text stays text"
    assert min(sizes) >= 9.0
    assert "http" not in re.sub(r'xmlns(?::\w+)?="[^"]*"', "", text), "nothing is loaded from outside"
    described = root.find("{http://www.w3.org/2000/svg}desc").text
    assert "Legal advice received: half wait longer than" in described
    said = "".join(root.itertext())
    for words in ("Kaplan-Meier, band 95 %", "law of the model", "lognormal", "weibull", "gamma", "smallest AIC"):
        assert words in said
    # An order and the end of being looked after on the same day: no panel.
    drawn = [check for check in checks if check.model[0] > 0]
    assert 0 < len(drawn) < len(checks)
    assert said.count("weeks since") == 1


def test_nothing_to_draw_is_said(checks: tuple[LawCheck, ...]) -> None:
    with pytest.raises(ValueError, match="no law to draw"):
        law_pictures([check for check in checks if check.model[0] <= 0])
