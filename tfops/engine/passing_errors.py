"""Errors that pass by themselves, by the engine's own words: what failed with one is worth another try.

docs/reference/tfops-yaml.md has the table.
"""

import re
from collections.abc import Iterable, Sequence

from tfops.config.project import RetryRule
from tfops.engine.advice import LOCK_IS_LEFT
from tfops.records.engine_events import Diagnostic

_STATUS = r"(429|500|502|503|504)"

# In the words of Terraform, OpenTofu, Go's libraries and the clouds' interfaces. What says that somebody lacks a right,
# or that a name isn't there, is in none of them: that doesn't pass.
KNOWN = (
    RetryRule(
        r"TLS handshake timeout|connection reset by peer|connection timed out|i/o timeout|network is unreachable"
        r"|Client\.Timeout exceeded|unexpected EOF|server sent GOAWAY|http2: (client|server) connection (lost|force)"
        r"|Temporary failure in name resolution|server misbehaving|: EOF\b",
        "the network",
    ),
    RetryRule(
        rf"\b{_STATUS} (Too Many Requests|Internal Server Error|Bad Gateway|Service Unavailable|Gateway Time-?out)"
        r"|(giving up|request failed) after \d+ attempt(?!.*(no such host|connection refused|certificate))",
        "a server that can't answer now",
    ),
    RetryRule(
        r"RequestLimitExceeded|Throttl(ing|ed)|TooManyRequests|SlowDown|RateExceeded|Rate exceeded"
        r"|rateLimitExceeded|RATE_LIMIT_EXCEEDED|StatusCode[:=] ?429|Error 429",
        "the cloud is throttling",
        wait_s=15.0,
    ),
    RetryRule(
        r"\bServiceUnavailable|\bInternalError\b|InternalServerError|\bInternalFailure\b|ServerTimeout|RequestTimeout"
        r"|ServiceUnavailableException|StatusCode[:=] ?(500|502|503|504)|googleapi: Error (500|502|503|504)",
        "the cloud doesn't answer as it should",
    ),
)


def rule_for(errors: Sequence[Diagnostic], rules: Iterable[RetryRule] = ()) -> RetryRule | None:
    """How what ended with these errors is tried again; None where one of them doesn't pass by itself.

    The first rule that fits an error counts for it, those of tfops.yaml before the known ones; of several errors the
    one with the fewest tries. A state's lock that the engine could not give back is never one that passes.
    """
    known = (*rules, *KNOWN)
    found = [_first(error, known) for error in errors]
    fitting = [rule for rule in found if rule is not None]
    if not fitting or len(fitting) < len(found) or any(LOCK_IS_LEFT in error.summary for error in errors):
        return None
    return min(fitting, key=lambda rule: (rule.tries, -rule.wait_s))


def _first(error: Diagnostic, rules: Iterable[RetryRule]) -> RetryRule | None:
    text = " ".join(error.text.split())  # the engine breaks its lines
    return next((rule for rule in rules if re.search(rule.pattern, text, re.IGNORECASE)), None)
