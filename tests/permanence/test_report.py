"""The report: readable by everybody, offline, and saying no more than the results do."""

from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hand_results import bottleneck_table, log_summary

from event_logs.log import EventLog
from permanence import collect, report
from permanence.charts import Scale, axis, bar
from permanence.mining_stage import CHARTS, OUTCOMES, mine_stages
from permanence.report import completeness_by_year, inline_svg, render
from permanence.results import (
    DataQuality,
    FileLedger,
    PictureLeavesOut,
    QuarantineReason,
    Results,
    Transitions,
    YearCompleteness,
)

VOID = {"meta", "br", "link", "img", "input", "hr", "circle", "line", "rect", "path"}
MAP = (
    '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="842pt" height="595pt" role="img">'
    "<title>Map</title></svg>\n"
)
PICTURES = {"process_map.svg": MAP}


class Page(HTMLParser):
    """What a page holds: its tags with attributes, its headings, its tables, its text; it must be well nested."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.headings: list[int] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        """All words, with single spaces."""
        return re.sub(r"\s+", " ", " ".join(self.words))


@pytest.fixture
def full(hand_made: Results) -> Results:
    """Hand-made results with the records' quality and a picture."""
    quality = DataQuality(
        files=[
            FileLedger(
                file="children.csv",
                read_rows=10,
                used_rows=6,
                quarantined_rows=3,
                ignored_rows=1,
                ignored_rows_by_rule={"total row": 1, "blank row": 0},
            )
        ],
        quarantine_reasons=[QuarantineReason(file="children.csv", reason="missing child id", rows=3)],
        completeness=[
            YearCompleteness(
                activity="Review outcome",
                year=year,
                implied_by="LAAC review",
                expected_records=10,
                recorded_records=recorded,
                recorded_share=recorded / 10,
            )
            for year, recorded in ((2013, 1), (2017, 6), (2018, 10))
        ],
        notes=["A note on the records."],
    )
    picture = PictureLeavesOut(
        activities=["LAAC review"], arrows=4, cases_share=0.1, traversals_share=0.2, days_share=0
    )
    transitions = Transitions(activities=[], arrows=[], picture_leaves_out=picture)
    return hand_made.model_copy(update={"data_quality": quality, "transitions": transitions})


@pytest.fixture
def page(full: Results) -> Page:
    return Page(render(full, PICTURES))


def test_the_page_is_well_formed_and_whole(page: Page) -> None:
    assert page.open == []
    assert page.tags[0] == ("html", {"lang": "en-GB"})
    names = [tag for tag, _ in page.tags]
    for landmark in ("header", "nav", "main", "footer"):
        assert names.count(landmark) == 1
    assert names.count("h1") == 1


def test_a_whole_run_makes_a_whole_page(tiny_log: EventLog, tmp_path: Path) -> None:
    found = mine_stages(tiny_log, seed=1, advance=lambda done, total: None)
    found.write(tmp_path)
    pictures = {name: (tmp_path / name).read_text(encoding="utf-8") for name in ("process_map.svg", OUTCOMES, *CHARTS)}
    page = Page(render(Results(log=log_summary(), **found.parts), pictures))
    assert page.open == []
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids)), "the pictures' own ids must not meet"
    used = re.findall(r"url\(#([^)]+)\)", render(Results(log=log_summary(), **found.parts), pictures))
    assert set(used) <= set(ids)
    assert [tag for tag, _ in page.tags].count("svg") >= 2 + len(CHARTS)
    for heading in ("The ways children go", "What became of the children", "Does practice follow the pathway?"):
        assert heading in page.text
    assert "Little's law" in page.text


def test_headings_go_down_one_level_at_a_time(page: Page) -> None:
    assert page.headings[0] == 1
    assert all(after - before <= 1 for before, after in zip(page.headings, page.headings[1:], strict=False))


def test_tables_have_captions_and_scoped_headers(page: Page) -> None:
    tags = [tag for tag, _ in page.tags]
    assert tags.count("table") == tags.count("caption") >= 8
    assert all("scope" in attributes for tag, attributes in page.tags if tag == "th")


