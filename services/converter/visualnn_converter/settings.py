"""Settings of the converter."""

from visualnn_shared.settings import CommonSettings


class ConverterSettings(CommonSettings):
    """Limits of what one request may send."""

    converter_max_request: int = 2 * 2**30
    """Bytes of a request with a model file and weights."""
    converter_certifier: str = ""
    """What verifies conversions, as ``module:function``; without it, requests to verify are refused."""
