"""The parameters of a training job as Caffe's ``solver.prototxt``."""

import math
from collections.abc import Mapping
from typing import Any

from visualnn_shared.catalogue.maps import Word
from visualnn_shared.errors import ConversionImpossible, Invalid
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.training.optimizers import OPTIMIZERS, clean_optimizer
from visualnn_shared.training.recipe import Optimizer, TrainParams
from visualnn_shared.training.schedule import Exponential, StepDecay
from visualnn_shared.validation import checked

from visualnn_converter.formats.caffe.prototxt import render
from visualnn_converter.report import Report
from visualnn_converter.solver import NAME, RECIPE

_ONE = "the recipe"
_SAID = ("optimizer", "learning_rate", "schedule", "batch_size", "epochs", "seed", "device")
_KNOWN: Mapping[str, tuple[str, ...]] = {
    "sgd": ("momentum", "nesterov"),
    "adam": ("beta_1", "beta_2", "epsilon"),
    "adadelta": ("rho", "epsilon"),
    "rmsprop": ("rho", "epsilon"),
    "adagrad": ("initial_accumulator_value", "epsilon"),
}
_COMMON = ("name", "learning_rate", "global_clipnorm", "gradient_accumulation_steps", "weight_decay")


def write_solver(
    params: Mapping[str, Any], *, samples: int | None = None, net: str = "train_val.prototxt"
) -> tuple[bytes, Report]:
    """The text, and what it leaves out. Raises ``Invalid`` for parameters that are none, ``ConversionImpossible``."""
    report = Report(source=RECIPE, target=NAME)
    given = checked(TrainParams, dict(params), "the recipe")
    wanted = given.optimizer if isinstance(given.optimizer, Optimizer) else Optimizer(name=given.optimizer or "adam")
    optimizer, problems = clean_optimizer(wanted, given.learning_rate)
    if problems:
        raise Invalid("the recipe", problems)
    settings = {name: kind[1] for name, kind in OPTIMIZERS[optimizer.name].params.items()}
    settings |= {"name": optimizer.name, **(optimizer.model_extra or {})}
    problems = _obstacles(settings)
    if problems:
        raise ConversionImpossible(problems, RECIPE, NAME)
    policy = _policy(given, settings, samples, report)
    message = {"net": net, **_solver(settings), **policy, **_length(given, settings, samples, report)}
    message |= {"random_seed": given.seed} if "seed" in given.model_fields_set else {}
    message |= {"solver_mode": Word(given.device.upper())} if given.device != "any" else {}
    for field in sorted(given.model_fields_set - set(_SAID)):
        why = "Caffe has it in the net or not at all"
        report.drops(_ONE, f"{field} = {params[field]!r}"[:200], why)
    if "batch_size" in given.model_fields_set:
        report.drops(_ONE, f"batch_size = {given.batch_size}", "Caffe has it in the net's data layer")
    report.note(f"net is {net}: Caffe looks for the net's own file there")
    return render(message).encode(), report


def _obstacles(settings: Mapping[str, Any]) -> list[Problem]:
    """Settings away from their defaults that no solver of Caffe has."""
    name = settings["name"]
    if name not in _KNOWN:
        rule = f"the optimizer must be one of {', '.join(_KNOWN)} in this format"
        return [problem(rule, name, field="optimizer.name")]
    found = []
    for key, (_, default) in OPTIMIZERS[name].params.items():
        if key not in (*_COMMON, *_KNOWN[name]) and settings[key] != default:
            rule = f"{key} must have its default value: Caffe's solvers have no such setting"
            found.append(problem(rule, settings[key], field=f"optimizer.{key}"))
    if settings.get("weight_decay") and (name != "sgd" or settings["momentum"]):
        rule = "weight_decay must be left out but for plain sgd: Caffe adds it to the gradient, Keras does not"
        hint = "give the layers a kernel_regularizer"
        found.append(problem(rule, settings["weight_decay"], field="optimizer.weight_decay", hint=hint))
    if settings.get("initial_accumulator_value"):
        rule = "initial_accumulator_value must be 0: Caffe begins with nothing"
        received = settings["initial_accumulator_value"]
        found.append(problem(rule, received, field="optimizer.initial_accumulator_value"))
    return found


def _solver(settings: Mapping[str, Any]) -> dict[str, Any]:
    name, epsilon = settings["name"], settings.get("epsilon", 0.0)
    found: dict[str, Any] = {"base_lr": settings["learning_rate"]}
    if name == "sgd":
        found |= {"type": "Nesterov" if settings["nesterov"] else "SGD", "momentum": settings["momentum"]}
    elif name == "adam":
        found |= {"type": "Adam", "momentum": settings["beta_1"], "momentum2": settings["beta_2"], "delta": epsilon}
    elif name == "adadelta":
        found |= {"type": "AdaDelta", "momentum": settings["rho"], "delta": epsilon}
    elif name == "rmsprop":
        found |= {"type": "RMSProp", "rms_decay": settings["rho"], "delta": math.sqrt(epsilon)}
    else:
        found |= {"type": "AdaGrad", "delta": math.sqrt(epsilon)}
    if settings.get("weight_decay"):
        found["weight_decay"] = settings["weight_decay"]
    each = settings.get("gradient_accumulation_steps") or 1
    if each > 1:
        found["iter_size"] = each
    if settings.get("global_clipnorm"):
        found["clip_gradients"] = settings["global_clipnorm"] * each
    return found


def _policy(given: TrainParams, settings: Mapping[str, Any], samples: int | None, report: Report) -> dict[str, Any]:
    """A schedule as Caffe counts it, in iterations."""
    schedule = given.schedule
    each = given.batch_size * (settings.get("gradient_accumulation_steps") or 1)
    per_epoch = None if samples is None else math.ceil(samples / each)
    if per_epoch is not None and isinstance(schedule, StepDecay | Exponential) and not schedule.warmup_epochs:
        if isinstance(schedule, StepDecay):
            return {"lr_policy": "step", "gamma": schedule.factor, "stepsize": schedule.epochs * per_epoch}
        return {"lr_policy": "exp", "gamma": schedule.factor ** (1 / per_epoch)}
    if schedule is not None:
        said = schedule.model_dump_json(exclude_defaults=True)
        report.drops(_ONE, f"schedule = {said}", "Caffe's policies have steps and exponentials, counted in iterations")
    return {"lr_policy": "fixed"}


def _length(given: TrainParams, settings: Mapping[str, Any], samples: int | None, report: Report) -> dict[str, Any]:
    """Epochs as iterations; Caffe's last batch of an epoch runs on into the next."""
    if samples is None:
        report.drops(_ONE, f"epochs = {given.epochs}", "iterations need the number of samples: name it as an option")
        return {}
    each = given.batch_size * (settings.get("gradient_accumulation_steps") or 1)
    count = math.ceil(given.epochs * samples / each)
    if count * each != given.epochs * samples:
        report.rewrote(_ONE, f"{given.epochs} epochs as max_iter {count}", "a last iteration reads on from the start")
    return {"max_iter": count}
