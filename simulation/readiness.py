"""When a plan is ready to be decided, told from reviews: a plan is decided at a review, never between two.

A child's assessment is ready after a lognormal time R. At each review on or after R the plan is decided with
probability q, otherwise it waits for the next one. Reviews without a decision therefore say something about R: the
likelihood of a decision at the m-th review is

    sum over i <= m of P(t[i-1] < R <= t[i]) q (1-q)^(m-i)

and of none at all so far P(R > t[m]) + sum over i <= m of P(t[i-1] < R <= t[i]) (1-q)^(m-i+1). A median read off the
decision dates alone would sit on the review grid and barely move when readiness does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from event_logs.log import EventLog
from simulation.laws import Law, Stays, fit_competing, fixed

Floats = npt.NDArray[np.float64]
_GRID = np.exp(np.linspace(np.log(0.5), np.log(20_000.0), 1200))
_MOST_REVIEWS = 40


@dataclass(frozen=True)
class ReviewHistories:
    """Reviews between a start and the decision, one row a child: days since the start, padded with infinity."""

    days: Floats
    """Shape (children, reviews); row i holds the reviews held up to and including the deciding one."""
    held: npt.NDArray[np.int64]
    decided: npt.NDArray[np.bool_]
    followed: Floats
    """Days from the start to the decision, the end of the case, or the end of the window."""

    @classmethod
    def of(
        cls, log: EventLog, review: str, cases: npt.NDArray[np.int64], start: Floats, decision: Floats
    ) -> ReviewHistories:
        """Collect the reviews of the given cases between their start and their decision (infinite: none yet)."""
        arrays = log.arrays
        until = np.where(np.isnan(arrays.end[cases]), arrays.window_end, arrays.end[cases])
        until = np.minimum(until, decision)
        days = np.full((len(cases), _MOST_REVIEWS), np.inf)
        held = np.zeros(len(cases), dtype=np.int64)
        if review in arrays.activities and len(cases):
            place = np.full(len(arrays.start), -1)
            place[cases] = np.arange(len(cases))
            rows = np.flatnonzero(arrays.activity == arrays.activities.index(review))
            child = place[arrays.case[rows]]
            keep = child >= 0
            rows, child = rows[keep], child[keep]
            inside = (arrays.day[rows] >= start[child]) & (arrays.day[rows] <= until[child])
            rows, child = rows[inside], child[inside]
            first = np.searchsorted(child, np.arange(len(cases)))
            number = np.arange(len(child)) - first[child]
            short = number < _MOST_REVIEWS
            days[child[short], number[short]] = arrays.day[rows[short]] - start[child[short]]
            held = np.minimum(np.bincount(child, minlength=len(cases)), _MOST_REVIEWS)
        return cls(days, held, np.isfinite(decision) & (held > 0), until - start)


@dataclass(frozen=True)
class Readiness:
    """The fitted planning stage."""

    readiness: Law
    decides: float
    gaps: tuple[Law, ...]
    log_median: float
    sigma: float
    warnings: tuple[str, ...] = ()


def fit_readiness(
    histories: ReviewHistories, weight: Floats, *, start: Law | None = None, decides: float | None = None
) -> Readiness:
    """Maximum likelihood of readiness and of the chance that a ready plan is decided.

    Review gaps are fitted one by one for the first, second and later reviews, with open gaps censored. With no
    decision at all, readiness is taken as exponential over the time followed, and a warning says so.
    """
    gaps = _gaps(histories, weight)
    seen = int((histories.decided & (weight > 0)).sum())
    if seen == 0:
        followed = float((histories.followed * weight).sum()) or 365.0
        law = lognormal(float(np.log(max(followed, 1.0))), 1.0)
        note = "Planning: no decision in the log; readiness is a placeholder as long as all the time followed"
        return Readiness(law, 0.75, gaps, float(np.log(followed)), 1.0, (note,))
    from scipy.optimize import minimize

    guess = np.array([np.log(_median_of(histories)), np.log(0.8), 1.0])
    if start is not None and decides is not None:
        spread = np.log(start.isf(0.159) / max(start.isf(0.5), 1e-9))
        guess = np.array([np.log(start.isf(0.5)), np.log(spread), np.log(decides / (1 - decides))])
    found = minimize(_loss, guess, args=(histories, _Reviews.of(histories), weight), method="Nelder-Mead",
                     options={"xatol": 1e-3, "fatol": 1e-3, "maxiter": 400})  # fmt: skip
    mu, sigma, chance = float(found.x[0]), float(np.exp(found.x[1])), float(1 / (1 + np.exp(-found.x[2])))
    warnings = () if seen >= 30 else (f"Planning: fitted from only {seen} decisions; read its figures with care",)
    return Readiness(lognormal(mu, sigma), chance, gaps, mu, sigma, warnings)


def lognormal(mu: float, sigma: float) -> Law:
    """A lognormal law on a fine grid of days, median exp(mu).

    The probability between two points of the grid falls half-way, so that draws are not all rounded up.
    """
    from scipy.special import ndtr

    survival = ndtr(-(np.log(np.sqrt(_GRID[:-1] * _GRID[1:])) - mu) / sigma)
    return Law(
        _GRID[:-1], np.append(survival[:-1], 0.0), note=f"lognormal, median {np.exp(mu):.1f} days, sigma {sigma:.2f}"
    )


@dataclass(frozen=True)
class _Reviews:
    """The reviews of all children in one long list, prepared once for the many evaluations of the likelihood."""

    child: npt.NDArray[np.int64]
    log_day: Floats
    first: npt.NDArray[np.bool_]
    """Whether it is the child's first review."""
    after: npt.NDArray[np.int64]
    """How many more reviews the child had."""
    children: int

    @classmethod
    def of(cls, histories: ReviewHistories) -> _Reviews:
        number = np.arange(histories.days.shape[1])
        child, column = np.nonzero(number < histories.held[:, None])
        with np.errstate(divide="ignore"):
            log_day = np.log(histories.days[child, column])
        return cls(child, log_day, column == 0, histories.held[child] - 1 - column, len(histories.held))


