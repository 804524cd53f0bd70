"""What a graph keeps of a spec: what reading gives back of it."""

from visualnn_shared.analysis.walk import resolve
from visualnn_shared.catalogue.free import FREE
from visualnn_shared.catalogue.mapping import Written, left, write_node
from visualnn_shared.catalogue.maps import Context, plain
from visualnn_shared.spec.model import Layer, Spec

from visualnn_converter.formats.tensorflow.writer import legal, lower
from visualnn_converter.layout import identity
from visualnn_converter.passes import (
    canonical_types,
    depthwise_of_one,
    gated_functions,
    legal_names,
    merge_global_flatten,
    short_types,
)
from visualnn_converter.report import Report
from visualnn_converter.rewriting import Renaming


def normal_form(spec: Spec, report: Report) -> Spec:
    """The layers as written, without those that act in training only, and without what training alone needs."""
    spec, _ = legal_names.run(spec, None, report, legal)
    spec, _ = lower(spec, None, report)
    for each in (short_types, canonical_types, depthwise_of_one, merge_global_flatten, gated_functions):
        spec, _ = each.run(spec, None, report)
    return _without_lost(_with_common_types(spec))


def _with_common_types(spec: Spec) -> Spec:
    """Reshape to one axis is a Flatten, factors of channels are a Scale, causal padding is so many cells."""
    layers, known = [], {layer.name: layer for layer in resolve(spec).layers}
    for layer in spec.layers:
        shape = known[layer.name].output_shapes[0]
        if layer.type == "Reshape" and len(shape) == 1:
            layers.append(layer.model_copy(update={"type": "Flatten", "params": {}}))
        elif layer.type == "Reshape" and FREE not in shape:
            layers.append(layer.model_copy(update={"params": {"target_shape": list(shape)}}))
        elif layer.params.get("padding") == "causal":
            p = known[layer.name].params
            before = (p["kernel_size"][0] - 1) * p["dilation_rate"][0]
            layers.append(layer.model_copy(update={"params": {**layer.params, "padding": [[before, 0]]}}))
        elif layer.type == "LayerScale":
            layers.append(layer.model_copy(update={"type": "Scale", "params": {"use_bias": False}}))
        else:
            layers.append(layer)
    return spec.model_copy(update={"layers": tuple(layers)})


def _without_lost(spec: Spec) -> Spec:
    names, layers = Renaming(spec), list[Layer]()
    resolved = {layer.name: layer for layer in resolve(spec).layers}
    for layer in spec.layers:
        found = resolved[layer.name]
        context = Context(
            input_shapes=found.input_shapes, output_shapes=found.output_shapes,
            labels=[identity(len(shape) + 1) for shape in found.input_shapes],
        )  # fmt: skip
        written = write_node("tensorflow", found.entry, found.params, context, layer.name)
        if layer.type == "Input" or not isinstance(written, Written):
            layers.append(layer)
        elif written.op == "Identity" or (written.op == "Reshape" and found.input_shapes == found.output_shapes):
            names.removes(layer.name, layer.inputs[0])
        else:
            kept = left(written.map, found.entry, found.params)
            layers.append(layer.model_copy(update={"params": plain(kept)}))
    return names.apply(spec, layers)
