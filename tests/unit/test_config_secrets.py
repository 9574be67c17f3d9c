"""`secrets:` of tfops.yaml, and what it says about an environment's file."""

import json
from typing import Any

import pytest

from tests.support.memory_tree import MemoryTree, complaints_of, project_tree, rules_and_environment, said
from tfops.config.project import SecretRules
from tfops.config.project_file import load_project
from tfops.contacts import VaultLogin

RULES = "version: 1\nproject: shop\nenvironments: {dev: {branch: main}}\nsecrets: "


def rules(secrets: Any) -> SecretRules:
    return load_project(MemoryTree({"tfops.yaml": RULES + json.dumps(secrets)})).secrets


def about_rules(secrets: Any) -> list[str]:
    return said(complaints_of(lambda: rules(secrets)))


def about(reference: str, secrets: Any = None, **files: str) -> list[str]:
    """What is said about an environment with one secret."""
    dev = f'modules:\n  app:\n    source: service\n    inputs:\n      a: {{b: [{{from: "{reference}"}}]}}\n'
    tree = project_tree(dev=dev, tfops=RULES + json.dumps(secrets or {}))
    return said(complaints_of(lambda: rules_and_environment(MemoryTree({**tree.files, **files}))))


def test_without_a_word_every_kind_is_allowed_and_no_command_is_known() -> None:
    assert rules({}) == SecretRules()
    assert rules({}).allowed == ("env", "ssm", "secretsmanager", "sops", "vault", "exec")


def test_what_operations_say_is_read_whole() -> None:
    found = rules(
        {
            "allow": ["env", "exec"],
            "exec": {"keychain": ["pass", "show", "db"]},
            "aws": {"region": "eu-west-1", "endpoint": "http://x", "assume_role": "arn:aws:iam::123456789012:role/r"},
        }
    )
    assert (found.allowed, found.commands) == (("env", "exec"), {"keychain": ("pass", "show", "db")})
    assert found.aws is not None
    assert found.aws["assume_role"] == {"role_arn": "arn:aws:iam::123456789012:role/r"}
    assert found.aws["endpoints"]["ssm"] == "http://x"


@pytest.mark.parametrize(
    ("secrets", "complaint"),
    [
        ({"allow": ["smm"]}, "there are no secrets of the kind 'smm' (did you mean `ssm`?)"),
        ({"allow": "env"}, "`allow` must be a list (`- item` lines)"),
        ({"alow": []}, "unknown key `alow` (did you mean `allow`?)"),
        ({"exec": {"a b": ["x"]}}, "'a b' can't name a command (letters, digits, `_` and `-`)"),
        ({"exec": {"a": []}}, 'a command needs a program (for instance: ["pass", "show", "shop/db"])'),
        ({"exec": {"a": "pass show"}}, "`a` must be a list (`- item` lines)"),
        (
            {"exec": {"a": ["./get"]}},
            "'./get' would be looked for in whatever is checked out (write a program's name, or its path from /)",
        ),
        ({"aws": {"regoin": "x"}}, "unknown key `regoin` (did you mean `region`?)"),
        (
            {"aws": {"assume_role": "admin"}},
            "'admin' is not a role's ARN (for instance: arn:aws:iam::123456789012:role/deploy)",
        ),
    ],
)
def test_a_mistake_of_operations_is_a_complaint(secrets: Any, complaint: str) -> None:
    assert [text.partition(": ")[2] for text in about_rules(secrets)] == [complaint]


def test_a_kind_that_is_not_allowed_is_a_mistake_at_its_place() -> None:
    assert about("ssm:/a", {"allow": ["env", "exec"]}) == [
        "environments/dev.yaml:5:15: secrets of the kind `ssm:` are not allowed here "
        "(tfops.yaml allows: env, exec   (secrets.allow))"
    ]
    assert about("env:A", {"allow": []})[0].endswith("(tfops.yaml allows: none   (secrets.allow))")
    assert about("env:A", {"allow": ["env"]}) == []


def test_only_commands_that_operations_named_can_be_run() -> None:
    named = {"exec": {"keychain": ["pass"]}}
    assert about("exec:keychain", named) == []
    assert about("exec:keychian", named) == [
        "environments/dev.yaml:5:15: there is no command `keychian` for secrets (did you mean `keychain`?)"
    ]
    assert about("exec:x")[0].endswith("(operations name commands in tfops.yaml: secrets.exec)")


