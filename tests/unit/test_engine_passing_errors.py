"""Which errors of an engine pass by themselves, in the words of real ones."""

import pytest

from tfops.config.project import RetryRule
from tfops.engine.advice import LOCK_IS_LEFT
from tfops.engine.passing_errors import rule_for
from tfops.records.engine_events import Diagnostic

PASSING = [
    ("Failed to get state", "GET http://x.example/dev giving up after 1 attempt(s)", "a server that can't answer now"),
    (
        "Failed to query available provider packages",
        "Could not retrieve the list of available versions for provider hashicorp/aws: could not connect to "
        'registry.terraform.io: failed to request discovery document: Get\n"https://registry.terraform.io/": net/http: '
        "TLS handshake\ntimeout",
        "the network",
    ),
    (
        "Failed to install provider",
        "Error while installing hashicorp/aws v5.100.0: unsuccessful request to https://releases.hashicorp.com: "
        "502 Bad Gateway",
        "a server that can't answer now",
    ),
    (
        "Failed to download module",
        "could not download: read tcp 10.0.0.2:1->1.1.1.1:443: connection reset by peer",
        "the network",
    ),
    (
        "reading EC2 Instances",
        "operation error EC2: DescribeInstances, exceeded maximum number of attempts, 25, https response error "
        "StatusCode: 503, RequestID: 1, api error RequestLimitExceeded: Request limit exceeded.",
        "the cloud is throttling",
    ),
    (
        "Error refreshing state",
        "operation error S3: GetObject, api error InternalError: We encountered an internal error.",
        "the cloud doesn't answer as it should",
    ),
    (
        "Error when reading or editing Project",
        "googleapi: Error 503: Service unavailable, backendError",
        "the cloud doesn't answer as it should",
    ),
    ("retrieving Resource Group", "unexpected status 429 (429 Too Many Requests)", "a server that can't answer now"),
    ("Failed to get existing workspaces", 'Post "https://login.example.com/": EOF', "the network"),
]

LASTING = [
    ("Failed to get state: GET http://x giving up after 3 attempt(s)", "dial tcp: lookup x: no such host"),
    ("Invalid value for variable", "the size must be small"),
    ("No valid credential sources found", "failed to refresh cached credentials, no EC2 IMDS role found"),
    ("Failed to query available provider packages", "provider registry.terraform.io/hashicorp/awss was not found"),
    ("Error: dial tcp", "lookup registry.example.com: no such host"),
    ("Error refreshing state", "operation error S3: GetObject, https response error StatusCode: 403, AccessDenied"),
    ("Error acquiring the state lock", "operation error S3: PutObject, StatusCode: 412, PreconditionFailed"),
    ("creating", "api error RequestTimeTooSkewed: The difference between the request time and the current time"),
]


def error(summary: str, detail: str = "") -> Diagnostic:
    return Diagnostic(is_error=True, summary=summary, detail=detail)


@pytest.mark.parametrize(("summary", "detail", "name"), PASSING)
def test_it_is_known_what_passes_and_what_it_is(summary: str, detail: str, name: str) -> None:
    rule = rule_for([error(summary, detail)])
    assert rule is not None and rule.name == name


@pytest.mark.parametrize(("summary", "detail"), LASTING)
def test_what_lasts_is_not_tried_again(summary: str, detail: str) -> None:
    assert rule_for([error(summary, detail)]) is None


def test_one_error_that_lasts_is_enough() -> None:
    assert rule_for([error("SlowDown"), error("Invalid index")]) is None
    assert rule_for([]) is None


def test_the_projects_rules_come_first_and_the_most_careful_one_counts() -> None:
    own = RetryRule("slow ?down", "`slow ?down`", tries=1)
    patient = RetryRule("not there yet", "`not there yet`", tries=9, wait_s=1)
    assert rule_for([error("SlowDown")], [own]) is own, "written in any case; one try is none more"
    assert rule_for([error("not\nthere   yet")], [own, patient]) is patient, "however the engine breaks its lines"
    both = rule_for([error("not there yet"), error("SlowDown")], [patient])
    assert both is not None and both.name == "the cloud is throttling"


def test_a_lock_that_is_left_is_never_one_that_passes() -> None:
    assert rule_for([error(LOCK_IS_LEFT, "StatusCode: 503, ServiceUnavailable")]) is None
