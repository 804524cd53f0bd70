"""Caffe's ``solver.prototxt`` and the parameters of a training job, both ways.

What the other side cannot say is dropped with its value, in the report, never in silence. Caffe counts iterations, a
job epochs: ``samples`` (of the training split) and ``batch_size`` join them.
Source: Caffe's ``caffe.proto`` (SolverParameter) and ``sgd_solvers``; Keras 3's optimizers.
"""

import math
from collections.abc import Mapping
from typing import Any

from visualnn_shared.catalogue.maps import Bag, Unmappable, plain
from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.problem import Problem, problem

from visualnn_converter.formats.caffe.prototxt import parse
from visualnn_converter.report import Report

NAME, RECIPE = "caffe-solver", "recipe"
OLD_TYPES = ("SGD", "NESTEROV", "ADAGRAD", "RMSPROP", "ADADELTA", "ADAM")
_NUMBERED = dict(enumerate(OLD_TYPES))
TYPES: Mapping[str, str] = {
    "SGD": "sgd", "Nesterov": "sgd", "AdaGrad": "adagrad", "RMSProp": "rmsprop", "AdaDelta": "adadelta", "Adam": "adam",
}  # fmt: skip
"""Caffe's solver -> our optimizer."""
_USES: Mapping[str, tuple[str, ...]] = {
    "SGD": ("momentum",), "Nesterov": ("momentum",), "AdaGrad": ("delta",), "RMSProp": ("rms_decay", "delta"),
    "AdaDelta": ("momentum", "delta"), "Adam": ("momentum", "momentum2", "delta"),
}  # fmt: skip
POLICIES: Mapping[str, tuple[str, ...]] = {
    "fixed": (), "step": ("gamma", "stepsize"), "exp": ("gamma",), "inv": ("gamma", "power"),
    "multistep": ("gamma", "stepvalue"), "poly": ("power", "max_iter"), "sigmoid": ("gamma", "stepsize"),
}  # fmt: skip
"""How the learning rate changes -> the fields that say so."""
_RUN = (
    "test_iter", "test_interval", "test_compute_loss", "test_initialization", "display", "average_loss", "snapshot",
    "snapshot_prefix", "snapshot_format", "snapshot_diff", "snapshot_after_train", "debug_info", "layer_wise_reduce",
    "device_id", "weights",
)  # fmt: skip
_NETS = ("net", "net_param", "train_net", "train_net_param", "test_net", "test_net_param", "train_state", "test_state")
_ONE = "the solver"


def looks_like_solver(data: bytes) -> bool:
    """Whether a text has what a solver must: a learning rate and no layers."""
    try:
        bag = parse(data.decode("utf-8-sig"))
    except (Unmappable, UnicodeDecodeError):
        return False
    return ("base_lr" in bag or "lr_policy" in bag) and "layer" not in bag and "layers" not in bag


def read_solver(
    data: bytes, *, samples: int | None = None, batch_size: int | None = None
) -> tuple[dict[str, Any], Report]:
    """``params`` of a train job, without what the file does not say. Raises ``ConversionImpossible``."""
    report = Report(source=NAME, target=RECIPE)
    try:
        reader = _Reader(parse(data.decode("utf-8-sig")), report, samples, batch_size)
    except Unmappable as broken:
        raise ConversionImpossible([broken.problem(None)], NAME, RECIPE) from None
    except UnicodeDecodeError as error:
        found = problem("the text must be UTF-8", data[error.start : error.start + 4].hex())
        raise ConversionImpossible([found], NAME, RECIPE) from None
    params = reader.run()
    if reader.problems:
        raise ConversionImpossible(reader.problems, NAME, RECIPE)
    return params, report


