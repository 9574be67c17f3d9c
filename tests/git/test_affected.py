"""Which environments a commit touches, over real repositories. No engine is started."""

from pathlib import Path

import pytest

from tests.git.conftest import commit_file, git
from tests.support.cards import make_card
from tfops.change.project import Project
from tfops.commands.affected import affected
from tfops.errors import Refused
from tfops.ledger.record import record_version
from tfops.records.names import EnvName
from tfops.system.remote import Refs
from tfops.system.repository import Repository

RULES = """\
version: 1
project: shop
environments:
  dev: {branch: main}
  prod: {branch: main}
  live: {branch: live}
"""
NET = "modules: {net: {source: net, inputs: {size: %s}}}\n"


@pytest.fixture
def shop(here: Path) -> Path:
    """`dev` and `prod` use net, prod app too, which calls lib; `live` is on another branch. HEAD is on `topic`."""
    commit_file(here, "tfops.yaml", RULES)
    commit_file(here, "modules/net/main.tf", 'variable "size" { default = 1 }\n')
    commit_file(here, "modules/app/main.tf", 'module "lib" { source = "../lib" }\n')
    commit_file(here, "modules/lib/main.tf", 'output "x" { value = 1 }\n')
    commit_file(here, "environments/dev.yaml", NET % 1)
    commit_file(here, "environments/live.yaml", NET % 1)
    commit_file(here, "environments/prod.yaml", "modules: {net: {source: net}, app: {source: app}}\n")
    git(here, "branch", "live")
    git(here, "switch", "--quiet", "-c", "topic")
    return here


def _found(folder: Path, base: str | None = "main") -> dict[str, tuple[str, ...]]:
    return {str(one.env): one.reasons for one in affected(Project.open(folder), base).environments}


def test_an_input_touches_its_environment(shop: Path) -> None:
    commit_file(shop, "environments/dev.yaml", NET % 2)
    assert _found(shop) == {"dev": ("module net: input size",)}


def test_what_stands_beside_the_inputs_touches_its_environment(shop: Path) -> None:
    net = "modules: {net: {source: net, for_each: [a], providers: {aws: aws.b}, inputs: {size: '${local.a}'}}}\n"
    commit_file(shop, "environments/dev.yaml", f"locals: {{a: 1, b: 2}}\nproviders: {{aws.b: {{region: b}}}}\n{net}")
    assert _found(shop) == {
        "dev": ("provider aws.b", "locals a, b", "module net: input size", "module net: for_each, providers")
    }


def test_a_commit_alone_touches_nothing_that_names_it(shop: Path) -> None:
    commit_file(shop, "environments/dev.yaml", NET % "'${git.commit}'")
    git(shop, "branch", "--force", "main", "topic")
    commit_file(shop, "README.md", "words\n")
    assert _found(shop) == {}
    commit_file(shop, "environments/dev.yaml", NET % "'${git.branch}'")
    assert _found(shop) == {"dev": ("module net: input size",)}


def test_a_module_touches_who_uses_it_also_through_another_one(shop: Path) -> None:
    commit_file(shop, "modules/lib/main.tf", 'output "x" { value = 2 }\n')
    assert _found(shop) == {"prod": ("modules/lib changed: used by module app",)}
    commit_file(shop, "modules/net/main.tf", 'variable "size" { default = 2 }\n')
    assert set(_found(shop)) == {"dev", "prod"}


def test_each_environment_is_compared_with_its_own_branch(shop: Path) -> None:
    commit_file(shop, "modules/net/main.tf", 'variable "size" { default = 2 }\n')
    assert set(_found(shop, None)) == {"dev", "prod", "live"}
    assert set(_found(shop, "live")) == {"live"}


def test_what_no_engine_reads_touches_nothing_unless_the_code_names_it(shop: Path) -> None:
    for path in ("README.md", "tests/a.tftest.hcl", "examples/all/main.tf", ".tflint.hcl"):
        commit_file(shop, f"modules/net/{path}", "words\n")
    assert _found(shop) == {}
    commit_file(shop, "modules/app/README.md", "words\n")
    commit_file(shop, "modules/app/main.tf", 'output "text" { value = file("${path.module}/README.md") }\n')
    git(shop, "switch", "--quiet", "-c", "more")
    git(shop, "branch", "--force", "main", "more")
    commit_file(shop, "modules/app/README.md", "other words\n")
    assert _found(shop) == {"prod": ("modules/app changed: used by module app",)}


def test_the_base_moves_on_and_is_merged_in_without_touching_anything(shop: Path) -> None:
    commit_file(shop, "README.md", "mine\n")
    git(shop, "switch", "--quiet", "main")
    commit_file(shop, "environments/dev.yaml", NET % 5)
    git(shop, "switch", "--quiet", "topic")
    assert _found(shop) == {}
    git(shop, "merge", "--quiet", "--no-edit", "main")
    assert _found(shop) == {}


