"""Every child's journey from the burn-in to the end of the horizon, uncensored: the planted process itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from event_logs import vocabulary as v
from event_logs.synthetic.council import ORDERS, ROUTES, Change, Council
from event_logs.synthetic.entries import YEAR, Children, Entries, age_band, first_entries
from event_logs.synthetic.panel import Hearings, hold_panels
from event_logs.synthetic.streams import (
    MAX_EPISODES,
    Bools,
    Draws,
    Floats,
    Ints,
    Streams,
    working_day,
    working_day_before,
)

REVIEWS = 38
"""Reviews an episode can have: eighteen years of them."""
RETURN, KINSHIP, PERMANENCE, LONG_TERM = range(len(ROUTES))
ORDER, AUTHORITY, ADOPTION, NOT_GRANTED = range(len(ORDERS))


@dataclass(frozen=True)
class Beginning:
    """What happens to episodes up to the decided plan, and to those who go home or to kin; infinite days: never."""

    at_home: Bools
    accommodated: Floats
    reviews: Floats
    """One row an episode; not in order where an extra review was added."""
    decided: Floats
    route: Ints
    """Position in `council.ROUTES`; -1 where no plan was decided."""
    band: Ints
    """Age band at accommodation (at the start for those never accommodated)."""
    returned: Floats
    kinship_order: Floats
    end: Floats
    """Day the episode ends by going home or to kin, at 18 at the latest; infinite for the other routes."""

    @classmethod
    def of_plans(cls, accommodated: Floats, reviews: Floats, decided: Floats) -> Beginning:
        """Children accommodated at once, all on the permanence route."""
        never = np.full(len(accommodated), np.inf)
        return cls(
            at_home=np.zeros(len(accommodated), dtype=bool),
            accommodated=accommodated,
            reviews=reviews,
            decided=decided,
            route=np.full(len(accommodated), PERMANENCE),
            band=np.zeros(len(accommodated), dtype=np.int64),
            returned=never,
            kinship_order=never,
            end=never,
        )


@dataclass(frozen=True, eq=False)
class Journeys:
    """Every episode's milestones, uncensored, from the burn-in to the end of the horizon, ordered by start.

    Days are days since 1970-01-01; NaN means that it never happens. Nothing is hidden: reviews before 2018 have
    their outcomes, and what lies after the extraction date is there.
    """

    council: Council
    seed: int
    children: Children
    entries: Entries
    days: Mapping[str, Floats]
    """Activity -> day of its first occurrence in each episode, for every activity of the vocabulary."""
    end: Floats
    """Day the episode ends; never NaN."""
    reviews: Floats
    """One row an episode, any number of NaN between the days."""
    panel: Floats
    """One row an episode: its hearings in order."""
    information: Floats
    route: Ints
    order: Ints
    """Position in `council.ORDERS`; -1 where no application was lodged."""
    band: Ints
    at_home: Bools
    contested: Bools
    basis: Ints
    """How the child was first looked after, a position in `Council.first_basis`."""
    hearings: Hearings

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def start(self) -> Floats:
        """Day each episode began."""
        return self.entries.start

    def draws(self) -> Draws:
        """The draws of these episodes, for what is written about them beside their milestones."""
        streams = Streams(self.seed, len(self.children))
        return streams.of(self.entries.child, self.entries.number, self.council.frailty_correlation)


def simulate_council(council: Council, seed: int, change: Change | None = None) -> Journeys:
    """All journeys of a council, with or without a change; a pure function of its arguments.

    The same seed gives the same children, the same starts (re-entries included: a change moves nobody's start) and the
    same draws for every step, so the difference between two runs is what the change does.
    """
    children, entries, streams = population(council, seed)
    return run(council, children, entries, streams, change=change)


def population(council: Council, seed: int) -> tuple[Children, Entries, Streams]:
    """The children, their episodes' starts and their draws: what every run with this seed has in common."""
    children = first_entries(council, seed)
    streams = Streams(seed, len(children))
    until = council.window[1] + council.horizon_days
    index = np.arange(len(children))
    wave = Entries(index, np.zeros(len(children), dtype=np.int64), children.first_start, children.birth)
    entries = wave
    for number in range(1, MAX_EPISODES):
        draws = streams.of(wave.child, wave.number, council.frailty_correlation)
        begun = begin(council, draws, wave)
        # Only those who ceased at home come back, so that who starts when never depends on the panel's queue.
        went_home = np.isfinite(begun.end) & np.isinf(begun.kinship_order)
        again = begun.end + 1 + draws.duration("gap before re-entry", council.reentry_gap)
        young = again - wave.birth < 16 * YEAR
        back = went_home & draws.below("re-entry", council.reentry) & young & (again <= until)
        wave = Entries(wave.child[back], np.full(back.sum(), number), again[back], wave.birth[back])
        entries = entries.and_then(wave)
    return children, entries.pick(np.lexsort((entries.number, entries.child, entries.start))), streams


def run(council: Council, children: Children, entries: Entries, streams: Streams, *, change: Change | None) -> Journeys:
    """The journeys of these episodes with these draws."""
    draws = streams.of(entries.child, entries.number, council.frailty_correlation)
    adult = np.floor(entries.birth + 18 * YEAR)
    begun = begin(council, draws, entries, change)
    days = _early_days(entries, begun)
    days |= gather_papers(council, draws, begun, days[v.RECOMMENDED], change)
    complete = np.maximum.reduce([days[paper] for paper in (v.LEGAL_RECEIVED, v.HEALTH_COMPLETED, v.REPORT_COMPLETED)])
    hearings = hold_panels(council, draws, np.where(begun.route == PERMANENCE, complete, np.inf), adult)
    days[v.PANEL] = hearings.first
    days[v.INFORMATION_RECEIVED] = hearings.information.min(axis=1)
    days[v.AGENCY_DECISION] = working_day(hearings.last + draws.duration("agency decision", council.decision))
    basis = draws.choice("basis", council.first_basis)
    days |= lodge(council, draws, days[v.AGENCY_DECISION], begun.at_home | (basis != 0))
    contested = contest(council, draws, days[v.LODGED], change)
    order = np.where(np.isfinite(days[v.LODGED]), draws.choice("order", np.array(council.orders)[begun.band]), -1)
    days |= rule(council, draws, days[v.LODGED], contested, order)
    end = np.minimum(_end(council, draws, entries, begun, days), adult)
    days[v.CEASED] = end
    return Journeys(
        council=council,
        seed=streams.seed,
        children=children,
        entries=entries,
        days=MappingProxyType({activity: _until(days[activity], end) for activity in v.MILESTONES}),
        end=end,
        reviews=_until(begun.reviews, end[:, None]),
        panel=_until(hearings.panel, end[:, None]),
        information=_until(hearings.information, end[:, None]),
        route=np.where(begun.decided <= end, begun.route, -1),
        order=order,
        band=begun.band,
        at_home=begun.at_home,
        contested=contested,
        basis=basis,
        hearings=hearings,
    )


def _early_days(entries: Entries, begun: Beginning) -> dict[str, Floats]:
    """The days of the milestones up to the decided plan, and of going home or to kin."""
    days = {
        v.BECAME_LOOKED_AFTER: entries.start,
        v.AT_HOME: np.where(begun.at_home, entries.start, np.inf),
        v.ACCOMMODATED: begun.accommodated,
        v.REVIEW: begun.reviews.min(axis=1),
        v.RETURNED_HOME: begun.returned,
        v.KINSHIP_ORDER: begun.kinship_order,
    }
    for route, activity in enumerate((v.RETURN_HOME, v.KINSHIP_ORDER_PLANNED, v.RECOMMENDED, v.LONG_TERM)):
        days[activity] = np.where(begun.route == route, begun.decided, np.inf)
    return days


def begin(council: Council, draws: Draws, entries: Entries, change: Change | None = None) -> Beginning:
    """Start, time at home, reviews, the decided plan, and the ends of those who go home or to kin."""
    adult = np.floor(entries.birth + 18 * YEAR)
    at_home = draws.below("home", np.array(council.home_share)[age_band(entries.start - entries.birth)])
    left_home = np.minimum(entries.start + 1 + draws.duration("at home", council.home_stay), adult)
    taken = draws.below("accommodated", council.accommodated_from_home) & (left_home - entries.birth < 16 * YEAR)
    accommodated = np.where(at_home, np.where(taken, left_home, np.inf), entries.start)
    away = np.isfinite(accommodated)
    band = age_band(np.where(away, accommodated, entries.start) - entries.birth)
    reviews, decided = plan(council, draws, accommodated, change)
    route = np.where(np.isfinite(decided), draws.choice("route", np.array(council.routes)[band]), -1)
    home_reviews = entries.start[:, None] + np.cumsum(np.full(REVIEWS, council.review_days[2]))
    home_reviews = working_day(home_reviews + draws.durations("home review", council.review_lateness, REVIEWS))
    home_reviews = np.where(at_home[:, None] & (home_reviews < accommodated[:, None]), home_reviews, np.inf)

    returned = np.where(route == RETURN, decided + draws.duration("return home", council.return_home), np.inf)
    ceases = draws.below("ceases on return", council.ceases_on_return)
    again = 1 + draws.duration("home again", council.home_again)
    order_day = working_day(decided + draws.duration("kinship order", council.kinship_order))
    kinship_order = np.where(route == KINSHIP, order_day, np.inf)
    end = np.minimum(np.where(ceases, returned, returned + again), kinship_order)
    end = np.where(at_home & ~away, left_home, end)
    return Beginning(
        at_home=at_home,
        accommodated=accommodated,
        reviews=np.hstack([home_reviews, reviews]),
        decided=decided,
        route=route,
        band=band,
        returned=returned,
        kinship_order=kinship_order,
        end=np.where(np.isfinite(end), np.minimum(end, adult), np.inf),
    )


def plan(council: Council, draws: Draws, accommodated: Floats, change: Change | None = None) -> tuple[Floats, Floats]:
    """The reviews after accommodation, and the first of them that decides the plan.

    Reviews fall due at set intervals counted from the due days, are held a few days late, and decide with
    probability `decides` if the assessment is ready.
    """
    first, second, later = council.review_days
    due = np.array([first, first + second, *(first + second + later * np.arange(1, REVIEWS - 1))], dtype=float)
    late = draws.durations("review lateness", council.review_lateness, REVIEWS)
    held = working_day(accommodated[:, None] + due + late)
    chance = draws.uniforms("review decides", REVIEWS)
    ready = draws.duration("readiness", council.readiness)
    if change is not None and change.readiness_factor != 1.0:
        changed = accommodated > council.window[1]
        ready = np.where(changed, np.rint(ready * change.readiness_factor), ready)
    if change is not None and change.extra_review_day is not None:
        late = draws.duration("extra review lateness", council.review_lateness)
        extra = working_day(accommodated + change.extra_review_day + late)
        extra = np.where(accommodated > council.window[1], extra, np.inf)
        held = np.column_stack([held, extra])
        chance = np.column_stack([chance, draws.uniform("extra review decides")])
    decides = (held >= (accommodated + ready)[:, None]) & (chance < council.decides)
    return held, np.where(decides, held, np.inf).min(axis=1)


def gather_papers(
    council: Council, draws: Draws, begun: Beginning, recommended: Floats, change: Change | None = None
) -> dict[str, Floats]:
    """Legal advice, health assessment and child's report: asked for and in."""
    today = council.window[1]
    legal = working_day(recommended + draws.duration("legal request", council.legal_request))
    health = working_day(recommended + draws.duration("health request", council.health_request))
    if change is not None and change.legal_lead_days is not None:
        early = np.maximum(working_day_before(begun.decided - change.legal_lead_days), begun.accommodated)
        legal = np.where(np.isfinite(begun.decided) & (early > today), early, legal)
    if change is not None and change.health_at_accommodation:
        health = np.where(begun.accommodated > today, begun.accommodated, health)
    report = recommended + draws.duration("child's report", council.report)
    legal_in = legal + draws.duration("legal advice", council.legal_advice)
    health_in = health + draws.duration("health assessment", council.health_assessment)
    return {
        v.LEGAL_REQUESTED: legal,
        v.LEGAL_RECEIVED: working_day(legal_in),
        v.HEALTH_REQUESTED: health,
        v.HEALTH_COMPLETED: working_day(health_in),
        v.REPORT_COMPLETED: working_day(report),
    }


def lodge(council: Council, draws: Draws, decision: Floats, supervised: Bools) -> dict[str, Floats]:
    """Hearing advice for children on a supervision order, and the application when it and the petition are ready."""
    advice = working_day(decision + draws.duration("hearing advice", council.hearing_advice))
    petition = working_day(decision + draws.duration("petition", council.petition))
    return {
        v.HEARING_ADVICE: np.where(supervised, advice, np.inf),
        v.LODGED: np.where(supervised, np.maximum(advice, petition), petition),
    }


def contest(council: Council, draws: Draws, lodged: Floats, change: Change | None = None) -> Bools:
    """Which applications are contested."""
    share = np.full(len(lodged), council.contested)
    if change is not None and change.contested is not None:
        share = np.where(lodged > council.window[1], change.contested, share)
    return draws.below("contested", share)


def rule(council: Council, draws: Draws, lodged: Floats, contested: Bools, order: Ints) -> dict[str, Floats]:
    """The court's decision, and the later adoption after an order with authority to adopt."""
    short = draws.duration("court", council.court_uncontested)
    # The same unit draw for both laws: a child slow in one court would be slow in the other.
    long = draws.duration("court", council.court_contested)
    ruled = working_day(lodged + np.where(contested, long, short))
    adopted = working_day(ruled + draws.duration("adoption", council.adoption_after_authority))
    return {
        v.PERMANENCE_ORDER: np.where(order == ORDER, ruled, np.inf),
        v.AUTHORITY_TO_ADOPT: np.where(order == AUTHORITY, ruled, np.inf),
        v.NOT_GRANTED: np.where(order == NOT_GRANTED, ruled, np.inf),
        v.ADOPTION_ORDER: np.where(order == ADOPTION, ruled, np.where(order == AUTHORITY, adopted, np.inf)),
    }


def _end(council: Council, draws: Draws, entries: Entries, begun: Beginning, days: Mapping[str, Floats]) -> Floats:
    """Adoption, going home or to kin; otherwise leaving at 16 to 18, not sooner than half a year after the plan."""
    youngest, oldest = council.leaving_age
    age = youngest + (oldest - youngest) * draws.child_uniform("leaving age")
    leaves = np.floor(entries.birth + age * YEAR)
    plan_made = np.where(np.isfinite(begun.decided), begun.decided, begun.accommodated)
    leaves = np.maximum(leaves, plan_made + 183)
    return np.asarray(np.where(np.isfinite(begun.end), begun.end, np.minimum(days[v.ADOPTION_ORDER], leaves)))


def _until(day: Floats, end: Floats) -> Floats:
    return np.asarray(np.where(day <= end, day, np.nan))
