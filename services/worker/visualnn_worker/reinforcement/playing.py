"""Several games side by side: one call of the network values what all of them show."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from visualnn_shared.reinforcement.planning import DqnPlan

from visualnn_worker.reinforcement.compiled import Greedy
from visualnn_worker.reinforcement.games import Game, seen

TRAINING, CHOOSING, JUDGING = range(3)
"""Purposes of episodes: each has seeds of its own, so nothing is judged by games that chose it."""


@dataclass(frozen=True, slots=True)
class Played:
    """Greedy episodes, in the order of their numbers."""

    returns: tuple[float, ...]
    steps: int
    """Decisions, over all of them."""

    @property
    def mean(self) -> float:
        return float(np.mean(self.returns))


class Stage:
    """Games that are kept from one evaluation to the next; making one costs more than playing it."""

    def __init__(self, plan: DqnPlan) -> None:
        self._plan = plan
        self._games: list[Game] = []

    def play(self, best: Greedy, episodes: int, purpose: int, first: int = 0) -> Played:
        """Episodes ``first`` to ``first + episodes - 1`` of a purpose, with the best action at every step."""
        while len(self._games) < episodes:
            self._games.append(Game(self._plan, purpose))
        games = self._games[:episodes]
        for number, game in enumerate(games):
            game.purpose = purpose
            game.begin(first + number)
        steps, running = 0, list(range(episodes))
        raw = np.stack([game.raw for game in games])
        while running:
            actions = best(seen(self._plan, raw))  # always the same shape, so that one compiled function does
            steps += len(running)
            running = [one for one in running if _goes_on(games[one], int(actions[one]))]
            for one in running:
                raw[one] = games[one].raw
        return Played(tuple(game.total for game in games), steps)

    def close(self) -> None:
        close(self._games)


def close(games: Sequence[Game]) -> None:
    for game in games:
        game.close()


def _goes_on(game: Game, action: int) -> bool:
    moved = game.step(action)
    return not (moved.ended or moved.cut)
