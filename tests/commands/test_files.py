"""Commands about files and commits that start no engine: `render`, `check --reversible`, `new`, `init`, `doctor`."""

from pathlib import Path

import pytest

from tests.support.engine_cases import one, two
from tests.support.recorded_fixtures import Open
from tests.support.recorded_project import RULES, Shop, Witness
from tfops.commands.doctor import doctor
from tfops.commands.fmt import fmt
from tfops.commands.init import init
from tfops.commands.new import new_environment, new_module
from tfops.commands.rendering import render, render_diff
from tfops.errors import ConfigError, Refused, UsageError
from tfops.exits import Exit
from tfops.views.fmt import FmtResult

_PROTECTED = "  lifecycle { prevent_destroy = true }\n"


def problems(shop: Shop) -> dict[str, str]:
    return {one.topic: one.text for one in doctor(shop.path, str(shop.engine.path)).findings if one.is_problem}


# render


def test_what_is_rendered_is_what_the_card_says_was_applied(shop: Shop) -> None:
    shop.runs(one)
    shown = render(shop.project, "dev", worktree=False)
    assert shown.digest == shop.card().rendered_digest
    assert set(shown.files) == {"main.tf.json", "backend.tf.json", "terraform.tfvars.json"}


def test_a_rendered_root_is_written_nowhere(shop: Shop) -> None:
    one(shop)
    render(shop.project, "dev", worktree=False)
    assert not (shop.workspace / "roots").exists() and shop.git("status", "--porcelain") == ""


def test_the_difference_to_a_version_is_the_input_that_changed(shop: Shop) -> None:
    shop.runs(one)
    assert render_diff(shop.project, "dev", "v1", worktree=False, ui=Witness()).diff == ()
    two(shop)
    diff = render_diff(shop.project, "dev", "v1", worktree=False, ui=Witness()).diff
    changed = [line for line in diff if line.startswith(("+ ", "- "))]
    assert [line.split() for line in changed] == [["-", '"value":', '"one"'], ["+", '"value":', '"two"']]


def test_the_work_tree_is_rendered_with_what_is_not_committed(shop: Shop) -> None:
    shop.runs(one)
    path = shop.path / "environments/dev.yaml"
    path.write_text(path.read_text().replace("one", "two"))
    diff = render_diff(shop.project, "dev", "v1", worktree=True, ui=Witness())
    assert diff.commit is None and any('"two"' in line for line in diff.diff)


def test_a_version_rendered_under_other_rules_is_said(shop: Shop) -> None:
    shop.runs(one)
    shop.rules(RULES.replace("project: shop", "project: shop\ndefaults: {}"))
    ann = Witness()
    render_diff(shop.project, "dev", "v1", worktree=False, ui=ann)
    assert ann.warnings == [], "these rules change no root"


# check --reversible


def check(shop: Shop, *, with_plan: bool = False) -> list[str]:
    found = shop.one_way_doors(with_plan=with_plan)
    assert found.exit_code == (Exit.NOT_PASSED if found.doors else Exit.DONE)
    return [door.name for door in found.doors]


def test_before_anything_runs_no_door_is_one_way(shop: Shop) -> None:
    one(shop)
    assert check(shop) == []


def test_a_protection_that_is_taken_away_is_a_one_way_door(play: Open) -> None:
    shop = play("life", rules=f"{RULES}protect: [module.main.terraform_data.main]\n")
    shop.runs(one)
    assert check(shop) == []
    shop.write("modules/other/main.tf", 'variable "value" {}\n')
    shop.wants("other", value="one")
    assert check(shop), "what is protected is no longer declared"


def test_a_change_that_loses_nothing_is_reversible_by_its_plan(shop: Shop) -> None:
    shop.runs(one)
    two(shop)
    assert check(shop, with_plan=True) == []
    assert shop.tags() == ["tfops/dev/v1"]


# new


def test_a_new_environment_is_a_file_and_a_line(shop: Shop) -> None:
    one(shop)
    made = new_environment(shop.project, "prod", like="dev", branch="production")
    assert (made.written, made.changed, made.branch) == (("environments/prod.yaml",), ("tfops.yaml",), "production")
    assert "extends: dev.yaml" in (shop.path / "environments/prod.yaml").read_text()
    assert "prod: {branch: production}" in (shop.path / "tfops.yaml").read_text()
    shop.commit()
    shop.git("switch", "--quiet", "-c", "production")
    assert str(shop.apply("prod").version) == "v1", "it is like dev"


