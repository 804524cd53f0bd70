"""Jobs of kind ensemble, their last step: one net of trained members, and what it gained on validation and test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from visualnn_shared.datasets.data import Data
from visualnn_shared.ensembling import drawing
from visualnn_shared.ensembling.combining import (
    combine,
    serving_of,
    with_scores,
    without_logits,
    without_penalties,
)
from visualnn_shared.ensembling.planning import TRAINING, monitored
from visualnn_shared.ensembling.report import (
    PICTURE,
    REPORT,
    EnsembleReport,
    Member,
    Metrics,
    best_of,
    gain_of,
    sentence,
)
from visualnn_shared.errors import Invalid, NotFound
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.problem import problem
from visualnn_shared.spec.reading import read_spec
from visualnn_shared.training.choose import plan_evaluate
from visualnn_shared.training.recipe import EnsembleParams, EvaluateParams, Optimizer, TrainParams
from visualnn_shared.training.serving import Serving

from visualnn_worker.child.failures import refusals
from visualnn_worker.fitting.compiling import compile_model
from visualnn_worker.fitting.samples import Samples, all_of, hold_out
from visualnn_worker.fitting.swa import average, reestimate
from visualnn_worker.insight.results import insight_files
from visualnn_worker.insight.seen import Seen
from visualnn_worker.kinds import weights_file
from visualnn_worker.kinds.context import Context, Result
from visualnn_worker.kinds.storing import evaluate, net_files, store_json
from visualnn_worker.network.build import Network, build
from visualnn_worker.network.safetensors import Tensors
from visualnn_worker.network.weights import set_weights

Split = Literal["val", "test"]


@dataclass(frozen=True, slots=True)
class Parts:
    """The samples, by their use."""

    train: Samples
    judged: Mapping[Split, Samples]


def run(context: Context) -> Result:
    """Make the one net, measure it and its members. Raises ``Invalid``, ``NotFound``, ``Unavailable``."""
    order, params = context.order, EnsembleParams.model_validate(context.order.params)
    found = [_read(context, one.key, number) for number, one in enumerate(order.members, 1)]
    if not found:
        raise NotFound("weights of the members", order.job_id)
    first = found[0][1]
    parts = _parts(context, [trained for _tensors, trained in found])
    members = []
    for number, (ref, (tensors, trained)) in enumerate(zip(order.members, found, strict=True), 1):
        with refusals("evaluate"):
            network = _compiled(_measurable(params, trained), tensors, params, first)
            metrics = {str(split): _measured(network, samples) for split, samples in parts.judged.items()}
        members.append(Member(number=number, job=ref.job, seed=ref.seed, epoch=ref.epoch, metrics=metrics))
        _say(context, f"member {number}: {_shown(metrics)}", number / (len(found) + 1))
    with refusals("build"):
        network, spec, serving = _one(context, params, found, parts)
    report = _report(params, members, {split: _measured(network, one) for split, one in parts.judged.items()}, parts)
    for gain in report.gains:
        context.channel.log(sentence(gain, monitored(params).removeprefix("val_")))
    made = weights_file.Trained(spec, _recipe(params, first, spec), serving, order.job_id)
    return _left(context, network, made, report, parts)


def _read(context: Context, key: str, number: int) -> tuple[Tensors, weights_file.Trained]:
    path = context.folder / f"member-{number}.safetensors"
    context.objects.get_file(key, path)
    found = weights_file.read(path)
    path.unlink()
    return found


def _parts(context: Context, members: Sequence[weights_file.Trained]) -> Parts:
    """What was set aside counts where all members set the same samples aside."""
    first, order = members[0], context.order
    fit = plan_evaluate(
        first.serving, order.data.schema_, order.data.splits, EvaluateParams(job=order.job_id, split="all")
    )
    data: Data = context.load_data(fit.schema)
    splits = {name: all_of(split, first.serving, fit.features, fit.labels) for name, split in data.splits.items()}
    train, judged = splits["train"], dict[Split, Samples]()
    same = {(one.params.validation_split, one.params.splits_by, one.params.stratify) for one in members}
    share, seed, stratify = next(iter(same))
    if share and len(same) == 1:
        train, judged["val"] = hold_out(train, share, seed, stratify)
    if "test" in splits:
        judged["test"] = splits["test"]
    if not judged:
        rule = "members must have set the same samples aside, or the data set must have a test split"
        raise Invalid("the ensemble job", [problem(rule, None, field="params.jobs")])
    return Parts(train, judged)


def _measurable(params: EnsembleParams, member: weights_file.Trained) -> Spec:
    """A member as it is measured and put beside the others: giving shares where shares are averaged."""
    return member.spec if params.method == "average" else with_scores(member.spec, member.serving)


def _recipe(params: EnsembleParams, first: weights_file.Trained, spec: Spec) -> TrainParams:
    """What a net is compiled with to be measured: the members' loss and metrics, and an optimizer without slots."""
    found = first.params if params.method == "average" else without_logits(first.params)
    names = dict(zip((one.name for one in first.serving.outputs), spec.outputs, strict=True))
    plain = Optimizer.model_validate({"name": "sgd", "learning_rate": 0.01})
    changed: dict[str, Any] = {"optimizer": plain, "learning_rate": 0.01, "schedule": None}
    for field in ("losses", "loss_weights", "output_metrics", "labels_of"):
        changed[field] = {names[name]: value for name, value in getattr(found, field).items()}
    return found.model_copy(update=changed)


