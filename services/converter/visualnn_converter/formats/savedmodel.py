"""TensorFlow's SavedModel, a folder or a zip of it: listed here, made where Keras runs on TensorFlow (the worker)."""

NAME = "savedmodel"
TITLE = "TensorFlow SavedModel"
EXTENSIONS = (".savedmodel.zip",)
MEDIA_TYPE = "application/zip"
CARRIES_WEIGHTS = True
BY_WORKER = True


def sniff(_data: bytes) -> bool:
    """Never: it is not read."""
    return False
