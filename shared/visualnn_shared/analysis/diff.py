"""What differs between two specs in meaning: layers, parameters, wiring and cost; order and spelling are none."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from visualnn_shared.analysis.summary import LayerSummary, Summary, summarise
from visualnn_shared.analysis.walk import ResolvedLayer, resolve
from visualnn_shared.catalogue.maps import plain
from visualnn_shared.errors import SpecInvalid
from visualnn_shared.spec.model import Spec


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Change(_Frozen):
    """A value before and after."""

    before: Any
    after: Any


class LayerDiff(_Frozen):
    """A layer that is in one of the nets only, or in both and different."""

    name: str
    type: str
    before_name: str | None = None
    """Its name in the first net, where that is another."""
    changes: dict[str, Change] = {}
    """``type``, ``inputs``, ``weights_of``, ``output_shape``, or a parameter's name -> its values."""
    params_delta: int
    macs_delta: int | None


class Diff(_Frozen):
    """From a first net to a second; deltas are second minus first, None where a free axis leaves a cost open."""

    same: bool
    added: tuple[LayerDiff, ...]
    removed: tuple[LayerDiff, ...]
    changed: tuple[LayerDiff, ...]
    outputs: Change | None
    params: Change
    macs: Change


def diff(first: Spec, second: Spec) -> Diff:
    """Compare two nets by layer name; a layer of another name but equal type, parameters and inputs was renamed.

    Raises ``SpecInvalid`` for a net with problems.
    """
    before, after = _Net(first), _Net(second)
    renamed = _renamed(before, after)
    pairs = {new: renamed.get(new, new) for new in after.layers if renamed.get(new, new) in before.layers}
    changed = [_changed(before, after, old, new, pairs) for new, old in pairs.items()]
    gone = before.layers.keys() - pairs.values()
    found = [one for one in changed if one is not None]
    added = [_alone(after, name, 1) for name in after.layers if name not in pairs]
    removed = [_alone(before, name, -1) for name in before.layers if name in gone]
    outputs = _outputs(before, after, pairs)
    return Diff(
        same=not (found or added or removed or outputs),
        added=tuple(added),
        removed=tuple(removed),
        changed=tuple(found),
        outputs=outputs,
        params=Change(before=before.summary.params, after=after.summary.params),
        macs=Change(before=before.summary.macs, after=after.summary.macs),
    )


class _Net:
    """A resolved net with its costs, by layer name in dependency order."""

    def __init__(self, spec: Spec) -> None:
        resolved = resolve(spec)
        if resolved.problems:
            raise SpecInvalid(resolved.problems, spec.name)
        self.layers = {layer.name: layer for layer in resolved.layers}
        self.outputs = [ref for ref, _shape in resolved.outputs]
        self.summary: Summary = summarise(resolved)
        self.costs: dict[str, LayerSummary] = {layer.name: layer for layer in self.summary.layers}


def _renamed(before: _Net, after: _Net) -> dict[str, str]:
    """New name -> old name, found in dependency order: equal type, parameters and (renamed) inputs."""
    found: dict[str, str] = {}
    lost: dict[Any, list[str]] = {}
    for name, layer in before.layers.items():
        if name not in after.layers:
            lost.setdefault(_key(layer, {}), []).append(name)
    for name, layer in after.layers.items():
        if name not in before.layers and (candidates := lost.get(_key(layer, found))):
            found[name] = candidates.pop(0)
    return found


def _key(layer: ResolvedLayer, old_names: Mapping[str, str]) -> Any:
    inputs = tuple((old_names.get(ref.layer, ref.layer), ref.output) for ref in layer.inputs)
    return layer.type, repr(sorted(layer.params.items())), inputs


def _changed(before: _Net, after: _Net, old: str, new: str, pairs: Mapping[str, str]) -> LayerDiff | None:
    a, b = before.layers[old], after.layers[new]
    changes: dict[str, Change] = {}
    if a.type != b.type:
        changes["type"] = Change(before=a.type, after=b.type)
    for param in sorted({*a.params, *b.params}):
        was, now = a.params.get(param), b.params.get(param)
        if was != now:
            changes[param] = Change(before=plain(was), after=plain(now))
    inputs = [str(ref._replace(layer=pairs.get(ref.layer, ref.layer))) for ref in b.inputs]
    if [str(ref) for ref in a.inputs] != inputs:
        changes["inputs"] = Change(before=[str(ref) for ref in a.inputs], after=[str(ref) for ref in b.inputs])
    if a.weights_of != pairs.get(b.weights_of or "", b.weights_of):
        changes["weights_of"] = Change(before=a.weights_of, after=b.weights_of)
    was_cost, now_cost = before.costs[old], after.costs[new]
    if was_cost.output_shapes != now_cost.output_shapes:
        changes["output_shape"] = Change(before=was_cost.output_shape, after=now_cost.output_shape)
    if not changes and old == new and was_cost.params == now_cost.params:
        return None
    return LayerDiff(
        name=new, type=b.type, before_name=old if old != new else None, changes=changes,
        params_delta=now_cost.params - was_cost.params, macs_delta=_delta(was_cost.macs, now_cost.macs),
    )  # fmt: skip


def _alone(net: _Net, name: str, sign: int) -> LayerDiff:
    cost = net.costs[name]
    macs = None if cost.macs is None else sign * cost.macs
    return LayerDiff(name=name, type=cost.type, params_delta=sign * cost.params, macs_delta=macs)


def _outputs(before: _Net, after: _Net, pairs: Mapping[str, str]) -> Change | None:
    was = [str(ref) for ref in before.outputs]
    now = [str(ref._replace(layer=pairs.get(ref.layer, ref.layer))) for ref in after.outputs]
    return None if was == now else Change(before=was, after=[str(ref) for ref in after.outputs])


def _delta(before: int | None, after: int | None) -> int | None:
    return None if before is None or after is None else after - before