def _loss(parameters: Floats, histories: ReviewHistories, reviews: _Reviews, weight: Floats) -> float:
    from scipy.special import ndtr

    mu, sigma, q = parameters[0], np.exp(parameters[1]), 1 / (1 + np.exp(-parameters[2]))
    reached = ndtr((reviews.log_day - mu) / sigma)
    became_ready = reached - np.where(reviews.first, 0.0, np.append(0.0, reached[:-1]))
    # Ready since the i-th of m reviews, and passed over at all of those before the last.
    waiting = np.bincount(reviews.child, became_ready * (1 - q) ** reviews.after, reviews.children)
    unready = 1.0 - np.bincount(reviews.child, became_ready, reviews.children)
    chance = np.where(histories.decided, waiting * q, waiting * (1 - q) + unready)
    # A weak pull towards the middle keeps the two readings of a late decision apart in small logs.
    prior = 0.5 * ((parameters[1] - np.log(0.8)) / 1.0) ** 2 + 0.5 * ((parameters[2] - 1.0) / 1.5) ** 2
    return float(-(weight * np.log(np.maximum(chance, 1e-12))).sum() + prior)


def _gaps(histories: ReviewHistories, weight: Floats) -> tuple[Law, ...]:
    """Laws of the time to the first, the second and every later review."""
    before = np.column_stack([np.zeros(len(weight)), histories.days[:, :-1]])
    with np.errstate(invalid="ignore"):  # infinity less infinity where no review was held: never read below
        gap = histories.days - before
    laws: list[Law] = []
    for latest_lawful, first, last in ((42.0, 0, 1), (91.0, 1, 2), (183.0, 2, histories.days.shape[1])):
        days, cause, weights = [], [], []
        for number in range(first, last):
            came = histories.held > number
            # After the deciding review nothing more is awaited.
            awaited = (histories.held == number) & ~histories.decided
            days += [gap[came, number], histories.followed[awaited] - before[awaited, number]]
            cause += [np.ones(int(came.sum()), dtype=np.int64), np.zeros(int(awaited.sum()), dtype=np.int64)]
            weights += [weight[came], weight[awaited]]
        length = np.maximum(np.concatenate(days), 0.0)
        stays = Stays(length, np.concatenate(cause), np.zeros(len(length)), np.concatenate(weights))
        fit = fit_competing("reviews", ("review",), stays)
        laws.append(_body(fit.laws["review"]) if fit.observed else fixed(latest_lawful, "no such review in the log"))
    return tuple(laws)


def _body(law: Law) -> Law:
    """The law without a tail: reviews follow a calendar, and a missing one is late, not years away."""
    seen = 1.0 - law.survival[-1]
    return Law(law.times, (law.survival - law.survival[-1]) / seen) if 0 < seen < 1 else law


def _median_of(histories: ReviewHistories) -> float:
    return float(max(np.median(histories.followed[histories.decided]), 1.0))
