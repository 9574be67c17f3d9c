"""The board as Prometheus reads it. Needs the extra `agent`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tfops.agent.agent_status import BUCKETS, AgentStatus
from tfops.errors import ProjectError
from tfops.system import clock
from tfops.system.installation import command_to_add

if TYPE_CHECKING:
    from prometheus_client.core import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def metrics_text(board: AgentStatus) -> bytes:
    """Raises ProjectError without prometheus-client."""
    try:
        from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415 - an extra, imported by use
    except ImportError as error:
        raise ProjectError("metrics need prometheus-client", hint=command_to_add("prometheus-client")) from error
    registry = CollectorRegistry()
    registry.register(_Collector(board))
    return generate_latest(registry)


class _Collector:
    """Makes the families anew for each scrape: nothing is kept beside the board."""

    def __init__(self, board: AgentStatus) -> None:
        self._board = board

    def collect(self) -> "Iterator[Metric]":
        from prometheus_client.core import (  # noqa: PLC0415 - as above
            CounterMetricFamily,
            GaugeMetricFamily,
            HistogramMetricFamily,
        )

        seen = self._board.measures()
        state = GaugeMetricFamily(
            "tfops_environment_state", "1 for the reason that an environment is in", labels=["env", "reason"]
        )
        synced = GaugeMetricFamily("tfops_environment_in_sync", "1 when it is what its branch says", labels=["env"])
        for decision in seen.decisions:
            state.add_metric([decision.env, decision.word], 1)
            synced.add_metric([decision.env], float(decision.is_in_sync))
        drift = GaugeMetricFamily("tfops_drift_age_seconds", "Since when it differs from its version", labels=["env"])
        for env, since in seen.drifted.items():
            drift.add_metric([env], (clock.now() - since).total_seconds())
        failures = CounterMetricFamily("tfops_failures", "Runs that failed", labels=["env", "reason"])
        for labels, count in seen.failures.items():
            failures.add_metric(list(labels), count)
        looks = CounterMetricFamily("tfops_looks", "Looks at the remote", labels=["outcome"])
        for outcome, count in seen.looks.items():
            looks.add_metric([outcome], count)
        yield from (state, synced, drift, failures, looks)
        yield CounterMetricFamily("tfops_surveys", "Turns in which something was decided", value=seen.surveys)
        yield GaugeMetricFamily("tfops_queue_length", "Environments that wait to be changed", value=seen.waiting)
        yield GaugeMetricFamily("tfops_running", "Environments that are being changed", value=seen.running)
        if seen.looked_at:
            yield GaugeMetricFamily(
                "tfops_last_look_timestamp_seconds", "When the remote last answered", value=seen.looked_at.timestamp()
            )
        duration = HistogramMetricFamily(
            "tfops_reconcile_duration_seconds", "How long a change of one environment took"
        )
        duration.add_metric([], _cumulated(dict(seen.durations)), seen.act_seconds)
        yield duration


def _cumulated(counts: dict[float, int]) -> list[tuple[str, float]]:
    total, rows = 0, []
    for bound in (*BUCKETS, float("inf")):
        total += counts.get(bound, 0)
        rows.append(("+Inf" if bound == float("inf") else str(bound), float(total)))
    return rows
