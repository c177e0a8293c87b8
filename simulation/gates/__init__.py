"""Gates: places in the pathway where a child waits for a date or a free place, not for work.

`Sessions` is a panel that meets on set dates with a limited number of slots; `ReviewCycle` is the child's own calendar
of reviews, at which a plan can be decided once the assessment is ready.
"""

from simulation.arrivals import Arrivals
from simulation.gates.reviews import Beforehand, ReviewCycle
from simulation.gates.sessions import WEEKDAYS, Sessions
from simulation.laws import NO_DELAY

__all__ = ["NO_DELAY", "WEEKDAYS", "Arrivals", "Beforehand", "ReviewCycle", "Sessions"]
