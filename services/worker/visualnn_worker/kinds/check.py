"""Jobs of kind check: what must hold before a training is worth its time, with a verdict and a reason each."""

from collections.abc import Callable

from visualnn_shared.spec.reading import read_spec
from visualnn_shared.training.checking import REPORT, CheckItem, CheckReport, plan_check, worst
from visualnn_shared.training.recipe import CheckParams

from visualnn_worker.checking.activations import check_activations
from visualnn_worker.checking.bench import Bench, spread
from visualnn_worker.checking.data import check_data
from visualnn_worker.checking.gradients import check_gradients
from visualnn_worker.checking.losses import check_initial_loss, check_overfit, check_regularization
from visualnn_worker.child.failures import refusals
from visualnn_worker.fitting.compiling import compile_model
from visualnn_worker.fitting.samples import all_of
from visualnn_worker.kinds.context import Context, Result
from visualnn_worker.kinds.learning import completed
from visualnn_worker.network.build import build

MANY = 500
"""Samples whose values are looked at."""
CHECKS: tuple[Callable[[Bench], list[CheckItem]], ...] = (
    check_data,
    check_initial_loss,
    check_activations,
    check_regularization,
    check_gradients,
    check_overfit,
)


MISFIT = "a training refuses these samples: give the network's input their shape, or prepare the samples for it"
"""What to do about a network that is checked at another size than it has."""


def run(context: Context) -> Result:
    """Check. A failed item is a result, not a failed job. Raises ``Invalid`` for what does not fit together."""
    order = context.order
    params = CheckParams.model_validate(order.params)
    planned, spec, notes = plan_check(read_spec(order.spec or {}), order.data.schema_, order.data.splits, params)
    data = context.load_data(order.data.schema_)
    planned = completed(planned, data)
    train = all_of(data.splits["train"], planned.serving, planned.features, planned.labels)
    with refusals("build"):
        network = build(spec, params.seed)
        compile_model(network, planned.params, serving=planned.serving)
    few, many = (spread(train, count, params.seed) for count in (params.samples, MANY))
    bench = Bench(spec, planned, params, few, many, network)
    for note in notes:
        context.channel.log(note)
    items = [CheckItem(name="data", verdict="fail", reason=note, hint=MISFIT) for note in notes]
    for number, check in enumerate(CHECKS):
        with refusals("check"):
            found = check(bench)
        items += found
        done = (number + 1) / len(CHECKS)
        context.channel.event("metrics", {"metrics": _counts(items)}, progress=done, metrics=_counts(items))
        for item in found:
            level = {"fail": "error", "warn": "warning"}.get(item.verdict, "info")
            context.channel.log(f"{item.verdict}: {item.name}: {item.reason}", level)
    report = CheckReport(verdict=worst(items), notes=notes, items=items)
    path = context.folder / REPORT
    path.write_text(report.model_dump_json(indent=1))
    return Result(context.store([path]), _counts(items), {**(order.chosen or {}), **planned.chosen})


def _counts(items: list[CheckItem]) -> dict[str, float]:
    verdicts = ("pass", "warn", "fail", "skip")
    return {verdict: float(sum(item.verdict == verdict for item in items)) for verdict in verdicts}
