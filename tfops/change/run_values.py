"""What only a run knows: `${git.commit}` and its like, for the roots of a change; a way back takes what a card has."""

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from tfops.change.account import access_of_provider, require_account
from tfops.change.content import Content
from tfops.change.run import Run
from tfops.change.snapshot import Snapshot
from tfops.config.project import ProjectConfig
from tfops.errors import Refused, TfopsError
from tfops.records.card import AwsCaller
from tfops.records.names import EnvName, StackName
from tfops.records.version import Kind
from tfops.render.providers import provider_settings

if TYPE_CHECKING:
    from tfops.records.card import Card

_OF_COMMIT = ("git.commit", "git.branch")
_ACCOUNT, _REGION = "aws.account_id", "aws.region"


def known_values(rules: ProjectConfig, env: EnvName, commit: str, branch: str) -> dict[str, str]:
    """By name, what needs no question to anybody; the account is the one that tfops.yaml names, where it does."""
    rule = rules.environments.get(env)
    region = (provider_settings(rules, env).get("aws") or {}).get("region")
    found = {
        "git.commit": commit,
        "git.branch": branch,
        "env.name": str(env),
        _ACCOUNT: rule.account if rule else "",
        _REGION: region if isinstance(region, str) else "",
    }
    return {name: value for name, value in found.items() if value or name in _OF_COMMIT}


def recorded_values(card: "Card | None", env: EnvName) -> dict[StackName, Mapping[str, str]]:
    """By stack, what a card says that its version was given; of another environment's, what is of its commit."""
    parts = card.stacks.items() if card else ()
    is_own = card is not None and card.environment == env
    return {
        StackName(name): {key: value for key, value in part.run_values.items() if is_own or key in _OF_COMMIT}
        for name, part in parts
    }


def steady(facts: Snapshot, content: Content) -> Content:
    """A new commit's content; where it is in all else what runs, what it says of its commit stays what that has.

    So a commit that touches nothing changes nothing: not what `status` says, nor what a plan does.
    """
    card, names = facts.current_card if facts.latest else None, set[str]()
    for stack in content.environment.stacks:
        names |= content.run_names(stack) & set(_OF_COMMIT)
    if not names or card is None or card.kind in (Kind.DESTROY, Kind.SURGERY) or not _renders_the_same(facts, content):
        return content
    kept = {
        stack: {name: value for name, value in values.items() if name in _OF_COMMIT}
        for stack, values in recorded_values(card, facts.env).items()
    }
    return replace(content, recorded=kept)


def _renders_the_same(facts: Snapshot, content: Content) -> bool:
    from tfops.change.commit_effect import renders_the_same  # noqa: PLC0415 - few environments take any of a commit

    with contextlib.suppress(TfopsError):  # the commit that runs may be gone
        return renders_the_same(facts, content)
    return False


def asked_values(run: Run, content: Content, stack: StackName) -> tuple[Content, AwsCaller | None]:
    """The content with what only AWS, or this machine, says, and who AWS takes us for.

    Raises as `require_account`, Refused (guard `no-region`).
    """
    rules, env = content.rules, content.environment.name
    asks = any(_ACCOUNT in _missing(content, name) for name in content.environment.stacks)
    caller = run.caller(lambda: require_account(rules, env, asks=asks))
    was = content.run_values(stack).get(_ACCOUNT)
    if caller and was and was != caller.account:
        run.ui.warn(f"`${{{_ACCOUNT}}}` is {was}, as it was then; the credentials are for {caller.account}")
    found: dict[str, str] = {}
    if _ACCOUNT in _missing(content, stack) and caller:
        found[_ACCOUNT] = caller.account
    if _REGION in _missing(content, stack):
        found[_REGION] = _region(rules, env)
    return (replace(content, known={**content.known, **found}) if found else content), caller


def _missing(content: Content, stack: StackName) -> frozenset[str]:
    return content.run_names(stack) - content.run_values(stack).keys()


def _region(rules: ProjectConfig, env: EnvName) -> str:
    found = access_of_provider(rules, env).told_region
    if not found:
        raise Refused(
            "no-region",
            f"`${{{_REGION}}}` has no value: nothing says in which region {env} lives",
            hint=f"environments.{env}.region in tfops.yaml, or AWS_REGION",
        )
    return found
