"""The frozen parameters of a synthetic council, each with its source, and the change ideas that can be tried on it.

"Source" names a published figure; "assumed" says that no published figure was found and the number is ours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date, timedelta
from types import MappingProxyType

_EPOCH = date(1970, 1, 1)

AGE_BANDS = ("0", "1-4", "5-11", "12+")
BAND_FROM = (1.0, 5.0, 12.0)
"""Ages in years at which the second, third and fourth band begin."""

ROUTES = ("return home", "kinship order", "permanence", "long term")
ORDERS = ("permanence order", "authority to adopt", "adoption", "not granted")
PLACEMENT_TYPES = (
    "At home with parents",
    "Kinship carer",
    "Foster carer",
    "Residential",
    "Other community",
    "Prospective adopters",
)
LEGAL_STATUSES = (
    "Section 25 (voluntary)",
    "Child protection order",
    "Interim compulsory supervision order",
    "Compulsory supervision order",
    "Permanence order",
    "Permanence order with authority to adopt",
)
LOCALITIES = ("North East", "North West", "South East", "South West")

Shares = tuple[float, ...]
ByBand = tuple[Shares, Shares, Shares, Shares]
"""One tuple of shares for each age band."""

HEARINGS_PER_START = 0.238
"""Panel hearings a year for each start a year, deferred children heard again included; measured on the defaults."""


@dataclass(frozen=True)
class Law:
    """A lognormal duration in days: its median and the standard deviation of its logarithm.

    >>> round(Law(100, 0.5).mean)
    113
    """

    median: float
    sigma: float

    @property
    def mean(self) -> float:
        """The mean in days."""
        return self.median * math.exp(self.sigma**2 / 2)


@dataclass(frozen=True, kw_only=True)
class Council:
    """Everything that is true of a synthetic council; the defaults make one of Edinburgh's size.

    Change a parameter with `dataclasses.replace` to plant another bottleneck, and use `Council.scaled` or
    `Council.of_size` for a smaller or larger one with a panel to match.
    """

    # Time
    extraction_date: date = date(2024, 7, 31)
    """The extract is taken at the end of a looked after children year (1 August to 31 July)."""
    years: int = 10
    burn_in_years: int = 19
    """More than the longest stay, so that the numbers have settled when recording starts."""
    horizon_days: int = 1096
    outcomes_recorded_from: date = date(2018, 1, 1)
    """Edinburgh poster, September 2018: recording of every review's outcome was being developed."""
    outcome_blank_share: float = 0.40
    """Assumed: children whose review outcomes before that date are blank."""

    # Entry
    starts_per_year: float = 340
    """Edinburgh: 332 (2016), 341 (2017)."""
    age_knots: Shares = (0.0, 0.02, 1.0, 4.0, 5.0, 12.0, 16.0)
    age_cumulative: Shares = (0.0, 0.06, 0.19, 0.39, 0.44, 0.79, 1.0)
    """Share of starts below each age: more than a third under 4 (Edinburgh), 38 % under 5 (Scotland 2016)."""
    boys: float = 0.56
    """Edinburgh stock, 2003."""
    family_sizes: Shares = (0.68, 0.20, 0.09, 0.03)
    """Assumed: shares of families of one to four children who start together."""
    reentry: float = 0.30
    """Chance that a child who ceased at home starts again; gives about 13 % of children (Permanently Progressing)."""
    reentry_gap: Law = Law(400, 0.9)
    reentries_of_starts: float = 0.125
    """Share of starts that are re-entries, which sets how many first entries make up `starts_per_year`; measured."""
    home_share: Shares = (0.14, 0.36, 0.38, 0.35)
    """Starts placed at home, by age band: 26 % of those up to 5 (Scotland 2012-13); older children assumed."""
    locality_shares: Shares = (0.27, 0.23, 0.28, 0.22)

    # At home
    home_stay: Law = Law(605, 0.60)
    """Assumed; with it a quarter of the stock is at home, and a fifth of those for more than two years (Edinburgh)."""
    accommodated_from_home: float = 0.20

    # Planning
    readiness: Law = Law(120, 0.80)
    review_days: tuple[int, int, int] = (42, 91, 183)
    """First review, second after the first, then each after the previous one: SSI 2009/210 reg 45(2)."""
    review_lateness: Law = Law(3, 0.90)
    decides: float = 0.75
    """Chance that a review held when the assessment is ready decides the plan; assumed."""
    routes: ByBand = (
        (0.31, 0.13, 0.53, 0.03),
        (0.37, 0.13, 0.40, 0.10),
        (0.45, 0.12, 0.22, 0.21),
        (0.56, 0.06, 0.03, 0.35),
    )
    """Return home, kinship order, permanence, long term by age band, after the four-year outcomes of 1,355 children
    aged up to 5 (home 31 %, other family 11 %, adopted or moving to adoption 22 %, still looked after 32 %)."""

    # Return home, kinship order, long term
    return_home: Law = Law(70, 0.60)
    ceases_on_return: float = 0.45
    home_again: Law = Law(605, 0.60)
    kinship_order: Law = Law(230, 0.50)
    leaving_age: tuple[float, float] = (16.4, 18.0)

    # Permanence: papers
    legal_request: Law = Law(14, 0.50)
    legal_advice: Law = Law(56, 0.60)
    """Four weeks of it are a queue (Aberdeenshire); the rest assumed."""
    health_request: Law = Law(7, 0.50)
    health_assessment: Law = Law(45, 0.50)
    """The standard is four weeks from notification, CEL 16 (2009)."""
    report: Law = Law(70, 0.50)

    # Permanence: panel and decision
    panel_weekday: int = 1
    """0 is Monday."""
    panel_weeks: tuple[int, ...] = (1, 3)
    panel_skip_months: tuple[int, ...] = (7,)
    panel_slots: int = 4
    panel_lead_days: int = 14
    deferral: float = 0.15
    further_information: Law = Law(30, 0.50)
    decision: Law = Law(12, 0.50)
    """The limit is 14 days: SSI 2009/154 reg 13."""

    # Permanence: lodging and court
    voluntary_throughout: float = 0.25
    """Children who are never on a supervision order, so that no hearing advice is needed."""
    hearing_advice: Law = Law(40, 0.50)
    petition: Law = Law(105, 0.60)
    contested: float = 0.45
    court_uncontested: Law = Law(130, 0.50)
    court_contested: Law = Law(280, 0.50)
    orders: ByBand = (
        (0.29, 0.50, 0.17, 0.04),
        (0.44, 0.38, 0.14, 0.04),
        (0.80, 0.12, 0.04, 0.04),
        (0.94, 0.02, 0.00, 0.04),
    )
    """Permanence order, with authority to adopt, adoption order, refused or withdrawn by age band; refusals after
    civil court figures 2014-15 (2 % to 6 %)."""
    adoption_after_authority: Law = Law(240, 0.50)
    match: Law = Law(75, 0.70)
    """Agency decision to a placement with prospective adopters; assumed."""

    # Placements away and legal bases
    first_away: ByBand = (
        (0.24, 0.70, 0.00, 0.06),
        (0.32, 0.65, 0.00, 0.03),
        (0.31, 0.59, 0.08, 0.02),
        (0.20, 0.42, 0.32, 0.06),
    )
    """Kinship, foster, residential, other community by age band at the first placement away."""
    later_away: ByBand = (
        (0.27, 0.69, 0.04, 0.00),
        (0.27, 0.66, 0.07, 0.00),
        (0.23, 0.57, 0.19, 0.01),
        (0.11, 0.36, 0.48, 0.05),
    )
    move: Law = Law(700, 1.70)
    """Time in an away placement before a move, if the child is still there; each later one lasts 1.4 times as long."""
    moves_slow: float = 1.4
    first_basis: Shares = (0.25, 0.22, 0.29, 0.16, 0.08)
    """Away: voluntary throughout, voluntary then a supervision order, child protection order, interim order,
    supervision order. Nearly half of those up to 5 began under section 25."""
    voluntary_to_hearing: Law = Law(40, 0.50)
    interim_after_voluntary: float = 0.60
    interim_at_home: float = 0.55
    interim_orders: Shares = (0.30, 0.40, 0.30)
    """One, two or three interim orders in a row: 22 days each, 66 at most. With these shares, assumed, there are 2.9
    legal reasons an episode (longitudinal dataset)."""
    moves_on_alone: float = 0.40
    """Of those who leave care as young people: into a place of their own rather than continuing care; assumed."""

    frailty_correlation: float = 0.30
    """Correlation of the logarithms of any two durations of one child."""

    def __post_init__(self) -> None:
        if self.years < 1 or self.starts_per_year <= 0 or self.panel_slots < 1:
            raise ValueError(
                "years and panel_slots must be at least 1 and starts_per_year above 0, got "
                f"years={self.years}, panel_slots={self.panel_slots}, starts_per_year={self.starts_per_year}"
            )
        if self.burn_in_years < 18:
            raise ValueError(f"burn_in_years must be at least 18, the longest stay, got {self.burn_in_years}")
        if not math.isclose(self.first_basis[0], self.voluntary_throughout):
            raise ValueError(
                f"voluntary_throughout={self.voluntary_throughout} must equal the first share of "
                f"first_basis, got {self.first_basis[0]}"
            )

    @property
    def recording_start(self) -> date:
        """First day of recording: `years` years before the day after the extraction date."""
        day_after = self.extraction_date + timedelta(days=1)
        return _years_before(day_after, self.years)

    @property
    def first_day(self) -> int:
        """The burn-in's first day, in days since 1970-01-01."""
        return day_number(_years_before(self.recording_start, self.burn_in_years))

    @property
    def window(self) -> tuple[int, int]:
        """Recording start and extraction date, in days since 1970-01-01."""
        return day_number(self.recording_start), day_number(self.extraction_date)

    @property
    def sessions_per_year(self) -> int:
        """Panel sessions in a year."""
        return len(self.panel_weeks) * (12 - len(self.panel_skip_months))

    def scaled(self, starts_per_year: float) -> Council:
        """The same council with another number of starts and a panel to match.

        The panel is the smallest one, monthly or twice a month, whose expected load is at most 0.95. A very small
        council keeps one slot a month and a lower load.
        """
        hearings = HEARINGS_PER_START * starts_per_year
        months = 12 - len(self.panel_skip_months)
        candidates = []
        for weeks in ((1,), (1, 3)):
            slots = max(1, math.ceil(hearings / (0.95 * months * len(weeks))))
            candidates.append((slots * len(weeks), -len(weeks), slots, weeks))
        _, _, slots, weeks = min(candidates)
        return replace(self, starts_per_year=starts_per_year, panel_slots=slots, panel_weeks=weeks)

    @classmethod
    def of_size(cls, children: int, *, years: int = 10) -> Council:
        """A council with about this many children looked after on any day (the default has about 1,350)."""
        return cls(years=years).scaled(340 * children / 1350)


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change idea as a mechanism; it applies where its trigger lies after the extraction date."""

    name: str
    description: str
    legal_lead_days: int | None = None
    """Legal advice is asked for this long before the review that decides the plan, for every child."""
    health_at_accommodation: bool = False
    extra_review_day: int | None = None
    readiness_factor: float = 1.0
    contested: float | None = None


CHANGES: MappingProxyType[str, Change] = MappingProxyType(
    {
        change.name: change
        for change in (
            Change(
                name="earlier-legal-advice",
                description="Legal advice is requested 28 days before the review that decides the plan (not before "
                "accommodation), for every child; trigger: the day of the request",
                legal_lead_days=28,
            ),
            Change(
                name="earlier-health-advice",
                description="The health assessment is requested on the day of accommodation; trigger: accommodation",
                health_at_accommodation=True,
            ),
            Change(
                name="four-week-review",
                description="One more review at day 28, and assessments ready in 0.85 of the time; "
                "trigger: accommodation",
                extra_review_day=28,
                readiness_factor=0.85,
            ),
            Change(
                name="leaflet-and-conversations",
                description="The contested share falls from 45 % to 38 %; trigger: application lodged",
                contested=0.38,
            ),
        )
    }
)
"""The four ideas of the Edinburgh poster by name; no measured effect of any of them is published: sizes are assumed."""


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - _EPOCH).days


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28)
