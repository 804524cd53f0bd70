"""Time of ``POST /api/v1/summary`` for ResNet-152 on a running gateway, beside the same work called in this process.

``python benchmarks/gateway_summary.py`` prints the best and the median answer of one client on one connection: reading
the spec from JSON, check, summary and writing 517 layers as JSON; below 15 ms is the aim.
"""

import json
import statistics
import tempfile
import time
from pathlib import Path

import httpx
from visualnn_shared import zoo
from visualnn_shared.analysis.summary import summary
from visualnn_shared.spec.reading import canonical_json, read_spec
from visualnn_standalone.platform import Platform

TIMES = 60


def milliseconds(times: list[float]) -> dict[str, float]:
    return {"best_ms": round(1000 * min(times), 2), "median_ms": round(1000 * statistics.median(times), 2)}


def main() -> None:
    body = canonical_json(zoo.load("resnet152"))
    here, there = [], []
    with (
        tempfile.TemporaryDirectory() as folder,
        Platform(Path(folder), workers=0) as platform,
        httpx.Client(base_url=platform.url, headers={"content-type": "application/json"}) as client,
    ):
        for _ in range(TIMES):
            start = time.perf_counter()
            answer = client.post("/api/v1/summary", content=body)
            there.append(time.perf_counter() - start)
            assert answer.json()["params"] == 60_419_944
            start = time.perf_counter()
            summary(read_spec(body)).model_dump_json()
            here.append(time.perf_counter() - start)
    found = {"gateway": milliseconds(there), "in process": milliseconds(here)}
    print(json.dumps({"benchmark": "gateway_summary", **found}))


if __name__ == "__main__":
    main()
