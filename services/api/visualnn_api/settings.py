"""Settings of the gateway. Environment: ``VISUALNN_<FIELD>``."""

from typing import Annotated

from pydantic import Field
from visualnn_shared.settings import CommonSettings

MIB = 1024 * 1024


class ApiSettings(CommonSettings):
    """Where the other services are, and what the gateway accepts."""

    converter_url: str = "http://127.0.0.1:8001"
    """Address of the converter."""
    predictor_url: str = "http://127.0.0.1:8002"
    """Address of the predictor."""
    allowed_hosts: str = ""
    """Host names besides loopback that requests may name, separated by commas; needed behind a reverse proxy."""
    spool_dir: str = ""
    """Folder for uploads and made files in passing; default: the system's temporary folder."""
    web_dir: str = ""
    """Folder of the built editor; default: services/web/dist of the source tree."""
    max_json_bytes: int = 16 * MIB
    """Largest JSON body, specs included."""
    max_predict_bytes: int = 64 * MIB
    """Largest body of a predict or infer call."""
    max_model_bytes: int = 1024 * MIB
    """Largest uploaded model file or weights file."""
    import_urls: bool = False
    """Whether the gateway fetches model files from public addresses that callers name."""
    max_url_bytes: int = 256 * MIB
    """Largest file that is fetched from an address."""
    url_timeout_s: float = 60.0
    """How long fetching a file from an address may take in all."""
    max_dataset_bytes: int = 4096 * MIB
    """Largest uploaded data set."""
    dataset_quota_bytes: int = 32 * 1024 * MIB
    """Bytes of all data sets of one owner."""
    max_queued_jobs: Annotated[int, Field(ge=0)] = 1000
    """Most jobs of one owner that wait in the queue; one more is refused with 429; 0: no such limit."""
    job_quota_bytes: Annotated[int, Field(ge=0)] = 0
    """Bytes of the results of all jobs of one owner, above which a new job is refused with 409; 0: no such limit."""
    job_time_limit_s: Annotated[float, Field(ge=0)] = 0.0
    """Seconds that an attempt may take of a job that names no time_limit_s; 0: as long as it takes."""
    max_job_time_limit_s: Annotated[float, Field(ge=0)] = 0.0
    """Largest time_limit_s that a job may name, and the limit of one that names none; 0: no such limit."""
    job_memory_limit_mb: Annotated[int, Field(ge=0)] = 0
    """MiB that the process of a job may hold which names no memory_limit_mb; 0: what the machine has."""
    max_job_memory_limit_mb: Annotated[int, Field(ge=0)] = 0
    """Largest memory_limit_mb that a job may name, and the limit of one that names none; 0: no such limit."""
    max_expanded_bytes: int = 2048 * MIB
    """Largest data set once it is unpacked: what a small archive may ask of the machine."""
    dataset_mirror: str = ""
    """Address of a folder (http, https, file) with the files of data sets known by name; default: their own places."""
    dataset_cache: str = ""
    """Folder that keeps fetched files; default: one in the data folder."""
    dataset_fetch_s: float = 60.0
    """How long the place that a data set is fetched from may say nothing."""
    upstream_timeout_s: float = 120.0
    """How long a conversion or a prediction may take before the gateway gives up on it."""
    events_poll_s: float = 0.4
    """How often an event stream looks for new events of its job."""
    events_heartbeat_s: float = 15.0
    """How often an idle event stream sends a comment, so that proxies keep it open."""
    max_room_bytes: int = 16 * MIB
    """Largest document that several people edit at once."""
    max_room_message_bytes: int = 4 * MIB
    """Largest message of one editor to the others."""
    max_room_people: int = 50
    """Connections to one room of one gateway."""
    max_rooms: int = 500
    """Rooms that one gateway keeps open at once."""
    rooms_poll_s: float = 0.5
    """How often a room looks for what came by other gateways."""
    replay_tolerance: float = 1e-5
    """Largest allowed |served - trained| of a replayed sample, plus as much relative to the trained value."""
