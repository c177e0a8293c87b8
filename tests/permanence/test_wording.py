"""Figures in words: signs, rounding, and verdicts that say no more than the figures do."""

from __future__ import annotations

import pytest
from hand_results import aim_table, bottleneck_table, scenario_part, stage_table

from permanence import collect, wording
from permanence.results import Results


def test_one_clear_first_stage_is_named_with_share_interval_and_sureness() -> None:
    said = wording.longest_wait(collect.bottlenecks(bottleneck_table([0.7, 0.3], [False, False])))
    assert "“A: stage a”: 70% of all child-days" in said
    assert "(95% interval 65% to 75%)" in said
    assert "first in every resample" in said


def test_tied_stages_are_called_tied_and_none_of_them_the_longest() -> None:
    said = wording.longest_wait(collect.bottlenecks(bottleneck_table([0.4, 0.38, 0.22], [True, True, False])))
    assert "No single stage stands out" in said
    assert "A and B are tied (A 40% and B 38%" in said
    assert "C" not in said


def test_a_ranking_without_days_says_that_nothing_can_be_said() -> None:
    table = bottleneck_table([0.5, 0.5], [False, False]).assign(share=float("nan"))
    assert "nothing can be said" in wording.longest_wait(collect.bottlenecks(table))


def test_a_stage_says_median_interval_and_how_many_pass_the_limit() -> None:
    first, second = collect.stages(stage_table())
    said = wording.stage_length(first)
    assert "more than 511 days in A" in said
    assert "55% are still there after the 183 days" in said
    assert "confirms" not in said
    assert "not known" not in said, "an interval without an upper end is left out"
    assert "More than half of the children in B had not left it in the 77 days seen." in wording.stage_length(second)


def test_aims_are_grouped_by_verdict_and_doubt_is_said() -> None:
    said = wording.aims_standing(collect.aims(aim_table()))
    assert "aim 1 91% (on target)" in said
    assert "aim 2 22% (below target)" in said
    assert "aim 3 60% (too uncertain to say)" in said
    assert "not confirmed" in said


def test_a_saving_is_said_positively_with_its_interval_and_its_main_stage() -> None:
    idea = scenario_part().ideas[0]
    assert wording.change_verdict(idea, 3.0) == (
        "Saving idea would save about 100 child-weeks of waiting over 3 years (95% interval 20 to 180), most of it in "
        "A: 2.0 weeks less for each child (1.0 to 3.0)."
    )


def test_an_interval_with_zero_in_it_is_no_detectable_difference() -> None:
    idea = scenario_part().ideas[1]
    said = wording.change_verdict(idea, 3.0)
    assert said.startswith("Idle idea: no detectable difference in all over 3 years")
    assert said.endswith("30 child-weeks saved to 36 child-weeks added is compatible with the records.")


def test_a_stage_that_is_surely_shorter_is_named_though_the_total_is_not() -> None:
    first, second = scenario_part().ideas
    unclear = first.model_copy(update={"all_stages": second.all_stages, "verdict": second.verdict})
    said = wording.change_verdict(unclear, 3.0)
    assert "no detectable difference in all" in said
    assert "A is 2.0 weeks shorter for each child, but" in said


def test_a_harmful_change_is_said_to_add_waiting() -> None:
    idea = scenario_part().ideas[1]
    worse = idea.verdict.model_copy(
        update={"effect_child_weeks": 30.0, "effect_low_child_weeks": 10.0, "effect_high_child_weeks": 50.0}
    )
    said = wording.change_verdict(idea.model_copy(update={"verdict": worse}), 3.0)
    assert said == "Idle idea would add about 30 child-weeks of waiting over 3 years (95% interval 10 to 50)."


def test_a_stated_chance_of_no_effect_is_said_with_the_effect() -> None:
    idea = scenario_part().ideas[0]
    assert wording.effect_verdict(-2.0, 0.0, unsure=True) == "less waiting if it takes hold"
    assert wording.effect_verdict(0.0, 2.0, unsure=True) == "more waiting if it takes hold"
    unsure = idea.verdict.model_copy(update={"no_effect_share": 0.2})
    said = wording.change_verdict(idea.model_copy(update={"verdict": unsure}), 3.0)
    assert said.endswith(", if it takes hold here; the chance that it changes nothing is put at 20%.")
    nothing = {"effect_child_weeks": 0.0, "effect_low_child_weeks": 0.0, "effect_high_child_weeks": 0.0}
    none = idea.model_copy(update={"verdict": idea.verdict.model_copy(update=nothing)})
    assert wording.change_verdict(none, 3.0) == "Saving idea: no difference at all over 3 years."


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (-2.0, -1.0, "less waiting"),
        (1.0, 2.0, "more waiting"),
        (-1.0, 1.0, "no detectable difference"),
        (0.0, 2.0, "no detectable difference"),
        (0.0, 0.0, "no difference"),
        (None, 1.0, "not known"),
    ],
)
def test_verdicts(low: float | None, high: float | None, word: str) -> None:
    assert wording.effect_verdict(low, high) == word


def test_only_work_that_surely_moves_is_listed_and_the_largest_first() -> None:
    assert [row.activity for row in wording.moved_work(scenario_part().ideas[0].workload)] == ["Review"]


def test_headlines_leave_out_what_has_not_run(hand_made: Results) -> None:
    assert len(wording.headlines(hand_made)) == 5
    bare = hand_made.model_copy(update={"scenarios": None, "aims": None, "stages": None, "bottlenecks": None})
    assert wording.headlines(bare) == []
