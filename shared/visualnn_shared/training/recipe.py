"""What a user may ask of a job. Each field is checked before a job is queued; what is left out is chosen.

Numbers and switches are read strictly, as everything else of JSON is: ``"3"``, ``true`` and ``3.0`` are no integers. A
whole number is a fine real number.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from typing_extensions import TypeAliasType

from visualnn_shared.reinforcement.environments import EnvironmentName
from visualnn_shared.training.augmentation import Changes
from visualnn_shared.training.names import Device, EvaluatedSplit, ExportFormat, Loss, Metric, OptimizerName, Precision
from visualnn_shared.training.schedule import Schedule
from visualnn_shared.training.space import Space
from visualnn_shared.training.steps import Preprocessing
from visualnn_shared.training.stopping import EarlyStopping, Keep

_Output = Annotated[str, Field(min_length=1, max_length=200)]
MOST_SNAPSHOTS = 64
"""A training keeps no more: each is in memory, and in every checkpoint."""
MOST_MEMBERS = 32
"""Of an ensemble: each costs as much memory and time as one net."""
MOST_DEVICES = 64
"""Of one machine."""
MetricName = TypeAliasType("MetricName", Metric)
"""With a name of its own in the API's document."""
_Weight = Annotated[float, Field(strict=True, ge=0, le=1e6)]

MemoryLimit = Annotated[int, Field(strict=True, ge=64, le=2**30)]
"""MiB."""


class _Params(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Optimizer(_Params):
    """An optimizer with the parameters Keras gives it, e.g. ``{"name": "sgd", "momentum": 0.9}``."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: OptimizerName


class LossChoice(_Params):
    """A loss with parameters of its own, e.g. ``{"name": "huber", "delta": 2.0}``."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: Loss


def _named(given: Any) -> Any:
    return {"name": given} if isinstance(given, str) else given


_NamedLoss = Annotated[LossChoice, BeforeValidator(_named)]
"""A loss's name alone will do."""


class TrainParams(_Params):
    """``params`` of a train job."""

    epochs: Annotated[int, Field(strict=True, ge=1, le=100_000)] = 10
    """How often every sample is seen."""
    batch_size: Annotated[int, Field(strict=True, ge=1, le=65_536)] = 32
    """Samples for one step of the optimizer."""
    optimizer: OptimizerName | Optimizer | None = None
    """How the weights follow the gradient; adam where it is left out."""
    loss: Loss | LossChoice | None = None
    """What is made small; chosen to suit the network's output and the labels where it is left out."""
    losses: dict[_Output, _NamedLoss] = Field(default={}, max_length=100)
    """Of a network with several outputs: each one's loss, where it is not the one chosen. ``loss`` is the first's."""
    loss_weights: dict[_Output, _Weight] = Field(default={}, max_length=100)
    """Of a network with several outputs: what each output's loss counts in the sum; 1 where it is left out."""
    labels_of: dict[_Output, _Output] = Field(default={}, max_length=100)
    """Of a data set with several labels: which an output learns from, where its name does not say it. Where it is
    given, labels that no output learns from are left out."""
    metrics: tuple[Metric, ...] | None = None
    """What is measured besides; chosen to suit the task where it is left out. Of several outputs, that of the first."""
    output_metrics: dict[_Output, tuple[MetricName, ...]] = Field(default={}, max_length=100)
    """Of a network with several outputs: what is measured of each besides its loss; where it is left out, chosen for
    outputs with labels of their own, and nothing for those that share the first's."""
    learning_rate: Annotated[float, Field(strict=True, gt=0, le=100, allow_inf_nan=False)] | None = None
    """Size of a step; the optimizer's own default where it is left out."""
    validation_split: Annotated[float, Field(strict=True, ge=0, lt=1)] = 0.0
    """Share of the training samples that is set aside and measured after every epoch."""
    schedule: Schedule | None = None
    """How the learning rate changes; none leaves it as it is."""
    early_stopping: EarlyStopping | None = None
    """End where a metric has stopped getting better; none trains every epoch."""
    keep: Keep | None = None
    """Whose weights are the result: the last epoch's, or those of the best by what ``early_stopping`` watches."""
    class_weight: Literal["balanced"] | tuple[_Weight, ...] | None = None
    """What a sample of each class counts in the loss; balanced: all classes together count the same."""
    frozen: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=200)], ...], Field(max_length=1000)] = ()
    """Layers that keep their weights, by name or pattern: ``conv*``."""
    initial_weights: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Where to start: a train job's id, or an operator as ``name`` or ``name@version``; none draws from the seed."""
    precision: Precision = "float32"
    """What is computed in; with the mixed ones weights stay float32, and so does what comes out."""
    snapshots: Annotated[tuple[Annotated[int, Field(strict=True, ge=1)], ...], Field(max_length=MOST_SNAPSHOTS)] = ()
    """Epochs after which the weights are kept as well, each as a file of the result."""
    seed: Annotated[int, Field(strict=True, ge=0, le=2**32 - 1)] = 0
    """The same seed gives the same first weights and the same order of samples."""
    split_seed: Annotated[int, Field(strict=True, ge=0, le=2**32 - 1)] | None = None
    """Which samples ``validation_split`` sets aside; ``seed`` says it where this is left out."""
    shuffle: Annotated[bool, Field(strict=True)] = True
    """Another order of the samples in each epoch."""
    stratify: Annotated[bool, Field(strict=True)] = False
    """The validation part has the same share of each class as the training part."""
    preprocessing: Preprocessing = ()
    """What is done to inputs, in order, and packed with the operator; for all inputs, or by input name."""
    augmentation: Changes = ()
    """How training samples are changed at random each time they are seen."""
    device: Device = "any"
    """What the job waits for; any takes a GPU where there is one."""
    devices: Annotated[int, Field(strict=True, ge=1, le=MOST_DEVICES)] | Literal["all"] = 1
    """On how many devices of the worker each batch is shared out: a number that divides ``batch_size``, which stays the
    size of the whole batch; all takes as many as divide it."""
    time_limit_s: Annotated[float, Field(strict=True, gt=0)] | None = None
    """Seconds after which an attempt is ended as failed; a resume goes on from its last checkpoint."""
    memory_limit_mb: MemoryLimit | None = None
    """MiB of the machine's memory that the process which does the work may hold; it is ended as failed at more."""

    @property
    def least_devices(self) -> int:
        """How many devices a worker must have to train by it."""
        return 1 if self.devices == "all" else self.devices

    @property
    def splits_by(self) -> int:
        """The seed that says which samples are set aside."""
        return self.seed if self.split_seed is None else self.split_seed