def test_what_is_undone_in_the_same_branch_is_no_change(shop: Path) -> None:
    commit_file(shop, "environments/dev.yaml", NET % 2)
    commit_file(shop, "environments/dev.yaml", NET % 1)
    assert _found(shop) == {}


def test_a_folder_under_another_name_is_the_same_module(shop: Path) -> None:
    git(shop, "mv", "modules/net", "modules/network")
    for env in ("dev", "live"):
        commit_file(shop, f"environments/{env}.yaml", (NET % 1).replace("source: net", "source: network"))
    commit_file(shop, "environments/prod.yaml", "modules: {net: {source: network}, app: {source: app}}\n")
    assert _found(shop) == {}


def test_new_and_removed_environments_and_another_branch(shop: Path) -> None:
    commit_file(shop, "environments/next.yaml", NET % 1)
    rules = RULES.replace("  dev: {branch: main}\n", "  next: {branch: main}\n")
    commit_file(shop, "tfops.yaml", rules.replace("prod: {branch: main}", "prod: {branch: release}"))
    assert _found(shop) == {
        "dev": ("removed from tfops.yaml",),
        "next": ("new in tfops.yaml",),
        "prod": ("bound to branch release, was main",),
    }


def test_the_provider_lock_touches_its_environment(shop: Path) -> None:
    commit_file(shop, "environments/dev.lock.hcl", "# empty\n")
    assert _found(shop) == {"dev": ("the provider lock",)}


def test_rules_and_defaults_of_the_project(shop: Path) -> None:
    commit_file(shop, "tfops.yaml", RULES + "engine: {version: '>= 1.5'}\n")
    assert _found(shop) == dict.fromkeys(("dev", "prod"), ("tfops.yaml: engine.version",))
    commit_file(shop, "tfops.yaml", RULES + "defaults: {net: {size: 3}}\n")
    assert _found(shop) == {"prod": ("module net: input size",)}, "dev says the size itself"
    commit_file(shop, "tfops.yaml", RULES.replace("dev: {branch: main}", "dev: {branch: main, protected: true}"))
    assert _found(shop) == {"dev": ("tfops.yaml: environments.dev.protected",)}


def test_the_target_of_a_link_counts(shop: Path) -> None:
    (shop / "modules/net/lib.tf").symlink_to("../lib/main.tf")
    git(shop, "add", "-A")
    git(shop, "commit", "--quiet", "-m", "link")
    git(shop, "branch", "--force", "main", "topic")
    commit_file(shop, "modules/lib/main.tf", 'output "x" { value = 7 }\n')
    assert set(_found(shop)) == {"dev", "prod"}


def test_an_environment_that_cannot_be_read_is_named_with_the_place(shop: Path) -> None:
    commit_file(shop, "environments/dev.yaml", "modules: {net: {source: nett}}\n")
    [reason] = _found(shop)["dev"]
    assert reason.startswith("can't be read: environments/dev.yaml:1:")


def test_any_commit_can_be_the_base_and_an_unknown_one_is_refused(shop: Path) -> None:
    commit_file(shop, "environments/live.yaml", NET % 4)
    assert _found(shop, "HEAD~1") == {"live": ("module net: input size",)}
    with pytest.raises(Refused, match="no branch and no commit `nowhere`"):
        _found(shop, "nowhere")


def test_what_is_not_compared_is_named_with_the_reason(shop: Path) -> None:
    commit_file(shop, "environments/later.yaml", NET % 1)
    commit_file(shop, "environments/rel.yaml", NET % 1)
    more = "  later: {branch: later}\n  rel: {branch: 'release/*'}\n"
    commit_file(shop, "tfops.yaml", RULES + more)
    found = affected(Project.open(shop), None)
    assert found.not_compared == {
        EnvName("later"): "this clone has no branch later: git fetch",
        EnvName("rel"): "bound to release/*, and no version says which branch: name one with --base",
    }
    commit = git(shop, "rev-parse", "main")
    git(shop, "branch", "release/1", commit)
    record_version(
        Repository(shop),
        Refs(Repository(shop)),
        make_card(commit, environment="rel", branch="release/1"),
        "x",
        base="",
    )
    assert set(affected(Project.open(shop), None).not_compared) == {"later"}, "its version says which branch"


def test_history_that_begins_anew_has_nothing_in_common(shop: Path) -> None:
    git(shop, "checkout", "--quiet", "--orphan", "anew")
    git(shop, "commit", "--quiet", "-m", "anew")
    found = affected(Project.open(shop), None)
    assert found.compared == 0 and set(found.not_compared) == {"dev", "prod", "live"}
    with pytest.raises(Refused, match="HEAD and the branch `main` have no commit in common"):
        _found(shop, "main")


def test_the_remotes_name_before_a_branch_is_taken_away(shop: Path, remote: Path) -> None:
    commit_file(shop, "environments/live.yaml", NET % 4)
    git(shop, "push", "--quiet", "origin", "main", "live")
    assert _found(shop, "origin/live") == {"live": ("module net: input size",)}
    assert _found(shop, "origin/main") == {}
