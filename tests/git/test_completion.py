"""What the shell completes (docs/how-to/install.md#completion): in a clone as it is, without engine or remote."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from tests.git.conftest import git
from tfops.cli import early
from tfops.cli.app import app
from tfops.cli.rows import TABLE, Row

_RULES = """\
version: 1
environments:
  dev: {branch: main}
  perf: {rehearses: prod}
  prod: {branch: main, labels: {tier: prod}}
  web-eu: {branch: main}
  web-us: {branch: main}
"""


@pytest.fixture
def project(here: Path) -> Path:
    (here / "tfops.yaml").write_text(_RULES)
    modules = ("legacy/a/main.tf", "modules/network/main.tf")
    for name in ("environments/prod/app.yaml", "environments/prod/network.yaml", *modules):
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text("labels:\n  team: web\nmodules:\n  a: {}\n" if name.endswith("app.yaml") else "")
    (here / "inventory.json").write_text(json.dumps({"module.db.x.main": "i-1", 'module.net.y.s["a"]': "", "z.z": ""}))
    card = {"outputs": {"db": {"host": "h"}}, "stacks": {"main": {}, "net": {}}}
    (here / "card.json").write_text(json.dumps(card))
    for path, module, block in (("root", "db", {"source": "db", "size": 1}), ("root/net", "vpc", {"cidr": "${…}"})):
        (here / path).mkdir()
        (here / path / "main.tf.json").write_text(json.dumps({"module": {module: block}}))
    git(here, "add", "inventory.json", "card.json", "root")
    git(here, "update-ref", "refs/tfops/envs/prod", git(here, "commit-tree", "-m", "Event", git(here, "write-tree")))
    for version in (1, 2):
        git(here, "tag", "-m", "a version", f"tfops/prod/v{version}", "HEAD")
    return here


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("apply prod --allow-destroy module.", ["module.db.x.main", 'module.net.y.s["a"]']),
        ("plan prod --target module.d", ["module.db", "module.db.x.main"]),
        ("drill p", ["perf", "prod"]),
        ("promote p", ["perf", "prod"]),
        ("promote web-eu p", ["perf", "prod"]),
        ("promote web-eu prod --allow-destroy module.d", ["module.db.x.main"]),
        ("patch --module net", ["network"]),
        ("patch --module network --env w", ["web-eu", "web-us", "web-*"]),
        ("patch --module network --label ti", ["tier=prod"]),
        ("diff prod v", ["v2", "v1"]),
        ("diff prod p", ["perf"]),
        ("diff prod v1 v", ["v2", "v1"]),
        ("blame prod module.d", ["module.db.x.main"]),
        ("output prod db", ["db.host"]),
        ("drill prod v", ["v2", "v1"]),
        ("bisect prod v", ["v2", "v1"]),
        ("bisect prod v1 v", ["v2", "v1"]),
        ("bisect prod v1 v2 --in p", ["perf", "prod"]),
        ("replicate pr", ["prod"]),
        ("replicate prod dr --version ", ["v2", "v1"]),
        ("replicate prod dr --set inputs.", ["inputs.db.size", "inputs.net/vpc.cidr"]),
        ("replicate prod dr --same a", ["account"]),
        ("replicate prod dr --branch ", ["main"]),
        ("restore d", ["dev"]),
        ("restore prod --rebuild --allow-duplicate z", ["z.z"]),
        ("drill prod v1 --in ", ["dev", "perf", "prod", "web-eu", "web-us"]),
        ("plan dev --engine emb", ["embedded"]),
        ("plan prod --stack ", ["app", "network"]),
        ("state restore prod v", ["v2", "v1"]),
        ("adopt d", ["dev"]),
        ("adopt dev leg", ["legacy/"]),
        ("adopt --all leg", ["legacy/"]),
        ("adopt --from terragrunt leg", ["legacy/"]),
        ("adopt --from ", ["terragrunt"]),
        ("adopt dev legacy/", ["legacy/a"]),
        ("adopt dev legacy/a --branch ", ["main"]),
        ("status pr", ["prod"]),
        ("plan --env w", ["web-eu", "web-us", "web-*"]),
        ("plan --label t", ["team=web", "tier=prod"]),
        ("docs go", ["go-back"]),
        ("help rol", ["rollback"]),
    ],
)
def test_the_shell_completes_what_is_there(project: Path, *, typed: str, offered: list[str]) -> None:
    words = ["tfops", *typed.split(" ")]
    env = {
        **os.environ,
        "_TFOPS_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(words),
        "COMP_CWORD": str(len(words) - 1),
    }
    argv = [sys.executable, "-c", "import sys; sys.argv = ['tfops']; from tfops.cli import main; main()"]
    done = subprocess.run(argv, env=env, cwd=project, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.split() == offered


_LINES = [
    "sta", "", "apply ", "apply p", "rollback prod ", "rollback prod v", "status dev p", "drift dev ", "show nowhere v",
    "lock d", "render x", "prune ", "show prod v1 ", "apply -", "apply --stack a", "status --output=j", "state res",
    "promote ", "promote web-eu p", "nothing here", "show prod --output json v", "-C . apply p",
]  # fmt: skip


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize("line", _LINES)
def test_what_is_answered_early_is_what_typer_answers(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, line: str, shell: str
) -> None:
    words = ["tfops", *line.split(" ")]
    monkeypatch.chdir(project)
    monkeypatch.setenv("_TFOPS_COMPLETE", f"complete_{shell}")
    monkeypatch.setenv("COMP_WORDS", " ".join(words))
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", " ".join(words))
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
    if not early.answer():
        return  # typer does
    answered = capsys.readouterr().out
    with pytest.raises(SystemExit):
        app(prog_name="tfops")
    assert capsys.readouterr().out == answered


@pytest.mark.parametrize("row", [row for row in TABLE if row.takes], ids=lambda row: row.name)
def test_a_row_says_what_its_command_takes(row: Row) -> None:
    command = get_command(app).get_command(None, row.name)  # type: ignore[attr-defined]
    arguments = [param for param in command.params if param.param_type_name == "argument"]
    taken = row.takes.split()
    assert [f"{param.metavar}S" if param.nargs == -1 else param.metavar for param in arguments][: len(taken)] == taken


def test_environments_and_versions_are_answered_early(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    monkeypatch.setenv("_TFOPS_COMPLETE", "complete_bash")
    for words, offered in ((["tfops", "apply", "p"], ["perf", "prod"]), (["tfops", "show", "prod", ""], ["v2", "v1"])):
        monkeypatch.setenv("COMP_WORDS", " ".join(words))
        monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
        assert early.answer()
        assert capsys.readouterr().out.split() == offered
