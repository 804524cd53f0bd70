"""Which operator version a name means now, and the models in memory.

Versions never change, so a loaded model is kept by operator and number. What a name or an alias points at is asked
again after a second; while the database is away, the last known answer goes on.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeVar

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from visualnn_shared.errors import NotFound, Unavailable, VisualNNError
from visualnn_shared.objects import ObjectStore
from visualnn_shared.store.database import Database
from visualnn_shared.store.tables import Operator, OperatorAlias, OperatorVersion
from visualnn_shared.training.serving import Serving

from visualnn_predictor.batching import Batcher, BatchLimits
from visualnn_predictor.errors import OperatorBroken
from visualnn_predictor.metrics import Metrics, ModelMetrics
from visualnn_predictor.model import Model
from visualnn_predictor.settings import PredictorSettings

FRESH_S = 1.0
ABSENT_S = 0.25
_MOST_KNOWN = 10_000
Key = tuple[str, int]
K = TypeVar("K")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Found:
    """What the rows say of one operator version."""

    operator_id: str
    name: str
    number: int
    serving: dict[str, object]
    onnx_key: str
    onnx_sha256: str


@dataclass(slots=True)
class Loaded:
    """A model ready to answer."""

    model: Model
    batcher: Batcher
    metrics: ModelMetrics


@dataclass(slots=True)
class _Known:
    """The last answer for a name, and until when it is taken without asking."""

    answer: Found | VisualNNError
    until: float


class Registry:
    """Loads operator versions when they are asked for. All methods belong to the event loop's thread."""

    def __init__(self, settings: PredictorSettings, db: Database, objects: ObjectStore, metrics: Metrics) -> None:
        self.settings, self.db, self.objects, self.metrics = settings, db, objects, metrics
        self._known: OrderedDict[tuple[str, str | None], _Known] = OrderedDict()
        self._asking: dict[tuple[str, str | None], asyncio.Future[Found]] = {}
        self._models: OrderedDict[Key, Loaded] = OrderedDict()
        self._loading: dict[Key, asyncio.Future[Loaded]] = {}
        self._broken: dict[Key, tuple[OperatorBroken, float]] = {}
        self._running = ThreadPoolExecutor(max_workers=4, thread_name_prefix="model")
        self._loaders = ThreadPoolExecutor(max_workers=1, thread_name_prefix="load")

    def at_hand(self, name: str, which: str | None) -> Loaded | None:
        """The model, if its name was resolved within the last second and it is loaded."""
        known = self._known.get((name, which))
        if known is None or known.until < monotonic() or not isinstance(known.answer, Found):
            return None
        key = (known.answer.operator_id, known.answer.number)
        loaded = self._models.get(key)
        if loaded is not None:
            self._models.move_to_end(key)
        return loaded

    async def get(self, name: str, which: str | None) -> Loaded:
        """The model of ``name``: newest ready version, or that of a number or alias.

        Raises NotFound, Unavailable, OperatorBroken.
        """
        return self.at_hand(name, which) or await self._load(await self.resolve(name, which))

    async def resolve(self, name: str, which: str | None) -> Found:
        """What ``name`` means now, asked of the database at most once a second. Raises NotFound, Unavailable."""
        asked = (name, which)
        known = self._known.get(asked)
        if known is None or known.until < monotonic():
            return await _shared(self._asking, asked, lambda: self._ask(asked))
        if isinstance(known.answer, Found):
            return known.answer
        raise known.answer

    async def versions(self, name: str) -> list[str]:
        """The numbers of all ready versions, oldest first. Raises NotFound."""
        numbers = await self.db.read(_versions, name)
        if not numbers:
            raise NotFound("operator", name)
        return [str(number) for number in numbers]

    def close(self) -> None:
        self._running.shutdown(wait=True, cancel_futures=True)
        self._loaders.shutdown(wait=True, cancel_futures=True)

    async def _ask(self, asked: tuple[str, str | None]) -> Found:
        answer: Found | VisualNNError
        try:
            answer = await self._from_rows(asked)
        except NotFound as error:
            answer = error
        except Unavailable:
            last = self._known.get(asked)
            if last is None or not isinstance(last.answer, Found):
                raise
            answer = last.answer
        self._known[asked] = _Known(answer, monotonic() + (FRESH_S if isinstance(answer, Found) else ABSENT_S))
        self._known.move_to_end(asked)
        while len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)
        if isinstance(answer, VisualNNError):
            raise answer
        return answer

    async def _from_rows(self, asked: tuple[str, str | None]) -> Found:
        try:
            return await self.db.read(_find, *asked)
        except DBAPIError as error:  # above all tables that the gateway has not made yet
            raise Unavailable("the database", type(error.orig).__name__) from error

    async def _load(self, found: Found) -> Loaded:
        key = (found.operator_id, found.number)
        loaded = self._models.get(key)
        if loaded is not None:
            self._models.move_to_end(key)
            return loaded
        broken = self._broken.get(key)
        if broken is not None and broken[1] > monotonic():
            raise broken[0]
        return await _shared(self._loading, key, lambda: self._build(found, key))

    async def _build(self, found: Found, key: Key) -> Loaded:
        loop = asyncio.get_running_loop()
        try:
            model = await loop.run_in_executor(self._loaders, self._read, found)
        except OperatorBroken as error:
            self._broken = {k: v for k, v in self._broken.items() if v[1] > monotonic()}
            self._broken[key] = (error, monotonic() + FRESH_S)
            raise
        metrics = ModelMetrics(self.metrics, found.name)
        settings = self.settings
        limits = BatchLimits(
            settings.predictor_max_waiting, settings.predictor_deadline_s, settings.predictor_inline_ms / 1000
        )
        loaded = Loaded(model, Batcher(model, limits, self._running, metrics), metrics)
        self._models[key] = loaded
        self._make_room()
        self.metrics.loaded.set(len(self._models))
        return loaded

    def _make_room(self) -> None:
        """Forget the models used least recently while all together are too large; never the newest, nor a busy one."""
        total = sum(one.model.size for one in self._models.values())
        for key in list(self._models)[:-1]:
            if total <= self.settings.predictor_memory_bytes:
                return
            if self._models[key].batcher.idle:
                total -= self._models.pop(key).model.size

    def _read(self, found: Found) -> Model:
        """Fetch, verify, build, warm up."""
        info = self.objects.info(found.onnx_key)
        limit = self.settings.predictor_max_model_bytes
        if info is None or info.size > limit:
            reason = "its file is gone" if info is None else f"its file has {info.size:,} bytes, over {limit:,}"
            raise OperatorBroken(found.name, found.number, reason)
        try:
            onnx = self.objects.get(found.onnx_key)
            serving = Serving.model_validate(found.serving)
        except NotFound:
            raise OperatorBroken(found.name, found.number, "its file is gone") from None
        except ValidationError:
            raise OperatorBroken(found.name, found.number, "its signature cannot be read") from None
        if hashlib.sha256(onnx).hexdigest() != found.onnx_sha256:
            raise OperatorBroken(found.name, found.number, "its file has another sha256 than when it was registered")
        return Model(found.name, found.number, serving, onnx, self.settings.predictor_max_batch)