def test_ids_are_unique_and_every_link_leads_to_one(page: Page) -> None:
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [attributes["href"] or "" for tag, attributes in page.tags if tag == "a"]
    assert links
    assert all(link.startswith("#") and link[1:] in ids for link in links)
    named = [attributes["aria-labelledby"] for _, attributes in page.tags if "aria-labelledby" in attributes]
    assert set(named) <= set(ids)


def test_nothing_is_fetched_and_nothing_is_run(full: Results) -> None:
    html = render(full, PICTURES)
    assert "<script" not in html
    assert not re.search(r"(src|srcset|data|action)\s*=", html)
    assert not re.search(r"url\(|@import", html)
    assert set(re.findall(r"https?://[^\s\"'<]+", html)) <= {"http://www.w3.org/2000/svg"}


def test_charts_are_hidden_from_screen_readers_because_the_figures_stand_beside(page: Page) -> None:
    drawn = [attributes for tag, attributes in page.tags if tag == "svg" and attributes.get("class") == "cell"]
    assert drawn
    assert all(attributes["aria-hidden"] == "true" for attributes in drawn)


def test_the_figures_of_the_results_are_on_the_page(page: Page) -> None:
    for words in (
        "12 episodes of being looked after, 5 of them still open on 31 July 2024",
        "70% 65% to 75% 700 9 4",  # the first bottleneck: share, interval, child-days, children, open
        "394 (−117) 210 (−301) 183 55%",  # the naive median and how far off it is; of late; limit, share beyond it
        "over 77",  # the median that is not reached
        "91% 80% to 99% 75% 91 days yes",
        "Who is counted, and by which clock",
        "20 4 10 3 2 1",  # aim 2: eligible, met, late, overdue, open within, left
        "7 from before reliable recording and 5 whose step was not recorded",
        "Saving idea −100 −180 to −20 95% less waiting",
        "Idle idea 3 −30 to 36 95% no detectable difference",
        "What it touches , for children of locality North: A → [one more step] → B",
        "Responds first: Steps taken. Side effects: More work. Another queue.",
        "children.csv 10 6 3 1 total row 1",
        "children.csv missing child id 3",
        "A note on the records.",
    ):
        assert words in page.text.replace(" sizes assumed", ""), words


def test_what_is_not_confirmed_is_marked(page: Page) -> None:
    assert page.text.count("unconfirmed") >= 2
    assert "no measured effect behind the sizes" in page.text


def test_caveats_say_association_model_and_privacy(page: Page) -> None:
    for words in ("not why", "model of the pathway", "assumptions", "Small numbers are not suppressed", "unconfirmed"):
        assert words in page.text
    assert "Made-up data" not in page.text


def test_made_up_records_are_called_made_up(full: Results) -> None:
    synthetic = full.model_copy(update={"log": log_summary(synthetic=True)})
    assert "Made-up data." in Page(render(synthetic, PICTURES)).text


def test_tied_stages_are_marked_in_the_table(full: Results) -> None:
    tied = collect.bottlenecks(bottleneck_table([0.4, 0.38, 0.22], [True, True, False]))
    text = Page(render(full.model_copy(update={"bottlenecks": tied}), PICTURES)).text
    assert text.count("tied for first") == 2


def test_work_that_moves_is_shown_and_work_that_does_not_is_left_out(page: Page) -> None:
    assert "Review 60 12.0 10.0 to 14.0" in page.text
    assert "Unmoved step" not in page.text


def test_what_an_idea_does_elsewhere_and_what_it_depends_on_stands_in_the_page(hand_made: Results) -> None:
    page = render(hand_made, {})
    assert (
        "Probability that it helps: 95%. Allowing for the 2 ideas compared, it can still be told from chance." in page
    )
    assert "Most is saved in A: 120 child-weeks; the next queue to fill is Court: 0.4 more children waiting" in page
    assert "50% is the chance of the years themselves, 30% what the records leave open, and 20% the range" in page
    assert "Worth measuring first: Size of the effect (stated with the idea), 40% of the spread" in page
    assert "+10.0 (+5.0 to +15.0)" in page  # percentage points of an aim
    assert "they save 37 child-weeks less together" in page
    assert "With all unknowns moved at once (Morris), most matter: New cases (60 ± 5) child-weeks." in page
    assert "42.5 brings 75% for aim 3 (95% interval 30 to more than 180)." in page
    assert "75% for aim 4 is not reached even at 180 (20% there, 10% without the change)." in page
    without = render(hand_made.model_copy(update={"sensitivity": None}), {})
    assert "What the savings depend on" in page
    assert "What the savings depend on" not in without


