"""Which layers of a net there are: Caffe's phase, level and stages, and the rules of layers about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from visualnn_shared.catalogue.maps import Bag, Unmappable

PHASES = ("TRAIN", "TEST")


@dataclass(frozen=True, slots=True)
class NetState:
    """What a net is read for; ``None`` is what the file itself says, else training at level 0 without stages."""

    phase: str | None = None
    level: int | None = None
    stages: tuple[str, ...] | None = None

    @classmethod
    def asked(cls, phase: str | None, level: int | None, stages: Sequence[str] | None) -> "NetState":
        """What a person asks for: the phase in letters of any size. Raises ``Unmappable``."""
        wanted = phase.upper() if phase else None
        if wanted not in (None, *PHASES):
            raise Unmappable(f"phase must be one of {', '.join(PHASES)}", phase, "phase")
        return cls(wanted, level, tuple(stages) if stages else None)

    def over(self, given: Any) -> "NetState":
        """With what the net's own ``state { ... }`` says, where nothing else was asked for."""
        bag = given if isinstance(given, Bag) else Bag()
        phase = self.phase or str(bag.one("phase", "TRAIN"))
        if phase not in PHASES:
            raise Unmappable(f"phase must be one of {', '.join(PHASES)}", phase, line=bag.line("phase"))
        level = bag.one("level", 0)
        own = tuple(map(str, bag.many("stage")))
        return NetState(
            phase,
            self.level if self.level is not None else level if isinstance(level, int) else 0,
            self.stages if self.stages is not None else own,
        )

    def __str__(self) -> str:
        stages = f" with the stages {', '.join(self.stages)}" if self.stages else ""
        return f"the {self.phase} phase" + (f" at level {self.level}" if self.level else "") + stages

    def includes(self, whole: Bag) -> bool:
        """Caffe's rule: one include that holds is enough, one exclude that holds forbids. Raises ``Unmappable``."""
        if "include" not in whole and "exclude" not in whole and "phase" not in whole:
            return True
        includes, excludes = whole.many("include"), whole.many("exclude")
        if includes and excludes:
            rule = "a layer must have include rules or exclude rules, not both"
            raise Unmappable(rule, None, line=whole.line("exclude"))
        if whole.peek("phase") is not None and self._phase(whole, "phase") != self.phase:
            return False
        if includes:
            return True in [self._holds(rule, whole) for rule in includes]  # all are looked at
        return True not in [self._holds(rule, whole) for rule in excludes]

    def _phase(self, bag: Bag, key: str) -> str:
        given = bag.one(key)
        phase = PHASES[given] if isinstance(given, int) and given in (0, 1) else str(given)
        if phase not in PHASES:
            raise Unmappable(f"phase must be one of {', '.join(PHASES)}", given, line=bag.line(key))
        return phase

    def _holds(self, rule: Any, whole: Bag) -> bool:
        if not isinstance(rule, Bag):  # include: TRAIN, which people write though Caffe refuses it
            key = "include" if "include" in whole else "exclude"
            return self._phase(Bag({key: rule}, {key: whole.line(key) or 0}), key) == self.phase
        if "phase" in rule and self._phase(rule, "phase") != self.phase:
            return False
        level, stages = self.level or 0, set(self.stages or ())
        least, most = rule.one("min_level", level), rule.one("max_level", level)
        if not isinstance(least, int) or not isinstance(most, int):
            raise Unmappable("min_level and max_level must be integers", [least, most], line=rule.line("min_level"))
        wanted, unwanted = set(map(str, rule.many("stage"))), set(map(str, rule.many("not_stage")))
        return least <= level <= most and wanted <= stages and not unwanted & stages
