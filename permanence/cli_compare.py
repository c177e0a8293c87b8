"""The command `compare`: what each change idea would save; and predictions, before a test of change and after it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from permanence.cli_options import Cluster, OutFolder, ProjectPath, Workers
from permanence.cli_run import run_project, say_findings

Predict = Annotated[
    str | None, typer.Option("--predict", metavar="IDEA", help="Save what this idea should do, before it is tried.")
]
Power = Annotated[
    str | None,
    typer.Option("--power", metavar="IDEA", help="How many children and months it takes to see what this idea does."),
]
ShowObserved = Annotated[
    bool, typer.Option("--observed", help="Lay these records over a prediction saved earlier, and say what happened.")
]
PredictionName = Annotated[
    str | None,
    typer.Option("--prediction", metavar="NAME", help="With --observed: which prediction; default: the only one."),
]
Months = Annotated[
    int, typer.Option("--months", min=3, max=60, help="With --predict and --power: months of children to predict.")
]
Monthly = Annotated[bool, typer.Option("--monthly", help="With them: points by month instead of by quarter.")]
PredictionDraws = Annotated[
    int, typer.Option("--draws", min=20, max=2000, help="With them: how many draws of the model.")
]
FindSensitivity = Annotated[
    bool,
    typer.Option(
        "--sensitivity", help="Also what the savings depend on, and how large each effect must be; takes minutes."
    ),
]

Together = Annotated[
    list[str] | None,
    typer.Option("--together", metavar="IDEA+IDEA", help="Also two ideas made at once: do they add up? Repeatable."),
]


def _pair(text: str) -> tuple[str, str]:
    """Two names from the text of an option; wrong usage when it is anything else."""
    one, joined, two = text.partition("+")
    if not joined or not one or not two or one == two or "+" in two:
        raise typer.BadParameter(f"two ideas joined by +, got {text!r}", param_hint="--together")
    return one, two


def _one_way(predict: str | None, power: str | None, observed: bool, prediction: str | None) -> bool:
    """Whether compare is about a prediction; wrong usage when it is asked for two things at once."""
    if sum((predict is not None, power is not None, observed)) > 1:
        raise typer.BadParameter("one at a time: --predict, --power or --observed", param_hint="--predict")
    if prediction is not None and not observed:
        raise typer.BadParameter("only with --observed: the prediction to look at", param_hint="--prediction")
    return predict is not None or power is not None or observed


def compare_command(
    project: ProjectPath = Path(),
    out: OutFolder = None,
    predict: Predict = None,
    power: Power = None,
    observed: ShowObserved = False,
    prediction: PredictionName = None,
    months: Months = 24,
    monthly: Monthly = False,
    draws: PredictionDraws = 100,
    workers: Workers = None,
    cluster: Cluster = None,
    sensitivity: FindSensitivity = False,
    together: Together = None,
) -> None:
    """Estimate what each change idea would save.

    Or, for one idea: save a prediction before the test of change, say how many children it takes to see it, and lay
    the records of later over the prediction.
    """
    if _one_way(predict, power, observed, prediction):
        from permanence.predict import command

        done = run_project(project, out, ("derive",), workers=workers, cluster=cluster)
        named = {"predict": predict, "power": power, "observed": prediction or "" if observed else None}
        for line in command(done, named, months=months, monthly=monthly, draws=draws):
            typer.echo(line)
        return
    stages = ("derive", "fit", "compare", *(("sensitivity",) if sensitivity else ()))
    pairs = tuple(_pair(text) for text in together or ())
    done = run_project(project, out, stages, workers=workers, cluster=cluster, together=pairs)
    say_findings(done, report=False)
