"""Jobs of kind dqn: deep Q-learning in an environment of gymnasium, and what came of it."""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
from visualnn_shared.reinforcement.planning import DqnPlan, plan_dqn
from visualnn_shared.spec.reading import read_spec
from visualnn_shared.training.files import DqnEvaluation
from visualnn_shared.training.recipe import DqnParams
from visualnn_shared.training.reproduction import RECORD
from visualnn_shared.training.weights import WEIGHTS

from visualnn_worker.child.failures import refusals
from visualnn_worker.fitting.checkpoints import Checkpoints, read_checkpoint
from visualnn_worker.kinds import weights_file
from visualnn_worker.kinds.context import Context, Result
from visualnn_worker.kinds.record import record
from visualnn_worker.network.build import Network, build
from visualnn_worker.network.weights import read_weights
from visualnn_worker.reinforcement.drawing import return_curve
from visualnn_worker.reinforcement.history import History
from visualnn_worker.reinforcement.learner import Learner
from visualnn_worker.reinforcement.playing import Played
from visualnn_worker.reinforcement.training import DqnTraining

SAMPLES = 16
"""Observations that are stored with their values, to compare an operator with."""


def run(context: Context) -> Result:
    """Learn, then play. Raises ``Invalid`` for what does not fit together, ``NotFinite``, ``Unavailable``."""
    order = context.order
    spec = read_spec(order.spec or {})
    plan = plan_dqn(spec, DqnParams.model_validate(order.params))
    seed = plan.params.seed
    with refusals("build"):
        network = build(spec, seed)
        learner = Learner(network, build(spec, seed), plan)
    count = network.model.count_params()
    context.channel.log(f"net {spec.name}: {count:,} parameters; {plan.params.environment}, {_recipe(plan)}")
    history, training = _begin(context, plan, learner)
    with refusals("train"):
        training.run()
        played = training.judge()
    metrics = _metrics(training, played, plan)
    context.channel.event("metrics", {"metrics": metrics}, progress=1.0, metrics=metrics)
    context.channel.log(_verdict(plan, played, training))
    trained = weights_file.Trained(spec, plan.recipe, plan.serving, order.job_id)
    paths = _files(context.folder, network, trained, training) + _told(context.folder, plan, history, played, metrics)
    run = record(order, trained, read_weights(network), metrics)
    run = run.model_copy(update={"params": plan.params.model_dump(mode="json")})
    (context.folder / RECORD).write_text(run.model_dump_json(indent=1))
    chosen = {**(order.chosen or {}), **plan.chosen}
    return Result(context.store([*paths, context.folder / RECORD]), metrics, chosen)


def _begin(context: Context, plan: DqnPlan, learner: Learner) -> tuple[History, DqnTraining]:
    """From the start, or from the order's checkpoint."""
    order = context.order
    checkpoints = Checkpoints(
        context.objects, context.channel, context.page, order.prefix, context.folder, order.checkpoint_s,
        context.patience,
    )  # fmt: skip
    history = History(plan, context.channel, checkpoints)
    training = DqnTraining(plan, learner, history)
    if order.checkpoint:
        arrays, position = read_checkpoint(context.objects, order.checkpoint, context.folder)
        training.restore(arrays, position.history[0])
        history.restore(arrays)
        context.channel.log(f"going on from a checkpoint: step {training.at.steps:,} of {plan.params.steps:,}")
    return history, training


def _recipe(plan: DqnPlan) -> str:
    params = plan.params
    name = "double DQN" if params.double else "DQN"
    optimizer = getattr(params.optimizer, "name", params.optimizer)
    return f"{name}, at most {params.steps:,} steps, {optimizer}, learning rate {params.learning_rate:g}"


def _metrics(training: DqnTraining, played: Played, plan: DqnPlan) -> dict[str, float]:
    at = training.at
    metrics = {
        "test_return": played.mean, "test_return_std": float(np.std(played.returns)),
        "test_return_min": min(played.returns), "steps": float(at.steps), "gradient_steps": float(at.gradient_steps),
        "episodes": float(at.episodes),
    }  # fmt: skip
    goal = plan.environment.solved
    return metrics if goal is None else {**metrics, "test_solved": float(played.mean >= goal)}


def _verdict(plan: DqnPlan, played: Played, training: DqnTraining) -> str:
    goal = plan.environment.solved
    said = f"mean return {played.mean:g} over {len(played.returns)} greedy episodes, after {training.at.steps:,} steps"
    if goal is None:
        return said
    return f"{said}: {plan.params.environment} is {'solved' if played.mean >= goal else 'not solved'} (from {goal:g})"


def _files(folder: Path, network: Network, trained: weights_file.Trained, training: DqnTraining) -> list[Path]:
    """The network, as a train job leaves it."""
    weights_file.write(folder / WEIGHTS, read_weights(network), trained)
    network.model.save(folder / "model.keras")
    network.model.save_weights(folder / "model.weights.h5")
    (folder / "serving.json").write_text(trained.serving.model_dump_json())
    drawn = training.replay.draw(np.random.default_rng(0), 1, SAMPLES)["observation"][0]
    outputs = network.unpack(network.model(drawn, training=False))
    arrays: dict[str, Any] = {f"x:{network.input_names[0]}": drawn}
    arrays |= {f"y:{name}": keras.ops.convert_to_numpy(array) for name, array in outputs.items()}
    np.savez(folder / "samples.npz", **arrays)
    return [folder / name for name in (WEIGHTS, "model.keras", "model.weights.h5", "serving.json", "samples.npz")]


def _told(folder: Path, plan: DqnPlan, history: History, played: Played, metrics: dict[str, float]) -> list[Path]:
    """Returns as numbers and as a picture, and the episodes that judge the result."""
    goal, environment = plan.environment.solved, plan.params.environment
    evaluation = DqnEvaluation(
        environment=environment, episodes=len(played.returns), steps=played.steps, returns=list(played.returns),
        solved_at=goal, metrics=metrics,
    )  # fmt: skip
    (folder / "evaluation.json").write_text(evaluation.model_dump_json())
    (folder / "returns.json").write_text(json.dumps(history.as_json()))
    title = f"Returns in {environment}: mean {played.mean:g} over {len(played.returns)} greedy episodes"
    counts = ", ".join(
        f"{metrics[name]:,.0f} {name.replace('_', ' ')}" for name in ("steps", "episodes", "gradient_steps")
    )
    note = f"{counts} of batches of {plan.params.batch_size}; seed {plan.params.seed}"
    points = [(row[1], row[2]) for row in history.rows]
    means = [(row[1], row[3]) for row in history.rows]
    checked = [(row[0], row[1]) for row in history.evaluations]
    return_curve(title, note, points, means, checked, goal).save(folder / "returns.png")
    return [folder / name for name in ("evaluation.json", "returns.json", "returns.png")]
