"""The plan of a dqn job: the network against what the environment shows and takes, and everything that was left out."""

from dataclasses import dataclass

from visualnn_shared.analysis.walk import Resolved, resolve
from visualnn_shared.errors import Invalid, SpecInvalid
from visualnn_shared.reinforcement.environments import ENVIRONMENTS, Environment
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.training.head import heads, plain
from visualnn_shared.training.optimizers import FULL_BATCH, OPTIMIZERS, clean_optimizer
from visualnn_shared.training.recipe import Chosen, DqnParams, Optimizer, TrainParams
from visualnn_shared.training.serving import Serving, TensorSpec

MOST_BYTES = 1 << 30
"""Of transitions in memory."""
ADAM_RATE = 0.0023
"""Of RL Baselines3 Zoo's recipe for CartPole (Raffin 2020), whose other numbers the defaults follow as well."""
_CLIPS = ("clipnorm", "clipvalue", "global_clipnorm")


@dataclass(frozen=True, slots=True)
class DqnPlan:
    """A job that can run."""

    params: DqnParams
    """Complete."""
    environment: Environment
    shape: tuple[int, ...]
    """What the network sees."""
    stop_at: float | None
    chosen: Chosen
    serving: Serving
    recipe: TrainParams
    """Optimizer and loss as a training has them, for those who use the weights."""


def plan_dqn(model: Spec | Resolved, params: DqnParams) -> DqnPlan:
    """Fill in what ``params`` leave out. Raises SpecInvalid, or Invalid with every problem of the combination."""
    resolved = resolve(model) if isinstance(model, Spec) else model
    if resolved.problems:
        raise SpecInvalid(resolved.problems, resolved.name)
    environment = ENVIRONMENTS[params.environment]
    problems = _input_problems(resolved, params, environment) + _output_problems(resolved, params, environment)
    if not any(weight.trainable for layer in resolved.layers for weight in layer.weights):
        problems.append(problem("a net must have weights that can be trained", "none", field="layers"))
    problems += _count_problems(params, environment)
    optimizer, wrong = _optimizer(params)
    if problems + wrong:
        raise Invalid("the dqn job", problems + wrong)
    rate = (optimizer.model_extra or {})["learning_rate"]
    complete = params.model_copy(update={"optimizer": optimizer, "learning_rate": rate})
    return DqnPlan(
        complete, environment, environment.seen(params.frame_stack), _stop_at(params, environment),
        _chosen(params, environment, optimizer), _serving(resolved, environment), _recipe(complete),
    )  # fmt: skip


def _input_problems(resolved: Resolved, params: DqnParams, environment: Environment) -> list[Problem]:
    """One input, of the shape of what is seen."""
    seen = environment.seen(params.frame_stack)
    if len(resolved.inputs) != 1:
        names = [layer.name for layer in resolved.inputs]
        return [problem(f"a net for {params.environment} must have one input, of shape {list(seen)}", names,
                        field="model")]  # fmt: skip
    (layer,) = resolved.inputs
    problems = []
    shape = plain(layer.output_shapes[0])
    if len(shape) != len(seen) or any(has not in (None, wants) for has, wants in zip(shape, seen, strict=False)):
        rule = f"the input must have the shape of what {params.environment} shows, {list(seen)}"
        hint = f"that is {_shown(params, environment)}"
        problems.append(problem(rule, list(shape), layer=layer.name, param="shape", field="model", hint=hint))
    if not str(layer.params["dtype"]).startswith("float"):
        rule = "the input must take real numbers"
        problems.append(problem(rule, layer.params["dtype"], layer=layer.name, param="dtype", field="model"))
    return problems


def _shown(params: DqnParams, environment: Environment) -> str:
    stacked = f", {params.frame_stack} frames of it" if params.frame_stack > 1 else ""
    if environment.states:
        return f"{sum(environment.states)} numbers, a 1 at the place of each state{stacked}"
    return f"an observation of {list(environment.shape)}{stacked}"


def _output_problems(resolved: Resolved, params: DqnParams, environment: Environment) -> list[Problem]:
    """One output, a value for each action, not bounded by a function."""
    ends = heads(resolved)
    wanted = (len(environment.actions),)
    if len(ends) != 1:
        rule = f"a net for {params.environment} must have one output, of shape {list(wanted)}"
        return [problem(rule, [str(end.ref) for end in ends], field="model")]
    (end,) = ends
    problems = []
    if end.shape != wanted:
        rule = f"the output must have a value for each action of {params.environment}, {list(wanted)}"
        hint = f"its actions are {', '.join(environment.actions)}"
        problems.append(problem(rule, list(end.shape), layer=end.ref.layer, field="model", hint=hint))
    if end.activation != "linear":
        rule = "the output must be linear: the value of an action is a sum of rewards, and may be any number"
        problems.append(problem(rule, end.activation, layer=end.ref.layer, param="activation", field="model"))
    return problems


