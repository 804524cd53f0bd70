import os
import signal

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.parts.plugin", "tests.parts.spreading"]

# What a shell starts in the background ignores Ctrl-C, and so would all that the tests start and then end by Ctrl-C.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes depends on what else the machine does; pytest's timeout bounds each test. The strict run
# draws the same examples every time, so that it judges the change and not the draw; other runs look for new ones.
_ANY_SPEED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("search", _ANY_SPEED)
settings.register_profile("strict", _ANY_SPEED, derandomize=True)
settings.load_profile("strict" if os.environ.get("STRICT") == "1" else "search")