@pytest.mark.parametrize(("name", "branch"), [("Pr od", None), ("../prod", None), ("prod", "a..b")])
def test_a_name_that_cannot_be_is_refused(shop: Shop, name: str, branch: str | None) -> None:
    one(shop)
    with pytest.raises(UsageError):
        new_environment(shop.project, name, like=None, branch=branch)
    assert shop.git("status", "--porcelain") == ""


def test_what_is_there_already_is_not_written_over(shop: Shop) -> None:
    one(shop)
    with pytest.raises(Refused) as refused:
        new_environment(shop.project, "dev", like=None, branch=None)
    assert refused.value.guard == "exists"
    with pytest.raises(Refused) as refused:
        new_module(shop.project, "Thing".lower())
    assert refused.value.guard == "exists" and shop.git("status", "--porcelain") == ""


def test_a_new_module_can_be_planned_with(shop: Shop) -> None:
    one(shop)
    made = new_module(shop.project, "queue")
    assert "modules/queue/main.tf" in made.written
    assert all((shop.path / path).is_file() for path in made.written)


# init


def test_an_empty_folder_becomes_a_project_with_a_first_commit(tmp_path: Path) -> None:
    made = init(tmp_path, "fresh", Witness(), yes=True)
    assert made.commit and "tfops.yaml" in made.written
    again = init(tmp_path, "fresh", Witness(), yes=True)
    assert (again.written, again.commit) == ((), ""), "what is there stays"


def test_a_repository_is_never_committed_to(shop: Shop) -> None:
    shop.commit("Begin")
    head = shop.git("rev-parse", "HEAD")
    ann = Witness()
    made = init(shop.path, None, ann, yes=True)
    assert "tfops.yaml" in made.kept and shop.git("rev-parse", "HEAD") == head
    assert any("nothing was committed" in note for note in ann.notes)


# doctor


def test_a_whole_project_has_no_problem(shared: Shop) -> None:
    one(shared)
    assert problems(shared) == {}


def test_each_problem_is_a_finding_and_none_stops_the_others(shared: Shop) -> None:
    shared.write("environments/dev.yaml", "modules: [")
    shared.commit()
    (shared.path.parent / "remote.git").rename(shared.path.parent / "away.git")
    found = problems(shared)
    assert {"remote", "environment dev"} <= found.keys()
    assert "environments/dev.yaml:1" in found["environment dev"]


def test_a_remote_that_takes_no_ledger_is_found_before_the_first_apply(shared: Shop) -> None:
    one(shared)
    hook = shared.path.parent / "remote.git/hooks/pre-receive"
    hook.write_text('#!/bin/sh\ngrep -q refs/tfops || exit 0\necho "no such names" >&2\nexit 1\n')
    hook.chmod(0o755)
    assert "no version of dev could be recorded" in problems(shared)["recording"]
    assert shared.git("ls-remote", "origin", "refs/tfops/*", "refs/tags/*") == "", "tried without a trace"


def test_an_engine_that_is_none_is_a_problem(shop: Shop) -> None:
    one(shop)
    shop.engine.path.write_text("#!/bin/sh\necho hello\n")
    assert "answers neither like Terraform nor like OpenTofu" in problems(shop)["engine"]


@pytest.mark.parametrize("forge", ["github", "gitlab", "gitea"])
def test_a_pipeline_is_all_that_a_project_which_exists_gets(shop: Shop, forge: str) -> None:
    shop.commit("Begin")
    made = init(shop.path, None, Witness(), yes=True, ci=forge)
    changed = shop.git("status", "--porcelain", "-uall").splitlines()
    assert sorted(line[3:] for line in changed) == sorted(made.written), "no starter, and nothing was committed"
    assert (made.kept, made.environment, made.commit) == ((), "dev", "")
    again = init(shop.path, None, Witness(), yes=True, ci=forge)
    assert (again.written, set(again.kept)) == ((), set(made.written))
    assert again.to_do == made.to_do, "the files are as they would be written"


