"""Rules that were found right are remembered by their content; what stands in the file makes nothing else."""

import pickle
from pathlib import Path

import pytest

from tests.support.memory_tree import PROJECT, MemoryTree, project_tree
from tfops.config import environment
from tfops.config.rules import remembered_rules
from tfops.errors import ConfigError, ProjectError

_RICH = """\
version: 1
project: shop
engine: {use: tofu, version: ">= 1.6, < 2"}
backend:
  s3: {bucket: shop-tfstate, key: "{project}/{env}/{stack}.tfstate", lock: native, max_retries: 0012}
providers:
  aws: {region: eu-west-1, ratio: 1.10}
secrets: {exec: {pass: [pass, show]}, vault: {jwt: {mount: jwt, role: r, token_env: TOKEN}}}
encryption:
  key_provider: {pbkdf2: {main: {passphrase: {from: "env:PASSPHRASE"}}}}
  method: {aes_gcm: {main: {keys: key_provider.pbkdf2.main}}}
  state: {method: method.aes_gcm.main}
verify: [{http: "https://shop.example"}]
agent: {tell: [{to: slack, url_env: SLACK}]}
environments:
  dev: {branch: develop, windows: ["mon-fri 09:00-17:00 Europe/Paris"], drift: heal}
  "preview-{slug}": {branch: "feature/*", config: preview.yaml, ttl: 2h}
"""


def test_all_that_rules_may_say_comes_back_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = MemoryTree({"tfops.yaml": _RICH})
    first = remembered_rules(tree, tmp_path)
    monkeypatch.setattr(environment, "load_rules", lambda _: pytest.fail("read anew"))
    again = remembered_rules(tree, tmp_path)
    assert again == first
    assert again is not first
    assert repr(again) == repr(first), "numbers as they are written, too"


@pytest.mark.parametrize("files", [{"tfops.yaml": PROJECT.replace("dev", "qa")}, {"modules/other/main.tf": ""}])
def test_another_file_and_other_modules_are_other_rules(tmp_path: Path, files: dict[str, str]) -> None:
    remembered_rules(project_tree(), tmp_path)
    remembered_rules(MemoryTree({**project_tree().files, **files}), tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_mistakes_are_found_each_time(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(ConfigError):
            remembered_rules(project_tree(tfops="version: 1\noops: 1\n"), tmp_path)
        with pytest.raises(ProjectError):
            remembered_rules(MemoryTree({}), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_made_anew(tmp_path: Path) -> None:
    rules = remembered_rules(project_tree(), tmp_path)
    [file] = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-9])
    assert remembered_rules(project_tree(), tmp_path) == rules
    assert remembered_rules(project_tree(), tmp_path) == rules


class _Hostile:
    def __init__(self, made: Path) -> None:
        self.made = made

    def __reduce__(self) -> tuple[object, ...]:
        return Path.mkdir, (self.made,)


def test_a_file_that_somebody_else_wrote_runs_nothing(tmp_path: Path) -> None:
    rules = remembered_rules(project_tree(), tmp_path)
    [file] = tmp_path.iterdir()
    made = tmp_path / "made"
    file.write_bytes(pickle.dumps(_Hostile(made)))
    pickle.loads(file.read_bytes())
    made.rmdir()
    assert remembered_rules(project_tree(), tmp_path) == rules
    assert not made.exists()


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    for number in range(30):
        remembered_rules(project_tree(tfops=PROJECT.replace("shop", f"shop{number}")), tmp_path)
    assert len(list(tmp_path.iterdir())) == 20
