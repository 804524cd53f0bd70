"""Jobs of kind train: plan, build, fit, evaluate, and store the net in three formats."""

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray
from visualnn_shared.analysis.advice import advice
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.datasets.data import Data
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.reading import read_spec
from visualnn_shared.training.choose import Plan, plan
from visualnn_shared.training.loss_options import name_of
from visualnn_shared.training.losses import weighs
from visualnn_shared.training.recipe import Chosen, TrainParams
from visualnn_shared.training.reproduction import RECORD
from visualnn_shared.training.snapshots import snapshot_name

from visualnn_worker.child.devices import names as device_names
from visualnn_worker.child.failures import refusals
from visualnn_worker.fitting.checkpoints import Checkpoints, read_checkpoint
from visualnn_worker.fitting.compiling import compile_model, prepare
from visualnn_worker.fitting.samples import Samples, all_of, class_weights, hold_out
from visualnn_worker.fitting.train import Fitted, Training, fit
from visualnn_worker.insight.explain import explained
from visualnn_worker.insight.live import Live
from visualnn_worker.insight.results import insight_files
from visualnn_worker.insight.seen import Seen
from visualnn_worker.kinds import weights_file
from visualnn_worker.kinds.beginning import begin_with, in_full
from visualnn_worker.kinds.context import Context, Result
from visualnn_worker.kinds.learning import augmentation, completed
from visualnn_worker.kinds.record import record
from visualnn_worker.kinds.storing import evaluate, net_files, store_json
from visualnn_worker.network.build import build
from visualnn_worker.network.weights import read_weights
from visualnn_worker.order import JobOrder
from visualnn_worker.parallel.choosing import choose, why
from visualnn_worker.parallel.spreading import Take, spread_over


@dataclass(frozen=True, slots=True)
class Parts:
    """The samples of a training, by their use."""

    train: Samples
    validation: Samples | None
    test: Samples | None

    @property
    def judge(self) -> tuple[str, Samples]:
        """What the trained net is judged by, and its prefix in metrics."""
        if self.test is not None:
            return "test", self.test
        return ("val", self.validation) if self.validation is not None else ("train", self.train)


def run(context: Context) -> Result:
    """Train. Raises ``Invalid`` for what does not fit together, ``NotFinite``, ``Unavailable``."""
    order = context.order
    spec = read_spec(order.spec or {})
    planned = plan(spec, order.data.schema_, order.data.splits, TrainParams.model_validate(order.params))
    data = context.load_data(order.data.schema_)
    planned = completed(planned, data)
    parts = _parts(data, planned)
    devices, chosen = _devices(order, planned)
    with spread_over(devices) as take:
        training = _built(context, planned, parts, spec, take)
        with refusals("train"), explained(training):
            live = Live(training.network, parts.train, context.channel, planned.params.batch_size)
            done = _fit(context, training, live, len(devices))
    with refusals("train"), explained(training):
        training = in_full(training, planned, spec, anew=len(devices) > 1)
        split, samples = parts.judge
        found = evaluate(training.network, samples, planned.params.batch_size)
        metrics = {**done.kept, **{f"{split}_{name}": value for name, value in found.items()}}
        context.channel.event("metrics", {"metrics": metrics}, metrics=metrics)
    trained = weights_file.Trained(spec, planned.params, planned.serving, order.job_id)
    seen = Seen(order.job_id, planned.params, done.trace.epochs, done.trace.batches, live.looks, found)
    paths = insight_files(context.folder, training.network, parts.judge, seen, context.channel)

    def written() -> list[Path]:
        made = net_files(context.folder, training.network, trained, parts.test or parts.train)
        made.append(store_json(context.folder / "history.json", done.history))
        judged = {"split": split, "samples": len(samples), "metrics": found}
        made.append(store_json(context.folder / "evaluation.json", judged))
        for epoch, tensors in done.snapshots.items():
            made.append(context.folder / snapshot_name(epoch))
            weights_file.write(made[-1], tensors, trained)
        return made

    paths += context.patience.insist(written)
    run = record(order, trained, read_weights(training.network), metrics, len(devices))
    (context.folder / RECORD).write_text(run.model_dump_json(indent=1))
    paths.append(context.folder / RECORD)
    return Result(context.store(paths), metrics, {**(order.chosen or {}), **planned.chosen, **chosen})


