"""What a search found: as JSON and as pictures, the same bytes for the same trials whichever process writes them."""

import hashlib
import io
import json
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from visualnn_shared.errors import Unavailable
from visualnn_shared.objects import ObjectStore
from visualnn_shared.store.tables import Manifest, Trial
from visualnn_shared.training.recipe import TuneParams
from visualnn_shared.training.space import Choices, Values
from visualnn_shared.tuning import drawing, sampling
from visualnn_shared.tuning.trials import Told, best, monitored, told, upwards

TRIALS, PARALLEL, IMPORTANCE = "trials.json", "parallel-coordinates.png", "importance.png"
BORDER = 0.05
"""A best value in this share of its range at either end is said to sit on the border."""
LEAST_FOR_IMPORTANCE = 8
"""Complete trials, below which a share of importance would be chance."""


def summary(params: TuneParams, rows: Sequence[Trial]) -> dict[str, Any]:
    """Every trial, the best, and what to think of it."""
    trials = [told(row) for row in rows]
    leader = best(trials, upwards(params))
    found = None
    if leader is not None:
        job = next(row.job_id for row in rows if row.number == leader.number)
        found = {"number": leader.number, "job": job, "value": leader.value, "values": leader.values}
    return {
        "monitor": monitored(params),
        "higher_is_better": upwards(params),
        "best": found,
        "warnings": borders(params, leader),
        "trials": [
            {"number": row.number, "job": row.job_id, "state": row.state, "values": row.values, "value": row.value,
             "epochs": row.epochs, "pruned_at": row.pruned_at, "note": row.note}
            for row in rows
        ],
    }  # fmt: skip


def borders(params: TuneParams, leader: Told | None) -> list[str]:
    """One sentence for each dimension whose best value sits on a border of its range."""
    said = []
    for name, dimension in sorted(params.space.items()) if leader is not None else []:
        if isinstance(dimension, Choices) or leader is None:
            continue
        value = leader.values[name]
        share = dimension.share(value)
        if BORDER < share < 1 - BORDER:
            continue
        side, way = ("upper", "above") if share > 0.5 else ("lower", "below")
        said.append(
            f"{name}: the best value, {value:.4g}, sits on the {side} border of its range, {dimension.low:g} to "
            f"{dimension.high:g}; search {way} it as well"
        )
    return said


def importance(params: TuneParams, trials: Sequence[Told]) -> dict[str, float] | None:
    """Dimension -> its share in what makes a trial good (PED-ANOVA, Watanabe et al. 2023), None for too few trials."""
    ended = [one for one in trials if one.state == "complete"]
    if len(ended) < LEAST_FOR_IMPORTANCE or len({one.value for one in ended}) < 2:
        return None
    study = sampling.study_of(params, ended)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

        found = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator())
    return {name: round(float(share), 6) for name, share in sorted(found.items())}


def store(
    objects: ObjectStore, prefix: str, params: TuneParams, trials: Sequence[Told], found: Mapping[str, Any]
) -> Manifest:
    """Write the files under ``prefix``. Raises ``Unavailable``."""
    shares = importance(params, trials)
    whole = json.dumps({**found, "importance": shares, "space": params.model_dump(mode="json")["space"]}, indent=1)
    files = {TRIALS: whole.encode(), PARALLEL: _png(drawing.parallel(params, trials))}
    if shares is not None:
        files[IMPORTANCE] = _png(
            drawing.bars(shares, monitored(params), sum(one.state == "complete" for one in trials))
        )
    manifest: Manifest = {}
    for name, data in files.items():
        key = f"{prefix}{name}"
        objects.put(key, data)
        info = objects.info(key)
        if info is None or info.size != len(data):
            raise Unavailable("the object store", f"other bytes than were stored for {key}")
        manifest[name] = {"key": key, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    return manifest


def chosen(found: Mapping[str, Any]) -> dict[str, Any]:
    """The best trial, and what to think of it, for the job's row."""
    leader = found["best"]
    why = f"trial {leader['number']}, {found['monitor']} {leader['value']:.6g}, the best of {len(found['trials'])}"
    made = {"best": {"value": leader["values"], "why": why}, "best_job": {"value": leader["job"], "why": why}}
    if found["warnings"]:
        made["warnings"] = {"value": found["warnings"], "why": "the best may lie outside of what was searched"}
    return made


def shown(values: Values) -> str:
    """Values in one line, dimensions by their short names."""
    return ", ".join(f"{drawing.short(name)} {drawing.written(value)}" for name, value in sorted(values.items()))


def _png(picture: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()
