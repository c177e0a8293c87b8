"""The vocabulary holds together: every stage and aim speaks of activities that exist, in an order that can be."""

from __future__ import annotations

from event_logs.vocabulary import AIMS, CEASED, MILESTONES, STAGES


def test_ranks_are_distinct_and_in_process_order() -> None:
    ranks = [milestone.rank for milestone in MILESTONES.values()]
    assert ranks == sorted(set(ranks))
    assert all(name == milestone.activity for name, milestone in MILESTONES.items())


def test_only_ceasing_ends_a_case_and_comes_last() -> None:
    assert [m.activity for m in MILESTONES.values() if m.final] == [CEASED]
    assert list(MILESTONES)[-1] == CEASED


def test_stages_name_known_activities_and_start_before_they_stop() -> None:
    assert len({stage.name for stage in STAGES}) == len(STAGES)
    for stage in STAGES:
        assert {*stage.starts, *stage.stops} <= set(MILESTONES)
        assert min(MILESTONES[a].rank for a in stage.starts) < min(MILESTONES[a].rank for a in stage.stops)


def test_limits_and_targets_carry_a_source() -> None:
    assert all(stage.limit_source for stage in STAGES if stage.limit_days is not None)
    assert [aim.number for aim in AIMS] == [1, 2, 3, 4]
    for aim in AIMS:
        assert aim.source
        assert 0 < aim.target_share <= 1
        assert aim.limit_days > 0
        assert {aim.clock_start, *aim.clock_stops} <= set(MILESTONES)
