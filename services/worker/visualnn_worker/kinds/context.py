"""What every kind of job works with."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from visualnn_shared.datasets.reading import Data, load
from visualnn_shared.datasets.schema import DatasetSchema
from visualnn_shared.objects import ObjectStore
from visualnn_shared.store.tables import Manifest

from visualnn_worker.child.channel import Channel
from visualnn_worker.child.patience import Patience
from visualnn_worker.kinds.objects import Entry, put_verified
from visualnn_worker.order import JobOrder
from visualnn_worker.page import Page


@dataclass(frozen=True, slots=True)
class Context:
    """One job, and the child's ways to the world."""

    order: JobOrder
    objects: ObjectStore
    channel: Channel
    page: Page
    folder: Path
    """Empty at the start, removed at the end."""
    patience: Patience = field(init=False)
    """Waits where a store does not answer or a disk is full."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "patience", Patience(self.channel, self.order.patience_s))

    def fetch(self, key: str, path: Path) -> None:
        """An object as a file. Raises ``ObjectMissing``, ``Unavailable``."""
        self.patience.insist(lambda: self.objects.get_file(key, path))

    def load_data(self, schema: DatasetSchema) -> Data:
        """The order's data set in memory. Raises ``ObjectMissing``, ``DatasetInvalid``."""
        dataset = self.order.data
        path = self.folder / "dataset"
        self.fetch(dataset.key, path)
        data = load(path, dataset.format, schema)
        sizes = ", ".join(f"{len(split):,} {name}" for name, split in data.splits.items())
        self.channel.log(f"data set {dataset.name}: {sizes} samples")
        return data

    def store(self, paths: list[Path]) -> Manifest:
        """Put files into the object store under their names; the manifest of what is there and verified."""

        def put(path: Path) -> Entry:
            return self.patience.insist(lambda: put_verified(self.objects, f"{self.order.prefix}{path.name}", path))

        return {path.name: put(path) for path in paths}


@dataclass(frozen=True, slots=True)
class Result:
    """What a job leaves: complete objects, and the metrics of its row."""

    manifest: Manifest
    metrics: dict[str, float]
    chosen: dict[str, Any] | None = None
