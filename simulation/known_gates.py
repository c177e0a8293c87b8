"""The gates of the declared pathway as a council knows them, put into a model fitted to its log."""

from __future__ import annotations

from dataclasses import dataclass, replace

from event_logs import vocabulary as v
from simulation.gates import DecisionMaker, Places, Sessions
from simulation.model import PathwayModel

DECISION_MAKER, COURT = "decision maker", "court"


@dataclass(frozen=True, kw_only=True)
class KnownGates:
    """What is known of the gates. The panel is known to the fit; the others are put into the fitted model."""

    panel: Sessions | None = None
    """None: inferred from the dates in the log."""
    decision_maker: DecisionMaker | None = None
    """Decides what the panel has recommended. The time that the records show is kept; what falls on another day than a
    working day moves to the next, and by `keeps_limit` late decisions are made in time."""
    court: Places | None = None
    """Holds a place from the application to its outcome. The records do not tell waiting from work, so that the fitted
    time is taken to be that of a court with room: more cases than places wait beyond it."""
    holidays: tuple[str, ...] = ()

    @classmethod
    def of(cls, known: Known) -> KnownGates:
        """The same for a panel alone, or for nothing."""
        return known if isinstance(known, KnownGates) else cls(panel=known)

    def put_into(self, model: PathwayModel) -> PathwayModel:
        """The declared pathway with the decision maker, the court and the holidays."""
        steps, gates = dict(model.steps), dict(model.gates)
        if self.decision_maker is not None:
            gates[DECISION_MAKER] = self.decision_maker
            for name, step in model.steps.items():
                if step.activity == v.AGENCY_DECISION:
                    steps[name] = replace(step, gate=DECISION_MAKER)
        if self.court is not None:
            gates[COURT] = self.court
            for name in {name for option in model.choices[v.LODGED].options for name in option.starts}:
                steps[name] = replace(steps[name], gate=COURT)
        return replace(model, steps=steps, gates=gates, holidays=self.holidays or model.holidays)


Known = Sessions | KnownGates | None
