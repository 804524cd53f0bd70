"""The Open Inference Protocol, version 2, in JSON.

https://github.com/open-inference/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
Inputs are the operator's raw ones: its preprocessing is applied after them. ``parameters`` are read over.
"""

from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.spec.received import shown
from visualnn_shared.training.serving import V2_TYPES, Serving, TensorSpec

from visualnn_predictor.errors import RequestInvalid
from visualnn_predictor.model import Arrays, Model
from visualnn_predictor.tensors import NotNumbers, fits, flatten, show, to_array

_REQUEST_KEYS = {"id", "parameters", "inputs", "outputs"}
_INPUT_KEYS = {"name", "shape", "datatype", "parameters", "data"}
_OUTPUT_KEYS = {"name", "parameters"}
_LONGEST_ID = 1000


class InferRequest:
    """A request as read: raw arrays by input name, the outputs that are wanted, and the caller's id."""

    __slots__ = ("arrays", "id", "outputs")

    def __init__(self, arrays: Arrays, outputs: list[str], request_id: str | None) -> None:
        self.arrays, self.outputs, self.id = arrays, outputs, request_id


def read_request(body: Any, serving: Serving, max_samples: int) -> InferRequest:
    """The request in ``body`` (parsed JSON). Raises RequestInvalid with every problem."""
    if not isinstance(body, dict):
        raise RequestInvalid(problem("the body must be a JSON object", shown(body), field="body"))
    problems = [problem("the key must be known", key, field=shown(key)) for key in body if key not in _REQUEST_KEYS]
    request_id = body.get("id")
    if request_id is not None and (not isinstance(request_id, str) or len(request_id) > _LONGEST_ID):
        problems.append(
            problem(f"id must be a text of at most {_LONGEST_ID} characters", shown(request_id), field="id")
        )
    given = body.get("inputs")
    arrays: Arrays = {}
    if isinstance(given, list) and given:
        for index, tensor in enumerate(given):
            _read_input(tensor, f"inputs.{index}", serving, arrays, problems, max_samples)
        if not problems:
            problems += _together(arrays, serving)
    else:
        problems.append(problem("inputs must be a list of tensors", shown(given), field="inputs"))
    outputs = _read_outputs(body.get("outputs"), serving, problems)
    if problems:
        raise RequestInvalid(*problems)
    return InferRequest({spec.name: arrays[spec.name] for spec in serving.inputs}, outputs, request_id)


def _read_input(
    tensor: Any, where: str, serving: Serving, arrays: Arrays, problems: list[Problem], max_samples: int
) -> None:
    by_name = {spec.name: spec for spec in serving.inputs}
    if not isinstance(tensor, dict):
        problems.append(problem("an input must be a JSON object", shown(tensor), field=where))
        return
    problems += [
        problem("the key must be known", key, field=f"{where}.{shown(key)}") for key in tensor if key not in _INPUT_KEYS
    ]
    name = tensor.get("name")
    spec = by_name.get(name) if isinstance(name, str) else None
    if spec is None:
        rule = f"an input's name must be among the operator's ({', '.join(by_name)})"
        problems.append(problem(rule, shown(name), field=f"{where}.name"))
        return
    if spec.name in arrays:
        problems.append(problem("an input must be given once", name, field=f"{where}.name"))
        return
    found = _tensor_problems(tensor, spec, where, max_samples)
    problems += found
    if found:
        return
    try:
        arrays[spec.name] = _data(tensor["data"], tensor["shape"], spec, serving.may_miss(spec.name))
    except KeyError:
        problems.append(problem("data must be given", None, field=f"{where}.data"))
    except NotNumbers as broken:
        problems.append(broken.at(f"{where}.data"))