def _count_problems(params: DqnParams, environment: Environment) -> list[Problem]:
    """Counts that contradict each other."""
    problems = []

    def must(holds: bool, rule: str, name: str) -> None:
        if not holds:
            problems.append(problem(rule, getattr(params, name), field=f"params.{name}"))

    must(params.epsilon_final <= params.epsilon_start, f"epsilon_final must be at most epsilon_start, "
         f"{params.epsilon_start:g}", "epsilon_final")  # fmt: skip
    must(params.batch_size <= params.replay_size, f"batch_size must be at most replay_size, {params.replay_size}",
         "batch_size")  # fmt: skip
    must(params.learning_starts < params.steps, f"learning_starts must be below steps, {params.steps}",
         "learning_starts")  # fmt: skip
    for name in ("train_every", "evaluate_every"):
        value = getattr(params, name)
        must(value is None or value % params.parallel == 0, f"{name} must be a multiple of parallel, "
             f"{params.parallel}: so many steps are taken at a time", name)  # fmt: skip
    must(params.target_every % params.gradient_steps == 0, f"target_every must be a multiple of gradient_steps, "
         f"{params.gradient_steps}: the target network changes between two rounds", "target_every")  # fmt: skip
    if params.stop_at is not None and params.evaluate_every is None:
        rule = "stop_at must come with evaluate_every: greedy episodes say whether it is reached"
        problems.append(problem(rule, params.stop_at, field="params.stop_at"))
    size = params.replay_size * (8 * environment.raw * params.frame_stack + 17)
    rule = f"the replay must fit in {MOST_BYTES // 2**20} MiB; {size // 2**20} MiB are asked for"
    must(size <= MOST_BYTES, rule, "replay_size")
    return problems


def _optimizer(params: DqnParams) -> tuple[Optimizer, list[Problem]]:
    """The optimizer with its parameters complete, gradients cut down included."""
    given = params.optimizer
    wanted = given if isinstance(given, Optimizer) else Optimizer(name=given or "adam")
    if OPTIMIZERS[wanted.name].keras_class == FULL_BATCH:
        rule = "the optimizer of a dqn job must take batches; what is learnt from changes all the time"
        return wanted, [problem(rule, wanted.name, field="params.optimizer", hint="adam, rmsprop, sgd, ...")]
    inside = "learning_rate" in (wanted.model_extra or {})
    rate = ADAM_RATE if wanted.name == "adam" and params.learning_rate is None and not inside else params.learning_rate
    optimizer, problems = clean_optimizer(wanted, rate)
    extra = dict(optimizer.model_extra or {})
    if extra.get("use_ema"):
        rule = "use_ema must be left out of a dqn job: its target network stands still instead"
        problems.append(problem(rule, True, field="params.optimizer.use_ema"))
    if params.gradient_norm is not None and not any(extra.get(name) for name in _CLIPS):
        extra["global_clipnorm"] = params.gradient_norm
    return Optimizer(name=optimizer.name, **extra), problems


def _stop_at(params: DqnParams, environment: Environment) -> float | None:
    if params.evaluate_every is None:
        return None
    return params.stop_at if params.stop_at is not None else environment.solved


def _chosen(params: DqnParams, environment: Environment, optimizer: Optimizer) -> Chosen:
    """What was left open, and why it became what it is."""
    chosen: Chosen = {}
    if params.optimizer is None:
        chosen["optimizer"] = {"value": optimizer.name, "why": "a good start for most networks"}
    inside = isinstance(params.optimizer, Optimizer) and "learning_rate" in (params.optimizer.model_extra or {})
    if params.learning_rate is None and not inside:
        rate = (optimizer.model_extra or {})["learning_rate"]
        chosen["learning_rate"] = {
            "value": rate,
            "why": "quick and steady in classic control"
            if optimizer.name == "adam"
            else f"Keras' default for {optimizer.name}",
        }
    if params.stop_at is None and _stop_at(params, environment) is not None:
        why = f"gymnasium calls {params.environment} solved there"
        chosen["stop_at"] = {"value": environment.solved, "why": why}
    return chosen


def _serving(resolved: Resolved, environment: Environment) -> Serving:
    """What is seen goes in as the network takes it; the actions are the classes, their values the scores."""
    (end,) = heads(resolved)
    (layer,) = resolved.inputs
    return Serving(
        inputs=(TensorSpec(name=layer.name, shape=plain(layer.output_shapes[0]), dtype="float32"),),
        outputs=(TensorSpec(name=str(end.ref), shape=end.shape, dtype="float32"),),
        task="classification",
        classes=environment.actions,
    )


def _recipe(params: DqnParams) -> TrainParams:
    return TrainParams(
        epochs=1, batch_size=params.batch_size, optimizer=params.optimizer, loss=params.loss, metrics=(),
        learning_rate=params.learning_rate, keep="last", seed=params.seed,
    )  # fmt: skip
