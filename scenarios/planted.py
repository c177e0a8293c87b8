"""The ready-made ideas with the very sizes that a synthetic council is changed by: only the method is then on trial."""

from __future__ import annotations

from collections.abc import Mapping

from event_logs.synthetic import Council
from event_logs.synthetic.council import CHANGES
from scenarios.ready_made import IDEAS
from scenarios.scenario import Scenario


def planted_idea(name: str, council: Council | None = None) -> Scenario:
    """A ready-made idea as `event_logs.synthetic` plants it in a council: every size known, and sure to have an effect.

    Raises KeyError for an idea that is not planted.
    """
    council, change = council or Council(), CHANGES[name]
    sizes: Mapping[str, float]
    if change.legal_lead_days is not None:
        sizes = {"days_before_review": change.legal_lead_days}
    elif change.health_at_accommodation:
        sizes = {"days_after": 0.0}
    elif change.extra_review_day is not None:
        sizes = {"day": change.extra_review_day, "factor": change.readiness_factor}
    else:
        assert change.contested is not None
        sizes = {
            "times": change.contested / council.contested,
            "share_now": council.contested,
            "times_as_long": council.court_contested.median / council.court_uncontested.median,
        }
    return IDEAS[name].exactly(sizes)
