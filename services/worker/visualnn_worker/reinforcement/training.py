"""Deep Q-learning from its first step to its last, or from a checkpoint; equal state, equal end.

What is drawn at random is a function of the seed and of where the training stands, so that no state of a generator has
to be kept: exploration of the number of the step, draws from the replay of the number of the round.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from visualnn_shared.reinforcement.planning import DqnPlan

from visualnn_worker.fitting import state
from visualnn_worker.reinforcement.compiled import greedy, round_of
from visualnn_worker.reinforcement.games import Game, seen
from visualnn_worker.reinforcement.learner import Learner
from visualnn_worker.reinforcement.playing import CHOOSING, JUDGING, TRAINING, Played, Stage, close
from visualnn_worker.reinforcement.replay import Arrays, Replay

_EXPLORING, _DRAWING = 101, 102
"""Beside the purposes of episodes, in the seeds of random numbers."""


@dataclass(slots=True)
class Standing:
    """Where a training stands; its numbers go into a checkpoint as they are."""

    steps: int = 0
    gradient_steps: int = 0
    episodes: int = 0
    """That were begun."""
    best: float = float("-inf")
    """The mean return of the best evaluation."""
    best_step: int = 0
    evaluations: int = 0
    evaluated_at: int = -1
    solved: bool = False
    loss: float | None = None
    """Of the last round, meant."""


@dataclass(frozen=True, slots=True)
class Episode:
    """One that is over."""

    number: int
    step: int
    """The step of the training at its end."""
    gained: float
    length: int
    epsilon: float
    loss: float | None
    """Of the last round of learning, meant."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Greedy episodes in the middle of a training."""

    step: int
    mean: float
    least: float
    most: float


class Listener(Protocol):
    """Who is told how it goes."""

    def episode(self, episode: Episode) -> None: ...
    def evaluation(self, evaluation: Evaluation) -> None: ...
    def round(self, training: "DqnTraining") -> None:
        """After each round, and where a checkpoint may be taken. May raise."""


def surely(returns: Sequence[float]) -> float:
    """What the policy's mean return is above, beyond chance: two standard errors below the mean that was seen."""
    spread = float(np.std(returns, ddof=1)) if len(returns) > 1 else 0.0
    return float(np.mean(returns) - 2 * spread / np.sqrt(len(returns)))


def epsilon(plan: DqnPlan, step: int) -> float:
    """The share of random actions: a straight line, then level; all of them before anything is learnt."""
    params = plan.params
    if step < params.learning_starts:
        return 1.0
    share = min(step / params.epsilon_steps, 1.0)
    start, final = params.epsilon_start, params.epsilon_final
    return float(start + share * (final - start))


