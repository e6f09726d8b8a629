"""define, advance, poll now, label: what the engine is to take up."""

from __future__ import annotations

from typing import Annotated

import typer

from rpconsole.cli.configured import configured
from rpconsole.cli.door import Result, order
from rpconsole.cli.options import JsonOption, LabelOption, StageOption, given
from rpconsole.cli.output import say, show_json, show_table

labels = typer.Typer(no_args_is_help=True, help="Labels that the engine defines runs for by itself.")

LabelWord = Annotated[str, typer.Argument(metavar="LABEL", help="The label.")]
Stages = Annotated[
    list[str] | None, typer.Option("--stage", help="Only this stage; may be repeated. Default: all four.")
]
ALL_STAGES = ("chip", "camera", "warp", "stack")


def define(
    context: typer.Context,
    label: Annotated[str, typer.Option("--label", help="Take the stage's new runs with this label.")],
    stage: Annotated[str, typer.Option("--stage", help="chip, camera (or cam), warp or stack.")],
    path_base: Annotated[
        str | None, typer.Option("--path-base", help="Local root of what is prepared. Default: the label's.")
    ] = None,
    set_label: Annotated[
        str | None, typer.Option("--set-label", help="Label of the new run. Default: the label selected by.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", help="At most so many components; 0 = no limit.")] = 0,
    pretend: Annotated[bool, typer.Option("--pretend", help="Select and report, write nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Bundle what is new in a stage into one remote run."""
    result = order(
        context,
        "define",
        label=label,
        stage=stage,
        path_base=path_base or configured(given(context)).path_base_of(label),
        set_label=set_label,
        limit=limit,
        pretend=pretend,
    )
    if as_json:
        show_json(result)
    elif not result["stage_ids"]:
        say(f"nothing bundled: {result['why']}" if result["why"] else f"nothing new in {stage} with label {label}")
    elif result["remote_id"] is None:
        say(f"would bundle {len(result['stage_ids'])}: " + " ".join(str(one) for one in result["stage_ids"]))
    else:
        say(f"run {result['remote_id']} holds {len(result['stage_ids'])} components")


def advance(
    context: typer.Context, label: LabelOption = None, stage: StageOption = None, as_json: JsonOption = False
) -> None:
    """Register what is complete for the next stage, now."""
    result = order(context, "advance", label=label, stage=stage)
    if as_json:
        show_json(result)
        return
    show_table(
        ("stage", "run", "next stage's run"),
        [(one["stage"], one["stage_id"], one["next_id"]) for one in result["advanced"]],
        right=(1, 2),
        empty="nothing is complete that was not registered before",
    )


@labels.command("add")
def label_add(context: typer.Context, label: LabelWord, stage: Stages = None, as_json: JsonOption = False) -> None:
    """Define runs for this label by itself from now on."""
    result = order(context, "label", label=label, stages=stage or ALL_STAGES, on=True)
    _show_labels(result, as_json)


@labels.command("remove")
def label_remove(context: typer.Context, label: LabelWord, stage: Stages = None, as_json: JsonOption = False) -> None:
    """Define no more runs for this label by itself; runs that exist go on."""
    result = order(context, "label", label=label, stages=stage or ALL_STAGES, on=False)
    _show_labels(result, as_json)


@labels.command("list")
def label_list(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the labels and stages."""
    _show_labels(order(context, "labels"), as_json)


def _show_labels(result: Result, as_json: bool) -> None:
    if as_json:
        show_json(result)
        return
    pairs = [(pair["label"], pair["stage"]) for pair in result["labels"]]
    show_table(("label", "stage"), pairs, empty="no labels")
