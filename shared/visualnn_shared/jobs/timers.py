"""The protocol's times, and the relations between them that keep two attempts from ever running side by side."""

from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Timers(BaseSettings):
    """Environment: ``VISUALNN_JOBS_<FIELD>``. Every worker, dispatcher and gateway must have the same.

    A worker counts ``watchdog_s`` from the moment before it sent the heartbeat (or the claim), on CLOCK_BOOTTIME.
    """

    model_config = SettingsConfigDict(
        env_prefix="VISUALNN_JOBS_", extra="ignore", frozen=True, use_attribute_docstrings=True
    )

    heartbeat_s: Seconds = 10.0
    """A worker's time between two heartbeats (H)."""
    lease_s: Seconds = 60.0
    """How long a claim or a heartbeat keeps the job for its worker, by the database's clock (L)."""
    watchdog_s: Seconds = 45.0
    """How long a child may run without its worker having renewed the lease (W)."""
    kill_s: Seconds = 10.0
    """How long ending a child may take: SIGTERM, 5 s, SIGKILL, wait (K)."""
    clock_error: Annotated[float, Field(ge=0, lt=1)] = 0.05
    """Largest error of a worker's clock rate, as a fraction (d)."""
    statement_timeout_s: Seconds = 5.0
    """Longest time a database statement may take."""
    reap_s: Seconds = 5.0
    """A dispatcher's time between two rounds."""
    resend_s: Seconds = 30.0
    """How long a job waits for its wake-up before another is sent."""
    idle_claim_s: Seconds = 2.0
    """An idle worker's time between two claims without a wake-up."""
    backoff_s: Seconds = 10.0
    """Wait before the second try after an infrastructure failure; doubled for each further one."""
    backoff_max_s: Seconds = 600.0
    """Longest such wait."""

    @model_validator(mode="after")
    def _relations(self) -> Self:
        broken = [text for holds, text in self._rules() if not holds]
        if broken:
            raise ValueError("; ".join(broken))
        return self

    def _rules(self) -> list[tuple[bool, str]]:
        least_lease = 3 * self.heartbeat_s + self.statement_timeout_s
        end = (self.watchdog_s + self.kill_s) * (1 + self.clock_error)
        return [
            (
                self.lease_s >= least_lease,
                f"lease_s must be at least 3 heartbeat_s + statement_timeout_s = {least_lease:g}; "
                f"received {self.lease_s:g}; a slow answer must not end a lease",
            ),
            (
                self.watchdog_s > 3 * self.heartbeat_s,
                f"watchdog_s must be more than 3 heartbeat_s = {3 * self.heartbeat_s:g}; "
                f"received {self.watchdog_s:g}; two lost heartbeats must not end a child",
            ),
            (
                end <= self.lease_s,
                f"(watchdog_s + kill_s) (1 + clock_error) must be at most lease_s = {self.lease_s:g}; "
                f"received {end:g}; a child must be gone before its lease is",
            ),
        ]