@dataclass
class DqnTraining:
    """Networks, replay, games, and where they stand."""

    plan: DqnPlan
    learner: Learner
    listener: Listener
    at: Standing = field(default_factory=Standing)
    best_weights: Arrays = field(default_factory=dict)

    def __post_init__(self) -> None:
        params = self.plan.params
        self.replay = Replay(self.plan)
        self.stage = Stage(self.plan)
        self._games = [Game(self.plan, TRAINING) for _ in range(params.parallel)]
        self._best, self._round = greedy(self.learner.online), round_of(self.learner)

    def run(self) -> None:
        """Train to the end, and leave the best weights in the network."""
        params = self.plan.params
        if not self.at.steps:
            for game in self._games:
                game.begin(self._next_episode())
        while self.at.steps < params.steps and not self.at.solved:
            self._step()
            if self.at.steps >= params.learning_starts and self.at.steps % params.train_every == 0:
                self._learn()
                if params.evaluate_every and self._due(params.evaluate_every):
                    self._evaluate()
                self.listener.round(self)
        if params.evaluate_every:
            if self.at.evaluated_at != self.at.steps:
                self._evaluate()
            self._take_best()
        close(self._games)

    def judge(self) -> Played:
        """The greedy episodes that the result is judged by."""
        played = self.stage.play(self._best, self.plan.params.episodes, JUDGING)
        self.stage.close()
        return played

    @property
    def arrays(self) -> Arrays:
        """All that a checkpoint holds besides the learner's own state and where the training stands."""
        games = {f"game/{n}": np.array([one.episode, *one.actions], np.int64) for n, one in enumerate(self._games)}
        return {**self.replay.arrays, **games, **self.best_weights}

    def restore(self, arrays: Mapping[str, NDArray[Any]], standing: Mapping[str, Any]) -> None:
        """Take over what ``arrays`` was; games are played again to where they were."""
        state.restore(self.learner, arrays, ("model", "optimizer"))
        self.at = Standing(**standing)
        self.replay.restore(arrays)
        self.best_weights = {name: array for name, array in arrays.items() if name.startswith("best/")}
        for number, game in enumerate(self._games):
            episode, *actions = arrays[f"game/{number}"].tolist()
            game.go_on(episode, actions)

    def _due(self, every: int) -> bool:
        """Whether a multiple of ``every`` was passed since the last round."""
        return self.at.steps // every > (self.at.steps - self.plan.params.train_every) // every

    def _next_episode(self) -> int:
        self.at.episodes += 1
        return self.at.episodes

    def _step(self) -> None:
        """One decision in each game."""
        raw = np.stack([game.raw for game in self._games])
        for game, before, action in zip(self._games, raw, self._actions(raw), strict=True):
            moved = game.step(int(action))
            self.replay.add(before, int(action), moved.reward, game.raw, moved.ended)
            if moved.ended or moved.cut:
                self._end(game)
        self.at.steps += len(self._games)

    def _actions(self, raw: NDArray[np.float32]) -> NDArray[np.int64]:
        """Each game's: at random with the share of epsilon, else the best."""
        rng = np.random.default_rng((self.plan.params.seed, _EXPLORING, self.at.steps))
        explores = rng.random(len(raw)) < epsilon(self.plan, self.at.steps)
        actions = rng.integers(len(self.plan.environment.actions), size=len(raw))
        return actions if explores.all() else np.where(explores, actions, self._best(seen(self.plan, raw)))

    def _end(self, game: Game) -> None:
        step = self.at.steps + len(self._games)
        share = epsilon(self.plan, self.at.steps)
        self.listener.episode(Episode(game.episode, step, game.total, len(game.actions), share, self.at.loss))
        game.begin(self._next_episode())

    def _learn(self) -> None:
        """One round of gradient steps."""
        params = self.plan.params
        rng = np.random.default_rng((params.seed, _DRAWING, self.at.steps))
        self.at.loss = self._round(self.replay.draw(rng, params.gradient_steps, params.batch_size))
        before, self.at.gradient_steps = self.at.gradient_steps, self.at.gradient_steps + params.gradient_steps
        if self.at.gradient_steps // params.target_every > before // params.target_every:
            self.learner.sync()

    def _evaluate(self) -> None:
        """Keep the weights if they are the best so far; solved where more episodes confirm it."""
        count = self.plan.params.evaluate_episodes
        played = self.stage.play(self._best, count, CHOOSING, self.at.evaluations * count)
        self.at.evaluations += 1
        self.at.evaluated_at = self.at.steps
        mean, returns = played.mean, played.returns
        self.listener.evaluation(Evaluation(self.at.steps, mean, min(returns), max(returns)))
        if mean > self.at.best or not self.best_weights:
            self.at.best, self.at.best_step = mean, self.at.steps
            self.best_weights = {f"best/{n}": np.array(v) for n, v in enumerate(self.learner.online.get_weights())}
        self.at.solved = self.plan.stop_at is not None and surely(returns) >= self.plan.stop_at

    def _take_best(self) -> None:
        self.learner.online.set_weights([self.best_weights[f"best/{n}"] for n in range(len(self.best_weights))])
