"""What a MODEL or DATASET argument names: a built-in network, a file, or something on the server."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visualnn_shared.errors import Invalid
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.problem import Problem, problem

if TYPE_CHECKING:
    from visualnn.client import Client
    from visualnn.records import Dataset, Model

ZOO = "zoo:"
_ID = re.compile(r"[0-9a-z-]{1,64}")
Connect = Callable[[], AbstractContextManager["Client"]]


def load_spec(text: str, connect: Connect, input_shape: Any = None) -> Spec:
    """The spec that MODEL names, read on this machine; ``connect`` is called only for the id of a stored model.

    ``input_shape`` is what a file leaves open.

    Raises ``SpecInvalid``, ``ConversionImpossible``, ``NotFound``, ``Invalid``.
    """
    local = _local_spec(text, input_shape)
    if local is not None:
        return local
    if not text.startswith("model-"):
        raise _no_model(text)
    from visualnn_shared.analysis.check import checked

    with connect() as client, _missing_as(_no_model(text)):
        return checked(client.models.get(text).spec or {})


def must_be_known(*, model: str | None = None, dataset: str | None = None) -> None:
    """Raises ``Invalid`` where an argument is no file and cannot be an id: nothing need be started to say so."""
    from visualnn_shared.reinforcement.environments import ENVIRONMENTS

    problems: list[Problem] = []
    if model is not None and not (model.startswith(ZOO) or _may_be(model)):
        problems += _no_model(model).problems
    if dataset is not None and dataset not in ENVIRONMENTS and not _may_be(dataset):
        problems += _no_dataset(dataset).problems
    if problems:
        raise Invalid("the command", problems)


def must_be_job(text: str) -> None:
    """Raises ``Invalid`` where JOB cannot be the id of one, such as a file of weights."""
    if _ID.fullmatch(text):
        return
    hint = "see: visualnn jobs"
    if text.endswith(".safetensors") and Path(text).is_file():
        from visualnn.weights_file import read_info

        hint = f"this file is of job {read_info(Path(text)).job}"
    rule = "JOB must be the id of a train job that succeeded"
    raise Invalid("the command", [problem(rule, text, field="JOB", hint=hint)])


def named_model(client: "Client", text: str) -> tuple[str, str]:
    """The name of the model that MODEL names, and what a train job calls it; a file is stored first.

    A built-in network is left to the server, which stores it once.
    """
    if text.startswith(ZOO):
        from visualnn_shared.zoo import load

        return load(text.removeprefix(ZOO)).name, text
    stored = stored_model(client, text)
    return stored.name, stored.id


def stored_model(client: "Client", text: str) -> "Model":
    """The model on the server that MODEL names; what is local is stored there first."""
    spec = _local_spec(text)
    if spec is not None:
        return client.models.create(spec)
    with _missing_as(_no_model(text)):
        return client.models.get(text)


def stored_dataset(client: "Client", text: str) -> "Dataset":
    """The data set on the server that DATASET names; a file is uploaded, the same file only once."""
    from visualnn_shared.datasets.known import KNOWN

    path = Path(text)
    if path.is_file():
        return client.datasets.upload(path)
    if text in KNOWN:
        return client.datasets.known(text)
    with _missing_as(_no_dataset(text)):
        return client.datasets.get(text)


@contextmanager
def _missing_as(other: Invalid) -> Iterator[None]:
    """Raise ``other`` where the server knows no such id, or says that it is none."""
    from visualnn.errors import ApiError

    try:
        yield
    except ApiError as error:
        if error.status not in (404, 422):
            raise
        raise other from None


def _local_spec(text: str, input_shape: Any = None) -> Spec | None:
    """None where MODEL is neither of the zoo nor a file."""
    from visualnn_shared.analysis.check import checked

    if text.startswith(ZOO):
        from visualnn_shared.zoo import load

        return load(text.removeprefix(ZOO))
    path = Path(text)
    if not path.is_file():
        return None
    if path.suffix == ".safetensors":
        from visualnn.weights_file import read_info

        return checked(read_info(path).spec)
    data = path.read_bytes()
    if path.suffix == ".json" and _is_native(data):
        return checked(data)
    from visualnn_standalone.local import read_file

    return read_file(data, path.name, input_shape=input_shape)


def _is_native(data: bytes) -> bool:
    """A spec of ours, or JSON so broken that the spec reader should say where."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return True
    return not isinstance(found, dict) or "visualnn" in found or "layers" in found


def _no_model(text: str) -> Invalid:
    return _unknown("MODEL", text, "zoo:NAME, a file, or a model's id", "see: visualnn zoo, visualnn models")


def _no_dataset(text: str) -> Invalid:
    from visualnn_shared.catalogue.kinds import closest
    from visualnn_shared.reinforcement.environments import ENVIRONMENTS

    hint = closest(text, list(ENVIRONMENTS)) or "see: visualnn datasets known"
    return _unknown("DATASET", text, "a file, a known name such as digits, or an id", hint)


def _may_be(text: str) -> bool:
    return Path(text).is_file() or _ID.fullmatch(text.replace("_", "-")) is not None


def _unknown(what: str, received: str, kinds: str, hint: str) -> Invalid:
    rule = f"{what} must be {kinds}"
    file_like = Path(received).suffix != "" or "/" in received
    if Path(received).is_dir():
        hint = "this is a folder: name a model file in it" if what == "MODEL" else "this is a folder: name a file in it"
    elif file_like:
        hint = "no such file"
    return Invalid("the command", [problem(rule, received, field=what, hint=hint)])