class _Reader:
    def __init__(self, bag: Bag, report: Report, samples: int | None, batch_size: int | None) -> None:
        self.bag, self.report, self.samples, self.batch_size = bag, report, samples, batch_size
        self.problems: list[Problem] = []

    def run(self) -> dict[str, Any]:
        """The parameters; problems are collected."""
        params: dict[str, Any] = {"optimizer": self._optimizer()}
        params["optimizer"] = {key: value for key, value in params["optimizer"].items() if value is not None}
        if self.batch_size is not None:
            params["batch_size"] = self.batch_size
        epochs = self._epochs()
        if epochs is not None:
            params["epochs"] = epochs
        seed = self._number("random_seed", -1, whole=True)
        if seed >= 0:
            params["seed"] = seed
        mode = self.bag.one("solver_mode")
        if mode is not None:
            device = {"CPU": "cpu", "GPU": "any", "0": "cpu", "1": "any"}.get(str(mode))
            if device is None:
                self._wrong("solver_mode must be CPU or GPU", "solver_mode", mode)
            if device == "any":  # as a demand it would wait for a worker that there may never be
                self.report.rewrote(_ONE, f"solver_mode {mode} as device any", "a GPU is taken where a worker has one")
            params["device"] = device
        schedule = self._policy()
        if schedule is not None:
            params["schedule"] = schedule
        self._rest()
        return params

    def _optimizer(self) -> dict[str, Any]:
        type = self._type()
        delta, momentum = self._number("delta", 1e-8), self._number("momentum", 0.0)
        found: dict[str, Any] = {"name": TYPES[type], "learning_rate": self._rate()}
        if type in ("SGD", "Nesterov"):
            found["momentum"] = momentum
            found["nesterov"] = True if type == "Nesterov" and momentum else None
        elif type == "Adam":
            second = self._number("momentum2", 0.999)
            found |= {"beta_1": momentum if "momentum" in self.bag else 0.0, "beta_2": second, "epsilon": delta}
        elif type == "AdaDelta":
            found |= {"rho": momentum, "epsilon": delta}
        else:
            found |= {"rho": self._number("rms_decay", 0.99)} if type == "RMSProp" else {}
            found |= {"initial_accumulator_value": 0.0} if type == "AdaGrad" else {}
            found["epsilon"] = delta * delta
            if delta:
                why = "Keras adds it under the root, Caffe to the root: alike where gradients are 0 or much larger"
                self.report.rewrote(_ONE, f"delta {delta} as epsilon {delta * delta}", why)
        for key in ("momentum", "momentum2", "rms_decay", "delta"):
            if key in self.bag and key not in _USES[type]:
                self.report.drops(_ONE, f"{key} = {self.bag.one(key)}", f"{type} does not use it")
        return found | self._steps() | self._decay(type, momentum)

    def _type(self) -> str:
        given, old = self.bag.one("type"), self.bag.one("solver_type")
        if given is None and old is not None:
            name = _NUMBERED.get(old) if isinstance(old, int) else str(old)
            given = next((type for type in TYPES if type.upper() == name), old)
        found = str(given if given is not None else "SGD")
        if found not in TYPES:
            key = "type" if "type" in self.bag else "solver_type"
            self._wrong(f"type must be one of {', '.join(TYPES)}", key, found)
            return "SGD"
        return found

    def _rate(self) -> float:
        rate: float = self._number("base_lr", 0.0)
        if rate <= 0:
            self._wrong("base_lr must be given, and above 0", "base_lr", self.bag.peek("base_lr"))
        return rate

    def _steps(self) -> dict[str, Any]:
        """What is done with a gradient before it is used."""
        each = self._number("iter_size", 1, whole=True)
        clip = self._number("clip_gradients", -1.0)
        found: dict[str, Any] = {"gradient_accumulation_steps": each} if each > 1 else {}
        if clip > 0:
            found["global_clipnorm"] = clip / max(each, 1)
            if each > 1:
                why = "Caffe cuts the sum over iter_size batches, Keras their mean"
                self.report.rewrote(_ONE, f"clip_gradients {clip} as global_clipnorm {clip / each}", why)
        return found

    def _decay(self, type: str, momentum: float) -> dict[str, Any]:
        """Caffe adds the decay to the gradient; an optimizer of Keras takes it off the weights by itself."""
        decay = self._number("weight_decay", 0.0)
        kind = str(self.bag.one("regularization_type", "L2"))
        if kind not in ("L1", "L2"):
            self._wrong("regularization_type must be L1 or L2", "regularization_type", kind)
        if not decay:
            return {}
        if type == "SGD" and not momentum and kind == "L2":
            return {"weight_decay": decay}
        same = f'{{"name": "l2", "l2": {decay / 2}}}' if kind == "L2" else f'{{"name": "l1", "l1": {decay}}}'
        why = f"it is a part of the gradient in Caffe; give the layers kernel_regularizer {same} for the same"
        self.report.drops(_ONE, f"weight_decay = {decay}, {kind}", why)
        return {}

    def _epochs(self) -> int | None:
        count: int = self._number("max_iter", 0, whole=True)
        if count <= 0:
            if "max_iter" in self.bag:
                self._wrong("max_iter must be above 0", "max_iter", count)
            return None
        if self.samples is None or self.batch_size is None:
            missing = " and ".join(
                name for name, one in (("samples", self.samples), ("batch size", self.batch_size)) if one is None
            )
            self.report.drops(_ONE, f"max_iter = {count}", f"epochs need the number of {missing}: name them as options")
            return None
        seen = count * self.batch_size * max(self._number("iter_size", 1, whole=True), 1)
        epochs: int = max(1, math.ceil(seen / self.samples))
        if epochs * self.samples != seen:
            exact = f"{seen / self.samples:.4g}"
            self.report.rewrote(_ONE, f"max_iter {count} as {epochs} epochs", f"it is {exact}; epochs are whole")
        return epochs

    def _policy(self) -> dict[str, Any] | None:
        """The schedule of the learning rate, where a recipe has it."""
        policy = str(self.bag.one("lr_policy", "fixed"))
        if policy not in POLICIES:
            self._wrong(f"lr_policy must be one of {', '.join(POLICIES)}", "lr_policy", policy)
            return None
        fields = {key: plain(self.bag.many(key)) for key in POLICIES[policy] if key in self.bag}
        schedule = self._schedule(policy)
        if policy != "fixed" and schedule is None:
            said = ", ".join(f"{key} {' '.join(map(str, value))}" for key, value in fields.items())
            what = f"lr_policy = {policy}" + (f" ({said})" if said else "")
            why = "a recipe has step and exponential schedules, of whole epochs where samples and batch size are known"
            self.report.drops(_ONE, what, f"{why}: base_lr is kept to the end")
        for key in ("gamma", "power", "stepsize", "stepvalue"):
            if key in self.bag and key not in POLICIES[policy]:
                self.report.drops(_ONE, f"{key} = {self._said(key)}", f"lr_policy {policy} does not use it")
        return schedule

    def _schedule(self, policy: str) -> dict[str, Any] | None:
        """A step after whole epochs, or a share of the rate each iteration: what both sides compute alike."""
        gamma, each = self._number("gamma", 1.0), self._number("iter_size", 1, whole=True)
        if self.samples is None or self.batch_size is None or not 0 < gamma < 1:
            return None
        per_epoch = math.ceil(self.samples / (self.batch_size * max(each, 1)))
        if policy == "exp" and gamma**per_epoch > 0:
            return {"name": "exponential", "factor": gamma**per_epoch}
        every = self._number("stepsize", 0, whole=True) if policy == "step" else 0
        if every < 1 or every % per_epoch:
            return None
        return {"name": "step", "epochs": every // per_epoch, "factor": gamma}

    def _rest(self) -> None:
        for key in (*_RUN, *_NETS):
            if key in self.bag:
                why = "the net is a file of its own: convert it" if key in _NETS else "it reports on a run or stores it"
                self.report.drops(_ONE, f"{key} = {self._said(key)}", why)
        for key, line in self.bag.left(deep=False):
            what = f"{key} = {str(plain(self.bag.peek(key)))[:80]}, line {line}"
            self.report.drops(_ONE, what, "not understood")

    def _said(self, key: str) -> str:
        values = plain(self.bag.many(key))
        return str(values[0] if len(values) == 1 else values)[:200]

    def _number(self, key: str, default: float, *, whole: bool = False) -> Any:
        value = self.bag.one(key, default)
        fine = isinstance(value, int) if whole else isinstance(value, int | float)
        if not fine or isinstance(value, bool) or not math.isfinite(value) or abs(value) > 1e30:
            self._wrong(f"{key} must be {'an integer' if whole else 'a number'}", key, value)
            return default
        return value

    def _wrong(self, rule: str, key: str, received: Any) -> None:
        self.problems.append(Unmappable(rule, received, line=self.bag.line(key)).problem(None))
