"""Settings of the predictor. Environment: ``VISUALNN_<FIELD>``."""

from visualnn_shared.settings import CommonSettings

MIB = 1024 * 1024


class PredictorSettings(CommonSettings):
    """What one process serves at once, and when it says that it is too much."""

    allowed_hosts: str = ""
    """Host names besides loopback that requests may name, separated by commas; needed behind a reverse proxy."""
    predictor_processes: int = 1
    """Processes that share the listening socket; one for each core that predictions may take."""
    predictor_max_body_bytes: int = 64 * MIB
    """Largest body of one request."""
    predictor_max_samples: int = 16_384
    """Most samples in one request."""
    predictor_max_batch: int = 256
    """Most samples in one call of a model; it bounds the memory of a call."""
    predictor_max_waiting: int = 4096
    """Samples that may wait for one model; beyond it requests are refused with 429."""
    predictor_max_requests: int = 2048
    """Requests that one process works on at once; beyond it requests are refused with 429."""
    predictor_deadline_s: float = 30.0
    """How long a request may wait for its model; later it is refused with 503."""
    predictor_inline_ms: float = 1.0
    """A model call that should take longer runs in a thread, so that the event loop goes on."""
    predictor_memory_bytes: int = 2048 * MIB
    """Memory of all loaded models together, estimated; the one used least recently makes room."""
    predictor_max_model_bytes: int = 1024 * MIB
    """Largest ONNX file that is loaded."""