def test_a_file_that_is_not_in_the_commit_is_a_mistake() -> None:
    assert about("sops:secrets/dev.yaml#a", **{"secrets/dev.yaml": "sops: {}"}) == []
    assert about("sops:secrets/dev.yaml#a") == [
        "environments/dev.yaml:5:15: there is no file `secrets/dev.yaml` in the commit (commit it, encrypted)"
    ]


def test_an_unknown_kind_says_which_there_are() -> None:
    [complaint] = about("sm:/a")
    assert complaint.startswith("environments/dev.yaml:5:15: there are no secrets of the kind `sm:` (did you mean")


def test_what_may_be_named_is_bounded_by_kind_and_environment() -> None:
    names = {
        "names": {
            "ssm": ["/shop/{env}/*"],
            "secretsmanager": ["shop/*"],
            "vault": ["secret/shop/*"],
            "env": ["SHOP_*"],
            "sops": ["secrets/{env}.yaml"],
            "exec": [],
        },
        "exec": {"keychain": ["pass"]},
    }
    for allowed in (
        "ssm:/shop/dev/db",
        "ssm:/shop/dev/db:3",
        "secretsmanager:shop/db",
        "vault:secret/shop/a#b",
        "env:SHOP_A",
    ):
        assert about(allowed, names) == [], allowed
    assert about("sops:secrets/dev.yaml#a", names, **{"secrets/dev.yaml": "sops: {}"}) == []
    assert about("ssm:/shop/prod/db", names) == [
        "environments/dev.yaml:5:15: `ssm:/shop/prod/db` may not be used for dev "
        "(allowed: ssm:/shop/dev/*   (secrets.names))"
    ]
    arn = "secretsmanager:arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db-AbCdEf"
    refused = (
        arn,
        "vault:secret/other#a",
        "vault:auth/token/lookup-self#id",
        "env:AWS_SECRET_ACCESS_KEY",
        "exec:keychain",
    )
    for name in (*refused, "exec:keychain", "sops:secrets/prod.yaml#a"):
        assert "may not be used for dev" in about(name, names, **{"secrets/prod.yaml": "sops: {}"})[0], name


def test_a_parameter_that_is_a_managed_secret_counts_as_one() -> None:
    through = "ssm:/aws/reference/secretsmanager/shop/db"
    assert (
        about(through, {"allow": ["ssm"]})[0]
        .partition(": ")[2]
        .startswith("secrets of the kind `secretsmanager:` are not allowed here")
    )
    assert about(through, {"names": {"secretsmanager": ["shop/*"]}}) == []
    assert "may not be used" in about(through, {"names": {"secretsmanager": ["other/*"]}})[0]


def test_how_vault_is_reached_is_operations_business() -> None:
    found = rules({"vault": {"mounts": ["database/"], "jwt": {"role": "ci"}}})
    assert found.vault_mounts == ("database",)
    assert found.vault_login == VaultLogin("jwt", "jwt", {"token": "VAULT_ID_TOKEN"}, role="ci")
    approle = {"role_id_env": "R", "mount": "ci/approle"}
    assert rules({"vault": {"approle": approle}}).vault_login == VaultLogin(
        "approle", "ci/approle", {"role_id": "R", "secret_id": "VAULT_SECRET_ID"}
    )


@pytest.mark.parametrize(
    ("secrets", "complaint"),
    [
        ({"names": {"smm": ["x"]}}, "there are no secrets of the kind 'smm' (did you mean `ssm`?)"),
        ({"names": {"ssm": "x"}}, "`ssm` must be a list (`- item` lines)"),
        ({"vault": {"mount": []}}, "unknown key `mount` (did you mean `mounts`?)"),
        ({"vault": {"mounts": ["a b"]}}, "'a b' names no mount (without the path inside of it: database)"),
        ({"vault": {"jwt": {}}}, "`role` is missing"),
        ({"vault": {"jwt": {"role": "x", "rol": "y"}}}, "unknown key `rol` (did you mean `role`?)"),
        (
            {"vault": {"jwt": {"role": "x"}, "approle": {}}},
            "a run logs in one way: `approle` or `jwt` (take one of the two out)",
        ),
    ],
)
def test_a_mistake_about_names_or_vault_is_a_complaint(secrets: Any, complaint: str) -> None:
    assert [text.partition(": ")[2] for text in about_rules(secrets)] == [complaint]
