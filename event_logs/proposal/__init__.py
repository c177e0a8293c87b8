"""What would the project file of these extracts be?

Reads the files, and proposes a permanence.toml with the evidence for every line; what the values leave open is asked.
"""

from event_logs.project.unchecked import CHECK
from event_logs.proposal.document import Question
from event_logs.proposal.profiles import Extract, read_extracts
from event_logs.proposal.proposing import SCHEMA_NAME, Proposal, propose

__all__ = ["CHECK", "SCHEMA_NAME", "Extract", "Proposal", "Question", "propose", "read_extracts"]
