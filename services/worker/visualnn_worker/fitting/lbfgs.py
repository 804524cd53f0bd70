"""L-BFGS (Liu and Nocedal 1989) with a line search, in NumPy over one flat vector.

Points are float32 values, as weights are, in float64 arithmetic. All that it remembers is in ``pairs``: so it can go on
from a checkpoint.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Function = Callable[[Vector], tuple[float, Vector]]
ENOUGH, CURVATURE = 1e-4, 0.9
"""c1 and c2 of the Wolfe conditions."""


@dataclass(slots=True)
class Lbfgs:
    """Steps that make a function of a vector small."""

    history: int = 10
    line_search_steps: int = 20
    first_step: float = 1.0
    """What the very first step is tried with, over the gradient's size."""
    pairs: list[tuple[Vector, Vector]] = field(default_factory=list)
    """The last steps, and what they changed in the gradient."""

    def step(self, x: Vector, f: float, g: Vector, function: Function) -> tuple[Vector, float, Vector]:
        """The next point with its value and gradient; the same point where no step makes the function smaller."""
        direction = self._direction(g)
        if direction @ g >= 0:  # rounding: begin anew
            self.pairs.clear()
            direction = -g
        size = 1.0 if self.pairs else min(1.0, self.first_step / max(float(np.abs(g).sum()), 1e-300))
        found = wolfe(function, x, f, g, direction, size, self.line_search_steps)
        if found is None:
            self.pairs.clear()
            return x, f, g
        new, value, gradient = found
        s, y = new - x, gradient - g
        if s @ y > 1e-10 * (y @ y):
            self.pairs = [*self.pairs, (s, y)][-self.history :]
        return new, value, gradient

    def _direction(self, g: Vector) -> Vector:
        """Minus the gradient times what the pairs say of the inverse curvature: the two-loop recursion."""
        q = -g
        shares = []
        for s, y in reversed(self.pairs):
            share = (s @ q) / (s @ y)
            q = q - share * y
            shares.append(share)
        if self.pairs:
            s, y = self.pairs[-1]
            q = q * ((s @ y) / (y @ y))
        for (s, y), share in zip(self.pairs, reversed(shares), strict=True):
            q = q + (share - (y @ q) / (s @ y)) * s
        return q


def wolfe(
    function: Function, x: Vector, f: float, g: Vector, direction: Vector, size: float, most: int
) -> tuple[Vector, float, Vector] | None:
    """A step along ``direction`` that makes the function smaller; None where ``most`` tries find none.

    Bisection for the weak Wolfe conditions (Lewis and Overton 2013, algorithm 2.6).
    """
    slope = float(g @ direction)
    low, high, at = 0.0, np.inf, size
    best: tuple[Vector, float, Vector] | None = None
    for _ in range(most):
        new = np.asarray(x + at * direction, np.float32).astype(np.float64)
        value, gradient = function(new)
        if not (np.isfinite(value) and value <= f + ENOUGH * at * slope and value < f):
            high = at
        else:
            if best is None or value < best[1]:
                best = new, value, gradient
            if float(gradient @ direction) >= CURVATURE * slope:
                break
            low = at
        at = 2.0 * low if high == np.inf else 0.5 * (low + high)
    return best
