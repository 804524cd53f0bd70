"""Request bodies for the documentation; tests post each of them."""

from typing import Any

SPEC: dict[str, Any] = {
    "visualnn": 1,
    "name": "mnist-dnn",
    "layers": [
        {"name": "input", "type": "Input", "params": {"shape": [784]}, "inputs": []},
        {"name": "fc1", "type": "Dense", "params": {"units": 512, "activation": "relu"}, "inputs": ["input"]},
        {"name": "drop1", "type": "Dropout", "params": {"rate": 0.2}, "inputs": ["fc1"]},
        {"name": "prob", "type": "Dense", "params": {"units": 10, "activation": "softmax"}, "inputs": ["drop1"]},
    ],
    "outputs": ["prob"],
}
SPECS: dict[str, dict[str, Any]] = {"mnist-dnn": {"summary": "A network for 28 x 28 digits", "value": SPEC}}

INFER: dict[str, Any] = {
    "inputs": [{"name": "input", "shape": [1, 4], "datatype": "FP32", "data": [0.0, 0.5, 1.0, 0.25]}]
}
PREDICT: dict[str, dict[str, Any]] = {
    "one input": {"summary": "A list of samples", "value": {"inputs": [[0.0, 0.5, 1.0, 0.25]]}},
    "several inputs": {
        "summary": "A list for each input of the network",
        "value": {"inputs": {"left": [[0.0, 1.0]], "right": [[0.5, 0.5]]}},
    },
    "pictures": {
        "summary": "PNG or JPEG files in base64",
        "value": {
            "inputs": [
                {"b64": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="}
            ]
        },
    },
}