def _tensor_problems(tensor: dict[str, Any], spec: TensorSpec, where: str, max_samples: int) -> list[Problem]:
    problems = []
    if tensor.get("datatype") != V2_TYPES[spec.dtype]:
        rule = f"the datatype of {spec.name} must be {V2_TYPES[spec.dtype]}"
        hint = "the operator takes values as its training data had them"
        problems.append(problem(rule, shown(tensor.get("datatype")), field=f"{where}.datatype", hint=hint))
    shape = tensor.get("shape")
    good = isinstance(shape, list) and all(type(dim) is int for dim in shape)
    if not (good and shape and shape[0] >= 1 and fits(shape[1:], spec.shape)):
        rule = f"the shape of {spec.name} must be {show((None, *spec.shape))}, -1 being any size"
        problems.append(problem(rule, shown(shape), field=f"{where}.shape"))
    elif shape[0] > max_samples:
        problems.append(
            problem(f"a request must have at most {max_samples:,} samples", shape[0], field=f"{where}.shape")
        )
    return problems


def _data(data: Any, shape: list[int], spec: TensorSpec, gaps: bool) -> NDArray[Any]:
    """Flat values in C order, or nested in the tensor's shape."""
    if not isinstance(data, list):
        raise NotNumbers("data must be a list", data)
    nested, values = flatten(data)
    count = 1
    for dim in shape:
        count *= dim
    if len(values) != count:
        raise NotNumbers(f"data must have {count:,} values for the shape {shape}", f"{len(values):,} values")
    if len(nested) > 1 and list(nested) != shape:
        raise NotNumbers(f"nested data must have the shape {shape}", list(nested))
    return to_array(values, spec.dtype, gaps).reshape(shape)


def _together(arrays: Arrays, serving: Serving) -> list[Problem]:
    problems = [
        problem("every input must be given", None, field=f"inputs ({spec.name})")
        for spec in serving.inputs
        if spec.name not in arrays
    ]
    counts = {name: len(values) for name, values in arrays.items()}
    if len(set(counts.values())) > 1:
        problems.append(problem("all inputs must have the same number of samples", counts, field="inputs"))
    return problems


def _read_outputs(given: Any, serving: Serving, problems: list[Problem]) -> list[str]:
    names = [spec.name for spec in serving.outputs]
    if given is None or given == []:
        return names
    if not isinstance(given, list):
        problems.append(problem("outputs must be a list", shown(given), field="outputs"))
        return names
    wanted = []
    for index, one in enumerate(given):
        where = f"outputs.{index}"
        if not isinstance(one, dict) or not set(one) <= _OUTPUT_KEYS:
            rule = "an output must be a JSON object with name and, if need be, parameters"
            problems.append(problem(rule, shown(one), field=where))
        elif one.get("name") not in names or one["name"] in wanted:
            rule = f"an output's name must be among the operator's ({', '.join(names)}), each once"
            problems.append(problem(rule, shown(one.get("name")), field=f"{where}.name"))
        else:
            wanted.append(one["name"])
    return wanted


def write_answer(model: Model, request: InferRequest, outputs: Arrays) -> bytes:
    """The answer's body. NaN and infinity, which JSON does not have, become null."""
    specs = {spec.name: spec for spec in model.serving.outputs}
    answer: dict[str, Any] = {"model_name": model.name, "model_version": str(model.number)}
    if request.id is not None:
        answer["id"] = request.id
    answer["outputs"] = [
        {
            "name": name,
            "datatype": V2_TYPES[specs[name].dtype],
            "shape": list(outputs[name].shape),
            "data": np.ascontiguousarray(outputs[name], specs[name].dtype).reshape(-1),
        }
        for name in request.outputs
    ]
    return orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY)


def metadata(model: Model, versions: list[str]) -> dict[str, Any]:
    """What a client needs to know to call the operator."""
    return {
        "name": model.name,
        "versions": versions,
        "platform": "onnx_onnxv1",
        "inputs": [_described(spec) for spec in model.serving.inputs],
        "outputs": [_described(spec) for spec in model.serving.outputs],
    }


def _described(spec: TensorSpec) -> dict[str, Any]:
    shape = [-1, *(-1 if dim is None else dim for dim in spec.shape)]
    return {"name": spec.name, "datatype": V2_TYPES[spec.dtype], "shape": shape}