class DqnParams(_Params):
    """``params`` of a dqn job: deep Q-learning (Mnih et al. 2015) in an environment of gymnasium.

    A step is one decision of the agent. Sources: Mnih et al. 2015 (Human-level control through deep reinforcement
    learning) for the method, van Hasselt et al. 2016 (Deep reinforcement learning with double Q-learning) for double.
    """

    environment: EnvironmentName
    """Where the agent learns, by gymnasium's name."""
    steps: Annotated[int, Field(strict=True, ge=1, le=100_000_000)] = 100_000
    """Decisions, over all episodes; it ends earlier where ``stop_at`` is reached."""
    learning_rate: Annotated[float, Field(strict=True, gt=0, le=100, allow_inf_nan=False)] | None = None
    """Size of a gradient step; 0.0023 for adam, else the optimizer's own default where it is left out."""
    batch_size: Annotated[int, Field(strict=True, ge=1, le=65_536)] = 64
    """Transitions that a gradient step learns from, drawn from the replay."""
    discount: Annotated[float, Field(strict=True, ge=0, le=1)] = 0.99
    """What a reward is worth a step later: gamma."""
    double: Annotated[bool, Field(strict=True)] = True
    """Double DQN: the network chooses the next action, the target network values it."""
    optimizer: OptimizerName | Optimizer | None = None
    """How the weights follow the gradient; adam where it is left out."""
    loss: Literal["huber", "mse"] = "huber"
    """Of the temporal-difference error; huber is the square up to 1 and straight beyond, Mnih's clipping to [-1, 1]."""
    gradient_norm: Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)] | None = 10.0
    """Gradients that are longer together are cut down to it; null leaves them."""
    epsilon_start: Annotated[float, Field(strict=True, ge=0, le=1)] = 1.0
    """The share of random actions at the beginning."""
    epsilon_final: Annotated[float, Field(strict=True, ge=0, le=1)] = 0.04
    """The share of random actions in the end."""
    epsilon_steps: Annotated[int, Field(strict=True, ge=1, le=100_000_000)] = 8000
    """Steps from the first share to the last, in a straight line."""
    replay_size: Annotated[int, Field(strict=True, ge=1, le=10_000_000)] = 50_000
    """Transitions that are remembered; the oldest is forgotten first."""
    learning_starts: Annotated[int, Field(strict=True, ge=1, le=100_000_000)] = 1000
    """Steps at random that come before anything is learnt."""
    train_every: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] = 128
    """Steps between two rounds of learning."""
    gradient_steps: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] = 64
    """Gradient steps of a round."""
    target_every: Annotated[int, Field(strict=True, ge=1, le=100_000_000)] = 128
    """Gradient steps after which the target network becomes what the network is."""
    parallel: Annotated[int, Field(strict=True, ge=1, le=256)] = 8
    """Games played side by side, one decision each at a time."""
    frame_skip: Annotated[int, Field(strict=True, ge=1, le=64)] = 1
    """An action is repeated so many times; its reward is their sum."""
    frame_stack: Annotated[int, Field(strict=True, ge=1, le=64)] = 1
    """So many of the newest observations are seen at once, the oldest first."""
    evaluate_every: Annotated[int, Field(strict=True, ge=1, le=100_000_000)] | None = 2048
    """Steps after which greedy episodes are played to see how good the policy is; the best one's weights are kept."""
    evaluate_episodes: Annotated[int, Field(strict=True, ge=1, le=1000)] = 20
    """So many of them each time."""
    stop_at: Annotated[float, Field(strict=True, allow_inf_nan=False)] | None = None
    """Learning ends where greedy episodes have this mean return, two standard errors beyond chance; gymnasium's own
    threshold where it is left out."""
    episodes: Annotated[int, Field(strict=True, ge=1, le=1000)] = 100
    """Greedy episodes that the result is judged by, played with other seeds."""
    seed: Annotated[int, Field(strict=True, ge=0, le=2**32 - 1)] = 0
    """Of first weights, games, exploration and what is drawn from the replay."""
    device: Device = "any"
    """What the job waits for; any takes a GPU where there is one."""
    time_limit_s: Annotated[float, Field(strict=True, gt=0)] | None = None
    """Seconds after which an attempt is ended as failed; a resume goes on from its last checkpoint."""
    memory_limit_mb: MemoryLimit | None = None
    """MiB of the machine's memory that the process which does the work may hold; it is ended as failed at more."""


