"""The keys of tfops.yaml for runs without a person, and windows of time."""

from datetime import UTC, datetime

import pytest

from tests.support.memory_tree import MemoryTree, complaints_of, said
from tfops.config.project import AgentRules, DriftPolicy, ProjectConfig, Sync
from tfops.config.project_file import load_project
from tfops.config.window import next_open, parse_window
from tfops.records.names import EnvName


def load(environment: str, more: str = "") -> ProjectConfig:
    text = f"version: 1\nproject: shop\n{more}environments:\n  prod: {{branch: main{environment}}}\n"
    return load_project(MemoryTree({"tfops.yaml": text}))


def test_the_keys_are_read() -> None:
    project = load(
        ', sync: plan, drift: heal, windows: ["mon-fri 09:00-17:00 Europe/Paris"], deletes: 2, signed_commits: true',
        "agent: {tries: 3, backoff: 2s, drift_every: 1h}\n",
    )
    rule = project.environments[EnvName("prod")]
    assert (rule.sync, rule.drift, rule.most_losses) == (Sync.PLAN, DriftPolicy.HEAL, 2)
    assert rule.requires_signed_commits
    assert [window.text for window in rule.windows] == ["mon-fri 09:00-17:00 Europe/Paris"]
    assert project.agent == AgentRules(3, 2.0, 3600.0)
    assert [project.agent.pause_s(tries) for tries in (1, 2, 3, 40)] == [2.0, 4.0, 8.0, 3600.0]


def test_a_protected_environment_loses_nothing_unless_its_rule_says_so() -> None:
    assert load("").environments[EnvName("prod")].most_losses is None
    assert load(", protected: true").environments[EnvName("prod")].most_losses == 0
    assert load(", protected: true, deletes: 3").environments[EnvName("prod")].most_losses == 3


@pytest.mark.parametrize(
    ("environment", "more", "complaint"),
    [
        (", sync: maybe", "", "`sync` must be 'auto', 'manual' or 'plan'"),
        (", deletes: -1", "", "`deletes` can't be less than 0"),
        (', windows: ["always"]', "", "'always' is not a window"),
        (', windows: ["foo 09:00-10:00"]', "", "'foo' is not a day: mon, tue, wed, thu, fri, sat, sun, daily"),
        (', windows: ["mon 22:00-02:00"]', "", "a window ends after it starts, on the same day: write two for a night"),
        (', windows: ["mon 09:00-10:00 Mars/Base"]', "", "'Mars/Base' is not a time zone that this machine knows"),
        ("", "agent: {tries: 0}\n", "`tries` must be between 1 and 100"),
        ("", "agent: {tell: [{url_env: 'https://hooks.example.com'}]}\n", "`url_env` must name a variable"),
        ("", "agent: {tell: [{url_env: A, template: '{env.x}'}]}\n", "unknown placeholder {env.x}"),
        ("", "agent: {tell: [{url_env: A, per_minute: 0}]}\n", "`per_minute` must be between 1 and 600"),
        ("", "agent: {tell: [{url_env: A, to: pager}]}\n", "`to` must be 'json', 'slack' or 'teams'"),
        ("", "agent: {backoff: soon}\n", "`backoff` must be a duration from 1s to 1h"),
    ],
)
def test_a_mistake_is_named_with_its_place(environment: str, more: str, complaint: str) -> None:
    [found] = said(complaints_of(lambda: load(environment, more)))
    assert complaint in found
    assert found.startswith("tfops.yaml:")


@pytest.mark.parametrize(
    ("window", "now", "opens"),
    [
        ("mon-fri 09:00-17:00 Europe/Paris", "2026-11-25T08:00", "2026-11-25T08:00"),  # 9 o'clock there
        ("mon-fri 09:00-17:00 Europe/Paris", "2026-11-25T16:00", "2026-11-26T08:00"),
        ("mon-fri 09:00-17:00 Europe/Paris", "2026-11-27T16:00", "2026-11-30T08:00"),  # over the weekend
        ("mon-fri 09:00-17:00 Europe/Paris", "2026-10-23T16:00", "2026-10-26T08:00"),  # and over the end of summer time
        ("sat-mon 10:00-24:00 UTC", "2026-11-25T12:00", "2026-11-28T10:00"),
        ("wed 09:00-10:00", "2026-11-25T12:00", "2026-12-02T09:00"),  # a whole week
    ],
)
def test_a_window_knows_when_it_opens(window: str, now: str, opens: str) -> None:
    def moment(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)

    parsed = parse_window(window)
    assert next_open((parsed,), moment(now)) == moment(opens)
    assert parsed.is_open(moment(now)) == (now == opens)