def test_a_file_of_the_pipeline_that_is_there_stays_and_what_it_lacks_is_said(shop: Shop) -> None:
    shop.write(".gitlab-ci.yml", "test: {script: [make test]}\n")
    shop.commit("Begin")
    made = init(shop.path, None, Witness(), yes=True, ci="gitlab")
    assert made.kept == (".gitlab-ci.yml",) and made.written == (".gitlab/tfops.yml",)
    assert made.to_do[0] == "include it in .gitlab-ci.yml: `include: [{local: /.gitlab/tfops.yml}]`"
    shop.rules(RULES.replace("dev: {branch: main}", "dev: {branch: main, sync: manual}\n  perf: {branch: main}"))
    written = (shop.path / ".gitlab/tfops.yml").read_text()
    again = init(shop.path, None, Witness(), yes=True, ci="gitlab")
    assert "dev: reviewed, and applied or promoted by a person, as `sync` and `promote` say" in again.to_do
    assert any(line.startswith(".gitlab/tfops.yml isn't what would be written now") for line in again.to_do)
    assert (shop.path / ".gitlab/tfops.yml").read_text() == written


def test_a_new_project_s_first_commit_has_the_pipeline(tmp_path: Path) -> None:
    made = init(tmp_path, "fresh", Witness(), yes=True, ci="github")
    assert made.commit and {"tfops.yaml", ".github/workflows/tfops-apply-main.yml"} <= set(made.written)
    assert made.to_do[0].startswith("set a backend that jobs share"), "a job's clone is thrown away"


def test_a_broken_project_gets_no_pipeline(shop: Shop) -> None:
    shop.write("tfops.yaml", f"{RULES}enviroments: {{}}\n")
    shop.commit("Begin")
    with pytest.raises(ConfigError):
        init(shop.path, None, Witness(), yes=True, ci="github")
    assert shop.git("status", "--porcelain") == ""


# fmt

_UNTIDY = "extends:  base.yaml\nmodules:\n    main:   \n        inputs:\n          zones:\n          - a # first\n"
_TIDY = "extends:  base.yaml\nmodules:\n  main:\n    inputs:\n      zones:\n        - a # first\n"


def _fmt(shop: Shop, *named: str, check: bool = False, diff: bool = False) -> FmtResult:
    return fmt(shop.project, shop.path, named, writes=not (check or diff), compares=diff)


def test_files_are_formatted_where_they_lie_with_their_modes(shop: Shop) -> None:
    path = shop.path / "environments/dev/web.yaml"
    shop.write("environments/dev/web.yaml", _UNTIDY)
    path.chmod(0o640)
    checked = _fmt(shop, check=True)
    assert (checked.changed, checked.exit_code) == (("environments/dev/web.yaml",), Exit.CHANGES)
    shown = _fmt(shop, "environments", diff=True)
    assert "-          - a # first" in shown.diff and "+        - a # first" in shown.diff
    assert path.read_text() == _UNTIDY, "both only look"
    done = _fmt(shop)
    assert (done.changed, done.files, done.exit_code) == (checked.changed, 2, Exit.DONE)
    assert (path.read_text(), path.stat().st_mode & 0o777) == (_TIDY, 0o640)
    assert _fmt(shop, check=True).exit_code == Exit.DONE


def test_line_ends_are_made_one(shop: Shop) -> None:
    path = shop.path / "tfops.yaml"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert _fmt(shop, "tfops.yaml", diff=True).diff == ("# tfops.yaml: line ends only",)
    _fmt(shop, "tfops.yaml")
    assert b"\r" not in path.read_bytes()


def test_one_file_with_a_mistake_keeps_all_as_they_are(shop: Shop) -> None:
    shop.write("environments/dev.yaml", _UNTIDY)
    shop.write("environments/prod.yaml", "modules:\n  a: {\n")
    shop.write("environments/test.yaml", "a: 1\na: 2\n")
    with pytest.raises(ConfigError) as caught:
        _fmt(shop)
    assert [str(one.mark) for one in caught.value.complaints] == [
        "environments/prod.yaml:3:1",
        "environments/test.yaml:2:1",
    ]
    assert (shop.path / "environments/dev.yaml").read_text() == _UNTIDY


def test_what_is_no_file_of_tfops_is_not_formatted(shop: Shop) -> None:
    shop.write("environments/ignored.yaml", _UNTIDY)
    shop.write(".gitignore", "environments/ignored.yaml\n")
    (shop.path / "environments/link.yaml").symlink_to("ignored.yaml")
    assert _fmt(shop).files == 1
    for name in ("environments/ignored.yaml", "environments/link.yaml", "README.md", "../elsewhere.yaml"):
        with pytest.raises(UsageError, match="there is no file to format at"):
            _fmt(shop, name)