class PredictParams(_Params):
    """``params`` of a batch predict job: the weights of ``job``, over one split of the data set."""

    job: str
    split: EvaluatedSplit = "all"
    batch_size: Annotated[int, Field(strict=True, ge=1, le=65_536)] = 256
    device: Device = "any"
    time_limit_s: Annotated[float, Field(strict=True, gt=0)] | None = None
    memory_limit_mb: MemoryLimit | None = None


class EvaluateParams(_Params):
    """``params`` of an evaluate job: loss and metrics of the weights of ``job`` on one split of the data set."""

    job: str
    split: EvaluatedSplit = "test"
    batch_size: Annotated[int, Field(strict=True, ge=1, le=65_536)] = 256
    device: Device = "any"
    time_limit_s: Annotated[float, Field(strict=True, gt=0)] | None = None
    memory_limit_mb: MemoryLimit | None = None


class ExportParams(_Params):
    """``params`` of an export job: the weights of ``job`` in a format that only a worker can write."""

    job: str
    format: ExportFormat = "savedmodel"
    """TensorFlow's SavedModel, zipped: by a worker whose Keras runs on TensorFlow."""
    time_limit_s: Annotated[float, Field(strict=True, gt=0)] | None = None
    memory_limit_mb: MemoryLimit | None = None


class CheckParams(_Params):
    """``params`` of a check job: is a network, with its loss and this data set, fit to be trained?"""

    loss: Loss | LossChoice | None = None
    """What is minimised; chosen to suit the network and the data set where it is left out."""
    losses: dict[_Output, _NamedLoss] = Field(default={}, max_length=100)
    """Of a network with several outputs: each one's loss, where it is not the one chosen. ``loss`` is the first's."""
    loss_weights: dict[_Output, _Weight] = Field(default={}, max_length=100)
    """Of a network with several outputs: what each output's loss counts in the sum; 1 where it is left out."""
    labels_of: dict[_Output, _Output] = Field(default={}, max_length=100)
    """Of a data set with several labels: which an output learns from, where its name does not say it."""
    preprocessing: Preprocessing = ()
    """What is done to inputs before they are looked at and learnt, as a training would."""
    samples: Annotated[int, Field(strict=True, ge=2, le=200)] = 20
    """So many training samples must be learnt by heart."""
    steps: Annotated[int, Field(strict=True, ge=1, le=10_000)] = 400
    """Steps of the optimizer to learn them in, at most."""
    learning_rate: Annotated[float, Field(strict=True, gt=0, le=100, allow_inf_nan=False)] = 0.003
    """Of adam, which learns them."""
    entries: Annotated[int, Field(strict=True, ge=1, le=1000)] = 12
    """So many numbers of each tensor of weights, and of each layer's input, have their gradient checked."""
    seed: Annotated[int, Field(strict=True, ge=0, le=2**32 - 1)] = 0
    """Of initial weights, and of which samples and numbers are looked at."""
    device: Device = "any"
    """What the job waits for; any takes a GPU where there is one."""
    time_limit_s: Annotated[float, Field(strict=True, gt=0)] | None = None
    """Seconds after which an attempt is ended as failed."""
    memory_limit_mb: MemoryLimit | None = None
    """MiB of the machine's memory that the process which does the work may hold; it is ended as failed at more."""


