"""Lognormal and Weibull laws of waiting times as location and scale of log time, with slopes: for likelihoods.

With z = (log t - mu) / sigma the lognormal law has a standard normal z and the Weibull law the smallest-value law.
Both have the median exp(mu + sigma * z_half).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

LOGNORMAL, WEIBULL = "lognormal", "weibull"
FAMILIES = (LOGNORMAL, WEIBULL)
HALF_A_DAY = 0.5
"""A wait of no days, by dates, lasted some hours: laws of log time take it for half a day."""
_HALF_LOG_2PI = 0.5 * float(np.log(2 * np.pi))


@dataclass(frozen=True, eq=False)
class Logs:
    """Logarithms of density and survival, each with its slopes by mu and by log sigma."""

    density: FloatArray
    density_mu: FloatArray
    density_scale: FloatArray
    survival: FloatArray
    survival_mu: FloatArray
    survival_scale: FloatArray


def log_days(days: FloatArray) -> FloatArray:
    """Logarithms of days, waits of no days taken for half a day."""
    logs: FloatArray = np.log(np.maximum(days, HALF_A_DAY))
    return logs


def check_family(family: str) -> None:
    """Raise ValueError for a law that is not among `FAMILIES`."""
    if family not in FAMILIES:
        raise ValueError(f"family must be one of {', '.join(FAMILIES)}, got {family!r}")


def median_shift(family: str) -> float:
    """The z at which half have ended."""
    return 0.0 if family == LOGNORMAL else float(np.log(np.log(2.0)))


def log_law(family: str, log_t: FloatArray, mu: FloatArray | float, sigma: FloatArray | float) -> Logs:
    """Both logarithms at log times; the arguments are spread over each other as numpy does."""
    z = (log_t - mu) / sigma
    log_sigma = np.log(sigma)
    if family == LOGNORMAL:
        from scipy.special import log_ndtr

        density = -0.5 * z * z - _HALF_LOG_2PI - log_sigma - log_t
        survival = np.asarray(log_ndtr(-z))
        hazard = np.exp(-0.5 * z * z - _HALF_LOG_2PI - survival)
        return Logs(density, z / sigma, z * z - 1.0, survival, hazard / sigma, hazard * z)
    raised = np.exp(np.minimum(z, 600.0))
    density = z - raised - log_sigma - log_t
    return Logs(density, (raised - 1.0) / sigma, z * (raised - 1.0) - 1.0, -raised, raised / sigma, z * raised)
