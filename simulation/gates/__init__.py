"""Gates: places in the pathway where a child waits for a date or for its turn.

`Sessions` is a panel or a hearing that meets on set dates with a limited number of slots; `ReviewCycle` is the child's
own calendar of reviews, at which a plan can be decided once the assessment is ready; `DecisionMaker` decides on working
days and within a limit; `Places` are held while work goes on, by a team or a court. At `Places` a child waits before
the step's own time, at the other gates after it.
"""

from simulation.arrivals import Arrivals
from simulation.gates.decision_maker import DecisionMaker
from simulation.gates.order import CarveOut, Priority
from simulation.gates.places import Away, Places
from simulation.gates.reviews import Beforehand, ReviewCycle
from simulation.gates.sessions import WEEKDAYS, Sessions
from simulation.laws import NO_DELAY

Gate = Sessions | ReviewCycle | DecisionMaker | Places

__all__ = [
    "NO_DELAY",
    "WEEKDAYS",
    "Arrivals",
    "Away",
    "Beforehand",
    "CarveOut",
    "DecisionMaker",
    "Gate",
    "Places",
    "Priority",
    "ReviewCycle",
    "Sessions",
]
