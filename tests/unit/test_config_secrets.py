"""`secrets:` of tfops.yaml, and what it says about an environment's file."""

import json
from typing import Any

import pytest

from tests.support.memory_tree import MemoryTree, complaints_of, project_tree, rules_and_environment, said
from tfops.config.project import load_project
from tfops.config.secrets import SecretRules

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