def _compiled(spec: Spec, tensors: Tensors, params: EnsembleParams, first: weights_file.Trained) -> Network:
    network = build(without_penalties(spec))
    set_weights(network, tensors)
    serving = first.serving if params.method == "average" else serving_of(first.serving, spec)
    compile_model(network, _recipe(params, first, spec), serving=serving)
    return network


def _measured(network: Network, samples: Samples) -> Metrics:
    return evaluate(network, samples, 256)


def _one(
    context: Context, params: EnsembleParams, found: Sequence[tuple[Tensors, weights_file.Trained]], parts: Parts
) -> tuple[Network, Spec, Serving]:
    """The one net, compiled, the spec that it is stored with, and how it answers."""
    tensors, first = [one for one, _trained in found], found[0][1]
    specs = [_measurable(params, trained) for _tensors, trained in found]
    if params.method == "average":
        network = _compiled(first.spec, average(tensors), params, first)
        layers = reestimate(network, parts.train, first.params.batch_size)
        if layers:
            samples = f"{len(parts.train):,} training samples"
            context.channel.log(f"statistics of {layers} layers of batch normalisation are estimated anew on {samples}")
        return network, first.spec, first.serving
    made = combine(specs, _name(context, first))
    network = _compiled(made.spec, made.weights(tensors), params, first)
    return network, made.spec, serving_of(first.serving, made.spec)


def _name(context: Context, first: weights_file.Trained) -> str:
    """As the model that was stored for it is called."""
    return read_spec(context.order.spec).name if context.order.spec else first.spec.name


def _report(
    params: EnsembleParams, members: Sequence[Member], measured: Mapping[Split, Metrics], parts: Parts
) -> EnsembleReport:
    """The comparison, by the metrics that all have."""
    shared = {
        split: {name for name in metrics if all(name in one.metrics[split] for one in members)}
        for split, metrics in measured.items()
    }
    plain = [
        one.model_copy(update={"metrics": {split: _only(one.metrics[split], names) for split, names in shared.items()}})
        for one in members
    ]
    best = best_of(plain, monitored(params))
    gains = [
        gain_of(split, len(parts.judged[split]), plain, best, _only(metrics, shared[split]))
        for split, metrics in measured.items()
    ]
    averaged: Literal["predictions", "weights"] = "weights" if params.method == "average" else "predictions"
    notes = [] if "val" in measured else ["members set different samples aside, so the test samples alone compare them"]
    return EnsembleReport(
        method=params.method, averaged=averaged, monitor=monitored(params), best=best, members=list(plain),
        gains=gains, notes=notes,
    )  # fmt: skip


def _only(metrics: Mapping[str, float], names: set[str]) -> Metrics:
    return {name: value for name, value in metrics.items() if name in names}


def _left(
    context: Context, network: Network, made: weights_file.Trained, report: EnsembleReport, parts: Parts
) -> Result:
    """Every file, and the row's metrics."""
    folder = context.folder
    split, samples = list(parts.judged.items())[-1]
    metrics = {f"{gain.split}_{name}": value for gain in report.gains for name, value in gain.ensemble.items()}
    context.channel.event("metrics", {"metrics": metrics}, metrics=metrics)
    paths = insight_files(folder, network, (split, samples), Seen(), context.channel)
    paths += net_files(folder, network, made, parts.judged.get("test", parts.train))
    told: list[dict[str, Any]] = [
        {"split": gain.split, "samples": gain.samples, "metrics": gain.ensemble} for gain in report.gains
    ]
    paths.append(store_json(folder / "evaluation.json", told[-1]))
    (folder / REPORT).write_text(report.model_dump_json(indent=1))
    drawing.gain(report).save(folder / PICTURE, "PNG")
    paths += [folder / REPORT, folder / PICTURE]
    why = "; ".join(sentence(gain, report.monitor.removeprefix("val_")) for gain in report.gains)
    gained = {gain.split: gain.over_mean for gain in report.gains}
    leader = next(one for one in report.members if one.number == report.best)
    chosen = {
        "gain": {"value": gained, "why": why},
        "best_member": {"value": leader.job, "why": f"member {leader.number}, the best by {report.monitor}"},
    }
    counts = {"members": float(len(report.members))}
    return Result(context.store(paths), {**metrics, **counts}, {**(context.order.chosen or {}), **chosen})


def _say(context: Context, text: str, share: float) -> None:
    context.channel.event("log", {"level": "info", "text": text}, progress=TRAINING + (1 - TRAINING) * share)


def _shown(metrics: Mapping[str, Metrics]) -> str:
    return ", ".join(f"{split}_{name} {value:.4g}" for split, of in metrics.items() for name, value in of.items())
