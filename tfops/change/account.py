"""The account guard: nothing is planned against an AWS account that the environment doesn't name."""

from tfops.config.project import ProjectConfig
from tfops.errors import Refused
from tfops.records.card import AwsCaller
from tfops.records.names import EnvName
from tfops.render.providers import provider_settings
from tfops.system.aws import Access, access_of


def access_of_provider(rules: ProjectConfig, env: EnvName) -> Access:
    """AWS as the provider of the environment will reach it."""
    return access_of(provider_settings(rules, env).get("aws", {}))


def require_account(rules: ProjectConfig, env: EnvName, *, asks: bool = False) -> AwsCaller | None:
    """Who AWS takes us for, as the provider of the environment will ask it; None when no account is named, unless it
    is asked for all the same.

    Raises Refused (guard `wrong-account`), AwsRefused when AWS doesn't say.
    """
    rule = rules.environments.get(env)
    if (rule is None or not rule.account) and not asks:
        return None
    caller = access_of_provider(rules, env).caller()
    if rule is not None and rule.account and caller.account != rule.account:
        raise Refused(
            "wrong-account",
            f"{env} lives in the AWS account {rule.account}, these credentials are for {caller.account}",
            why=caller.arn,
            hint=f"log in to {rule.account} (AWS_PROFILE), or name a role: assume_role in tfops.yaml",
        )
    return caller
