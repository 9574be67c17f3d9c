"""A hint can be typed as it stands: no option without its command."""

import pytest

from tfops.cli.hints import typed_in_full


@pytest.mark.parametrize(
    ("hint", "typed", "shown"),
    [
        ("when the fix is in: --lift-hold", "apply dev", "when the fix is in: tfops apply dev --lift-hold"),
        ("wait for it: --wait 10m", "apply dev --yes", "wait for it: tfops apply dev --yes --wait 10m"),
        ("look above, then run it again with --yes", "apply", "look above, then run it again: tfops apply --yes"),
        ("--module NAME", "adopt prod ./my folder", "tfops adopt prod './my folder' --module NAME"),
        (
            "name the environment, or set TFOPS_BRANCH",
            "-C shop apply --yes",
            "name the environment: tfops -C shop apply ENV --yes, or set TFOPS_BRANCH",
        ),
        ("did you mean `dev`?", "rollback dve v1 --plan", "tfops rollback dev v1 --plan"),
        ("did you mean `agent`?", "docs agnt", "tfops docs agent"),
        ("did you mean `app`?", "plan prod --stack ap", "tfops plan prod --stack app"),
        ("did you mean `dev` or `dev2`?", "plan dev1", "did you mean `dev` or `dev2`?"),
        ("--allow-dirty", "-C shop apply dev --allow-dirty", "tfops -C shop apply dev --allow-dirty"),
        (
            "if it may go, add: --allow-destroy 'm.a[\"x\"]' --allow-destroy 'm.b'",
            "rollback dev v1",
            "if it may go: tfops rollback dev v1 --allow-destroy 'm.a[\"x\"]' --allow-destroy 'm.b'",
        ),
        (
            "if it may go, add: --allow-destroy 'm.b'",
            "rollback dev v1 --allow-destroy m.a --yes",
            "if it may go: tfops rollback dev v1 --allow-destroy m.a --yes --allow-destroy 'm.b'",
        ),
        ("wait for it: --wait 10m", "apply dev --wait 5s --yes", "wait for it: tfops apply dev --yes --wait 10m"),
        (
            "look at it, then run it again with --yes",
            "bisect dev v1 v7 -- ./probe.sh --fast",
            "look at it, then run it again: tfops bisect dev v1 v7 --yes -- ./probe.sh --fast",
        ),
        ("or --engine tofu", "plan dev --engine=embedded", "or: tfops plan dev --engine tofu"),
        (
            "--engine PATH, of a Terraform that has them",
            "invoke dev a",
            "tfops invoke dev a --engine PATH, of a Terraform that has them",
        ),
        (
            "when the fix is in: --lift-hold",
            "apply dev --unattended -o json --yes",
            "when the fix is in: tfops apply dev --lift-hold",
        ),
        (
            "push it   (or override: --allow-unpushed)",
            "apply dev --max-deletes 2 --yes --until-asked --output json",
            "push it   (or override: tfops apply dev --max-deletes 2 --allow-unpushed)",
        ),
        (
            "commit them   (or override: --allow-dirty)",
            "apply dev",
            "commit them   (or override: tfops apply dev --allow-dirty)",
        ),
        ("tfops unlock dev --force", "apply dev", "tfops unlock dev --force"),
        ("git config --global user.name ann", "apply dev", "git config --global user.name ann"),
        ("log in again", "apply dev", "log in again"),
        ("", "apply dev", ""),
    ],
)
def test_an_option_gets_its_command(hint: str, typed: str, shown: str) -> None:
    argv = typed.split() if "my folder" not in typed else ["adopt", "prod", "./my folder"]
    assert typed_in_full(hint, argv) == shown
