"""What the council's own rules set aside, in every shape, goes with all that hangs on it."""

from __future__ import annotations

from event_logs import vocabulary as v

from .conftest import Derive, rows

TABLES = """
[children]
file = "children.csv"
child = "id"
birth = "dob"
[episodes]
file = "episodes.csv"
episode = "ep"
child = "id"
start = "from"
end = "to"
attributes = { destination = "went" }
[placements]
file = "placements.csv"
episode = "ep"
type = "kind"
start = "from"
end = "to"
settings = { "Foster carer" = "away", "Hotel" = "away" }
[[trackers]]
file = "tracker.csv"
case = "ep"
[trackers.columns]
"panel" = "Permanence panel"
"""
FILES = {
    "children.csv": "id,dob\nC1,29/02/2016\nC2,10/06/2010\n",
    "episodes.csv": "ep,id,from,to,went\nE1,C1,01/03/2020,,\nE2,C2,05/01/2021,20/09/2021,Moon\n",
    "placements.csv": "ep,kind,from,to\nE1,Hotel,01/03/2020,01/04/2020\nE1,Foster carer,01/04/2020,\n"
    "E2,Foster carer,05/01/2021,20/09/2021\n",
    "tracker.csv": "ep,panel\nE1,06/10/2020\nE2,06/07/2021\n",
}
ALLOWED = '[[rules]]\nkind = "allowed codes"\nseverity = "Q"\n'


def test_one_record_is_set_aside(derive_files: Derive) -> None:
    rule = ALLOWED + 'table = "placements"\ncolumn = "type"\ncodes = ["Foster carer"]\n'
    found = derive_files(TABLES + rule, FILES)
    assert found.quarantine[["file", "row"]].to_numpy().tolist() == [["placements.csv", 2]]
    assert found.quarantine["reasons"].tolist() == ["kind: not one of the agreed codes"]
    assert ("E1", v.ACCOMMODATED, "2020-04-01") in rows(found)
    assert set(found.log.cases["case"]) == {"E1", "E2"}


def test_an_episode_goes_with_all_that_happened_in_it(derive_files: Derive) -> None:
    rule = ALLOWED + 'table = "episodes"\ncolumn = "destination"\ncodes = ["Home with parents"]\n'
    found = derive_files(TABLES + rule, FILES)
    assert set(found.log.cases["case"]) == {"E1"}
    reasons = found.quarantine.set_index(["file", "row"])["reasons"].to_dict()
    assert reasons[("episodes.csv", 3)] == "destination: not one of the agreed codes"
    assert reasons[("placements.csv", 4)] == "the episode's own row is quarantined"
    assert ("tracker.csv", 3) in reasons
    assert all(case == "E1" for case, *_ in rows(found))


def test_a_tracker_row_that_ends_before_it_starts_in_another_file(derive_files: Derive) -> None:
    one = """
[[trackers]]
file = "a.csv"
case = "ep"
start = "start"
[trackers.columns]
"panel" = "Permanence panel"
[[trackers]]
file = "b.csv"
case = "ep"
end = "end"
[trackers.columns]
"lodged" = "Application lodged"
"""
    files = {
        "a.csv": "ep,start,panel\nE1,01/03/2020,06/10/2020\nE2,01/03/2021,06/10/2021\n",
        "b.csv": "ep,end,lodged\nE1,01/02/2020,01/02/2021\nE2,01/02/2022,01/02/2022\n",
    }
    found = derive_files(one, files)
    assert set(found.log.cases["case"]) == {"E2"}
    assert set(found.quarantine["file"]) == {"a.csv", "b.csv"}
    assert len(found.quarantine) == 4  # both rows, and the date in each