@pytest.mark.parametrize("part", ["stages", "aims", "transitions", "bottlenecks", "scenarios", "data_quality", "model"])
def test_any_part_may_be_missing(full: Results, part: str) -> None:
    page = Page(render(full.model_copy(update={part: None}), PICTURES))
    assert page.open == []
    if part == "scenarios":
        assert "The change ideas have not been compared" in page.text


def test_results_of_an_empty_log_make_a_page() -> None:
    page = Page(render(Results(log=log_summary(cases=0, open_cases=0, events=0, activities=[], recorded_from={})), {}))
    assert "Nothing has been mined" in page.text


def test_a_missing_picture_names_the_remedy(full: Results) -> None:
    assert "pip install pygraphviz" in Page(render(full, {})).text


def test_text_from_the_records_cannot_become_markup(full: Results) -> None:
    html = render(full.model_copy(update={"log": log_summary(name="<script>alert(1)</script> & Co")}), PICTURES)
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Co" in html


def test_the_same_results_give_the_same_page(full: Results) -> None:
    assert render(full, PICTURES) == render(Results.model_validate_json(full.text()), PICTURES)


def test_the_map_is_part_of_the_page_and_sized_by_it(full: Results) -> None:
    assert '<svg xmlns="http://www.w3.org/2000/svg" role="img"><title>Map</title></svg>' in render(full, PICTURES)
    assert inline_svg(MAP).startswith("<svg")


def test_completeness_shows_the_years_of_the_window_only(full: Results) -> None:
    table = completeness_by_year(full.data_quality, "2014-08-01")
    assert table["years"] == [2017, 2018]
    assert [step for step, _, _ in table["rows"]] == ["Review outcome"]
    assert completeness_by_year(full.data_quality, "2018-01-01")["complete"] == ["Review outcome"]
    assert "Review outcome 60% 100%" in Page(render(full, PICTURES)).text


def test_caveats_name_what_was_recorded_late() -> None:
    said = report.caveats(Results(log=log_summary()))
    assert any("Permanence recommended was not reliably recorded until 1 January 2018" in line for line in said)


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([0.0, 0.69], (0.0, 0.2, 0.4, 0.6, 0.8)),
        ([-180.0, 35.0], (-200.0, -100.0, 0.0, 100.0)),
        ([None, 3.0], (0.0, 1.0, 2.0, 3.0)),
        ([], (0.0, 0.5, 1.0)),
        ([0.0, 0.0], (0.0, 0.5, 1.0)),
    ],
)
def test_scales_have_round_ticks_around_all_values(values: list[float | None], ticks: tuple[float, ...]) -> None:
    scale = Scale.over(values)
    assert scale.ticks == ticks
    assert all(scale.low <= value <= scale.high for value in values if value is not None)


def test_bars_are_as_long_as_their_values() -> None:
    scale = Scale(0.0, 1.0, (0.0, 1.0))
    width = re.search(r'<rect [^>]*width="([\d.]+)"', bar(scale, 0.5, None, None))
    assert width is not None
    assert float(width[1]) == pytest.approx((scale.x(1.0) - scale.x(0.0)) / 2)
    assert bar(scale, None, None, None) == ""
    assert "100%" in axis(scale, percent=True)


@pytest.mark.parametrize(
    "values", [(-3138.0, 30.0), (0.0, 1.0), (-50.0, 20.0), (-200000.0, 150000.0), (-9.0, 1234567.0)]
)
def test_values_of_ticks_neither_touch_nor_are_cut_off(values: tuple[float, float]) -> None:
    scale = Scale.over(list(values))
    told = re.findall(r'<text x="([\d.]+)"[^>]*>([^<]+)</text>', axis(scale))
    edges = [(float(x) - 4 * len(text), float(x) + 4 * len(text)) for x, text in told]
    assert "0" in [text for _, text in told]
    assert len(told) >= 2
    assert edges[0][0] >= 0
    assert edges[-1][1] <= 220
    assert all(left[1] < right[0] for left, right in itertools.pairwise(edges))
    assert axis(scale).count("<line") == len(scale.ticks)