class TuneParams(_Params):
    """``params`` of a tune job: trainings whose recipe or network differ, and what is looked for."""

    space: Space = Field(min_length=1, max_length=20)
    """What is searched: ``params.learning_rate``, ``model.layers.NAME.params.units``, ... and the values of each."""
    recipe: TrainParams = TrainParams()
    """What every trial has besides; a trial is a train job."""
    trials: Annotated[int, Field(strict=True, ge=1, le=1000)] = 20
    """How many trainings there are, those that are ended early included."""
    parallel: Annotated[int, Field(strict=True, ge=1, le=64)] = 2
    """How many of them wait or run at a time; more workers than this are not used."""
    search: Literal["tpe", "random", "coarse_to_fine"] = "tpe"
    """How values are chosen: by what the ended trials say (tpe), at random, or at random in ever smaller ranges."""
    stages: Annotated[int, Field(strict=True, ge=2, le=10)] = 3
    """Of coarse_to_fine: each has as many trials, in ranges a third as wide around the best so far."""
    pruner: Literal["none", "median", "asha"] = "none"
    """Which trials are ended early: those below the median of the others, or all but a share at each rung."""
    min_epochs: Annotated[int, Field(strict=True, ge=1, le=100_000)] = 1
    """No trial is ended before this epoch; the first rung of asha."""
    reduction: Annotated[int, Field(strict=True, ge=2, le=10)] = 3
    """Asha keeps one of so many trials at each rung, and the next rung is so many times later."""
    monitor: str | None = Field(default=None, max_length=200)
    """The metric to improve, as the trials report it; ``val_loss`` where it is left out."""
    seed: Annotated[int, Field(strict=True, ge=0, le=2**32 - 1)] = 0
    """Of the search; each trial's training has the recipe's seed."""


SAME_FOR_ALL = frozenset({
    "validation_split", "split_seed", "snapshots", "metrics", "device", "devices", "time_limit_s", "memory_limit_mb",
    "initial_weights", "losses", "loss_weights", "labels_of", "output_metrics",
})  # fmt: skip
"""Fields that no search has as a dimension: they say what is measured, and on what, or where; else trials could not be
compared."""


class EnsembleParams(_Params):
    """``params`` of an ensemble job: several trained nets of one task, made into one."""

    method: Literal["seeds", "top_k", "snapshots", "average", "jobs"] = "seeds"
    """Trainings that differ in their seed; the best trials of a search; weights that one training had on its way, their
    answers averaged (snapshots) or they themselves (average); or jobs that are named."""
    members: Annotated[int, Field(strict=True, ge=2, le=MOST_MEMBERS)] = 5
    """How many nets; of average, how many sets of weights."""
    recipe: TrainParams = TrainParams()
    """What is trained, for seeds, snapshots and average; of seeds the first has its seed, the next the number after."""
    tune: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """The search whose best trials are the members, for top_k."""
    jobs: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=64)], ...], Field(max_length=MOST_MEMBERS)] = ()
    """The train jobs that are the members, for jobs."""
    epochs: Annotated[tuple[Annotated[int, Field(strict=True, ge=1)], ...], Field(max_length=MOST_MEMBERS)] = ()
    """After which epochs of the one training weights are taken; where it is left out: of snapshots the ends of as many
    cosine cycles of the learning rate as there are members, of average the last ones."""
    monitor: str | None = Field(default=None, max_length=200)
    """The metric that says which member is the best; ``val_loss`` where it is left out."""
    parallel: Annotated[int, Field(strict=True, ge=1, le=64)] = 4
    """How many trainings wait or run at a time; more workers than this are not used."""
    device: Device = "any"
    """What the last step waits for, which makes one net of the members and measures it."""


PARAMS: dict[str, type[_Params]] = {
    "train": TrainParams,
    "dqn": DqnParams,
    "evaluate": EvaluateParams,
    "predict": PredictParams,
    "check": CheckParams,
    "export": ExportParams,
    "tune": TuneParams,
    "ensemble": EnsembleParams,
}
"""Job kind -> what its ``params`` must be."""

WITHOUT_DATASET = frozenset({"export", "dqn"})
"""Kinds of jobs that take no data set: an export has its weights, a dqn job its environment."""

Chosen = dict[str, dict[str, Any]]
"""Field -> {"value", "why"}: what the platform chose where the user left it out."""
