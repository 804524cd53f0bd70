"""Jobs of kind evaluate: loss and metrics of trained weights on a data set."""

import json

from visualnn_shared.training.choose import plan_evaluate
from visualnn_shared.training.recipe import EvaluateParams

from visualnn_worker.fitting.batches import Batches
from visualnn_worker.fitting.compiling import compile_model
from visualnn_worker.fitting.naming import told
from visualnn_worker.kinds.context import Context, Result
from visualnn_worker.kinds.trained import load_trained, samples_of

NAME = "evaluation.json"


def run(context: Context) -> Result:
    """Evaluate on each split asked for. Raises ``Invalid``, ``NotFound``, ``Unavailable``."""
    order = context.order
    params = EvaluateParams.model_validate(order.params)
    network, trained = load_trained(context)
    fit = plan_evaluate(trained.serving, order.data.schema_, order.data.splits, params)
    compile_model(network, trained.params, serving=trained.serving)
    metrics: dict[str, float] = {}
    reports = []
    for split, samples in samples_of(context, fit, trained, params.split):
        found = network.model.evaluate(Batches(network, samples, params.batch_size), verbose=0, return_dict=True)
        values = told(network, found)
        reports.append({"split": split, "samples": len(samples), "metrics": values})
        metrics |= {f"{split}_{name}": value for name, value in values.items()}
    context.channel.event("metrics", {"metrics": metrics}, progress=1.0, metrics=metrics)
    path = context.folder / NAME
    path.write_text(json.dumps(reports[0] if len(reports) == 1 else reports))
    return Result(context.store([path]), metrics)