async def _shared(pending: dict[K, "asyncio.Future[R]"], key: K, work: Callable[[], Coroutine[Any, Any, R]]) -> R:
    """One lookup for all who ask for the same at the same time; it goes on when one of them leaves."""
    running = pending.get(key)
    if running is None:
        running = pending[key] = asyncio.ensure_future(work())
        running.add_done_callback(lambda _: pending.pop(key, None))
    return await asyncio.shield(running)


def _find(s: Session, name: str, which: str | None) -> Found:
    """A number may name a version that is not ready yet (it is tried before it is published); others may not."""
    operator = s.scalar(select(Operator).where(Operator.name == name))
    if operator is None or (which is None and operator.version < 1):
        raise NotFound("operator", name)
    number = operator.version if which is None else _number(s, operator, which)
    row = s.get(OperatorVersion, (operator.id, number))
    if row is None:
        raise NotFound(f"version of operator {name}", number)
    return Found(operator.id, name, number, row.serving, row.onnx_key, row.onnx_sha256)


def _number(s: Session, operator: Operator, which: str) -> int:
    if which.isascii() and which.isdigit() and len(which) < 10:
        return int(which)
    alias = s.get(OperatorAlias, (operator.id, which))
    if alias is None:
        raise NotFound(f"version or alias of operator {operator.name}", which)
    return alias.number


def _versions(s: Session, name: str) -> list[int]:
    query = (
        select(OperatorVersion.number)
        .join(Operator, Operator.id == OperatorVersion.operator_id)
        .where(Operator.name == name, OperatorVersion.ready.is_(True))
        .order_by(OperatorVersion.number)
    )
    return list(s.scalars(query))
