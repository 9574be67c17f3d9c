"""What the agent does, as OpenTelemetry traces. Needs the extra `otel`.

On when a collector is named (OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT); headers, timeouts
and resource attributes are OpenTelemetry's own variables:
https://opentelemetry.io/docs/specs/otel/protocol/exporter/
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import field
from types import MappingProxyType
from typing import TYPE_CHECKING

from tfops import __version__
from tfops.dataclass import dataclass
from tfops.errors import ProjectError
from tfops.system import environ
from tfops.system.installation import command_to_add

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

Facts = Mapping[str, str | int | float | bool]

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_NO_FACTS: Facts = MappingProxyType({})
_QUIET_S = 60.0
_DECIDE = ""  # no environment has that name


@dataclass(slots=True)
class Traces:
    """A turn that decides begins a trace, the changes that follow from it hang below. Without a provider: nothing."""

    _provider: "TracerProvider | None" = None
    _tracer: "Tracer | None" = None
    _open: "dict[str, Span]" = field(default_factory=dict)
    _root: "Span | None" = None

    def deciding(self) -> None:
        if self._tracer is not None:
            self._root = self._open[_DECIDE] = self._tracer.start_span("tfops.decide")

    def decided(self, facts: Facts = _NO_FACTS, *, error: str = "") -> None:
        self._end(_DECIDE, facts, error)

    def changing(self, env: str, facts: Facts) -> None:
        if self._tracer is None:
            return
        from opentelemetry.trace import set_span_in_context  # noqa: PLC0415 - an extra, imported by use

        context = set_span_in_context(self._root) if self._root is not None else None
        attributes = _named({"env": env, **facts})
        self._open[env] = self._tracer.start_span("tfops.change", context, attributes=attributes)

    def changed(self, env: str, facts: Facts, *, error: str = "") -> None:
        self._end(env, facts, error)

    def _end(self, name: str, facts: Facts, error: str) -> None:
        span = self._open.pop(name, None)
        if span is None:
            return
        from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415 - as above

        span.set_attributes(_named(facts))
        if error:
            span.set_status(Status(StatusCode.ERROR, error))
        span.end()

    def close(self) -> None:
        """Send what waits. Bounded by the exporter's own timeout."""
        for span in self._open.values():
            span.end()
        if self._provider is not None:
            self._provider.shutdown()


def _named(facts: Facts) -> dict[str, str | int | float | bool]:
    return {f"tfops.{name}": value for name, value in facts.items() if value != ""}


def traces_for(project: str, shard: str, complain: Callable[[str], None]) -> Traces:
    """Traces that go where the environment says, or nowhere. Raises ProjectError without the extra."""
    if not any(environ.variable(name) for name in _ENDPOINTS):
        return Traces()
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - an extra
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource  # noqa: PLC0415 - as above
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - as above
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - as above
    except ImportError as error:
        raise ProjectError(
            "traces need OpenTelemetry", hint=command_to_add("opentelemetry-sdk opentelemetry-exporter-otlp-proto-http")
        ) from error
    _listen_to_exporter(complain)
    about = Resource(
        {
            "service.name": "tfops-agent",
            "service.version": __version__,
            "tfops.project": project,
            "tfops.shard": shard,
        }
    )
    resource = about.merge(OTELResourceDetector().detect())  # what OTEL_RESOURCE_ATTRIBUTES says wins
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Traces(provider, provider.get_tracer("tfops", __version__))


class _Complaints(logging.Handler):
    """Says that traces are lost, once a minute, without the collector's address: that may hold a key."""

    def __init__(self, complain: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._complain = complain
        self._said_at = float("-inf")

    def emit(self, record: logging.LogRecord) -> None:  # noqa: ARG002 - what it says may hold the address
        now = time.monotonic()
        if now - self._said_at >= _QUIET_S:
            self._said_at = now
            self._complain("traces are not taken by the collector")


def _listen_to_exporter(complain: Callable[[str], None]) -> None:
    logger = logging.getLogger("opentelemetry")
    logger.propagate = False
    logger.addHandler(_Complaints(complain))