def _devices(order: JobOrder, planned: Plan) -> tuple[tuple[str, ...], Chosen]:
    """Those that batches are shared out among, and what the job's row says of them. Raises ``Invalid``."""
    params = planned.params
    if params.devices == 1:
        return ("one",), {}
    backend = keras.backend.backend()
    names = device_names(backend, gpu=order.gpu and bool(device_names(backend, gpu=True)))
    devices = choose(params, backend, names, resolve(read_spec(order.spec or {})))
    return devices, {"devices": {"value": list(devices), "why": why(params, len(names), len(devices))}}


def _built(context: Context, planned: Plan, parts: Parts, spec: Spec, take: Take) -> Training:
    """The net with its first weights, compiled, and what it learns from."""
    order, params = context.order, planned.params
    with refusals("build"):
        network = build(spec, params.seed, planned.frozen, params.precision)
        if params.initial_weights:
            begin_with(context, network)
        per_epoch = -(-len(parts.train) // params.batch_size)
        compile_model(network, params, per_epoch, serving=planned.serving)
        prepare(network, parts.train)
        take(network.model)
    context.channel.log(f"net {spec.name}: {network.model.count_params():,} parameters; {_recipe(params)}")
    label = planned.ends[0].label
    logits = {"from_logits": planned.serving.scores_by in ("softmax", "sigmoid")}
    for mistake in advice(network.resolved, loss=logits, classes=label.n_classes):
        context.channel.log(str(mistake), "warning")
    return Training(
        network, params, parts.train, parts.validation, _class_weights(planned, parts.train),
        augmentation(planned, order.data),
    )  # fmt: skip


def _parts(data: Data, planned: Plan) -> Parts:
    params = planned.params
    splits = {
        name: all_of(split, planned.serving, planned.features, planned.labels) for name, split in data.splits.items()
    }
    train, validation = splits["train"], None
    if params.validation_split:
        train, validation = hold_out(train, params.validation_split, params.splits_by, params.stratify)
    return Parts(train, validation, splits.get("test"))


def _class_weights(planned: Plan, train: Samples) -> dict[str, NDArray[np.float32]] | None:
    """Output -> its classes' weights: balanced ones for all that tell classes, given ones for the first output's."""
    wanted = planned.params.class_weight
    if wanted is None:
        return None
    first = planned.ends[0].label
    weighed = [end for end in planned.ends if (weighs(end.joined) if wanted == "balanced" else end.label == first)]
    return {end.name: class_weights(train.only(end.name), wanted, len(end.joined.classes or ())) for end in weighed}


def _recipe(params: TrainParams) -> str:
    name = getattr(params.optimizer, "name", params.optimizer)
    loss = name_of(params.loss or "")
    loss = ", ".join([loss, *(f"{name_of(one)} of {output}" for output, one in params.losses.items())])
    return f"{name}, learning rate {params.learning_rate:g}, {loss}, batches of {params.batch_size}"


def _fit(context: Context, training: Training, live: Live, devices: int) -> Fitted:
    order = context.order
    checkpoints = Checkpoints(
        context.objects, context.channel, context.page, order.prefix, context.folder, order.checkpoint_s,
        context.patience,
    )  # fmt: skip
    resume = None
    if order.checkpoint:
        manifest = order.checkpoint
        resume = context.patience.insist(lambda: read_checkpoint(context.objects, manifest, context.folder))
        position = resume[1]
        context.channel.log(f"going on from a checkpoint: epoch {position.epoch + 1}, after batch {position.batches}")
        if position.devices != devices:
            context.channel.log(
                f"the checkpoint was written on {position.devices} devices, this attempt has {devices}: the result is "
                "the same but for rounding, not bit for bit", "warning",
            )  # fmt: skip
    return fit(training, context.channel, checkpoints, resume, [live], devices)
