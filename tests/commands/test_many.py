"""Many environments before anything is applied: what is shown, asked, and left out; and which are meant."""

import json
from collections.abc import Mapping

import pytest

from tests.support.engine_cases import one, other, two
from tests.support.recorded_project import Shop, Witness
from tfops.commands.labels import Labels
from tfops.commands.many import agreed_to
from tfops.commands.selecting import Selected, for_commit, select
from tfops.errors import ConfigError, NotApproved, Refused
from tfops.records.names import EnvName
from tfops.records.plan import Plan
from tfops.resolve.selection import Selection, parse_labels
from tfops.views.many import EnvironmentAnswer

MAIN = "module.main.terraform_data.main"
BODY = {"modules": {"main": {"source": "thing", "inputs": {"value": "1"}}}}
RULES = """\
version: 1
project: shop
environments:
  dev: {branch: main, labels: {tier: dev}}
  qa: {branch: main}
  prod: {branch: main, protected: true, labels: {tier: prod}}
  next: {branch: develop}
  drills: {rehearses: prod}
  "preview-{slug}": {branch: "feature/*", config: dev.yaml}
"""


def selected(shop: Shop, *globs: str) -> Selected:
    return for_commit(shop.project, Selection(globs=globs or ("*",)), Witness(), only_of_branch=True)


def shown(shop: Shop, *stopped: str) -> Mapping[EnvName, EnvironmentAnswer]:
    """The plan of one change for each environment, but for those that can't be planned, and `qa`, which has none."""
    plan, nothing = shop.plan().plan, Plan((), (), "0" * 64, is_empty=True)
    plans = {"dev": plan, "qa": nothing, "prod": plan}
    return {
        EnvName(env): EnvironmentAnswer(EnvName(env), True, 0, "", plan=found)
        if env not in stopped
        else EnvironmentAnswer(EnvName(env), False, 11, "held")
        for env, found in plans.items()
    }


@pytest.fixture
def several(shop: Shop) -> Shop:
    for env in ("qa", "prod", "next"):
        shop.write(f"environments/{env}.yaml", json.dumps(BODY))
    shop.rules(RULES)
    one(shop)
    return shop


def test_one_yes_with_the_totals_and_the_name_of_what_is_protected(several: Shop) -> None:
    ui = Witness(["yes", "prod"])
    plans = agreed_to(shown(several), selected(several), ui, yes=False)
    assert list(plans) == ["dev", "qa", "prod"]
    assert ui.questions == [
        "Apply to 2 environments: 2 to create?", "prod is protected: type its name to apply there",
    ]  # fmt: skip
    assert len(ui.plans) == 2, "what changes nothing isn't shown"


def test_a_protected_one_whose_name_is_not_typed_is_left_out_and_the_others_go_on(several: Shop) -> None:
    assert list(agreed_to(shown(several), selected(several), Witness(["yes", "yes"]), yes=False)) == ["dev", "qa"]


def test_a_no_and_nobody_to_ask_are_no_consent(several: Shop) -> None:
    with pytest.raises(NotApproved, match="the apply to 2 environments was not approved"):
        agreed_to(shown(several), selected(several), Witness(["no"]), yes=False)
    with pytest.raises(NotApproved, match="there is no terminal to ask on"):
        agreed_to(shown(several), selected(several), Witness(), yes=False)


def test_where_nothing_changes_nobody_is_asked_and_what_is_stopped_is_named(several: Shop) -> None:
    ui = Witness()
    assert list(agreed_to(shown(several, "dev", "prod"), selected(several), ui, yes=False)) == ["qa"]
    assert ui.warnings == ["2 of 3 can't be applied: dev (held), prod (held)"]


def test_a_plan_before_the_question_meets_all_that_would_refuse_the_apply(shop: Shop) -> None:
    shop.runs(one, two)
    shop.rules(
        "version: 1\nproject: shop\nprotect: [module.main.terraform_data.main]\nenvironments:\n  dev: {branch: main}\n"
    )
    other(shop)
    before = shop.git("for-each-ref"), shop.state()
    with pytest.raises(NotApproved, match="would lose what is protected"):
        shop.plan_apply()
    found = shop.plan_apply(allow_destroy=[MAIN])
    assert found.plan.digest == shop.plan().plan.digest
    assert (shop.git("for-each-ref"), shop.state()) == before, "nothing is recorded"
    shop.write("modules/thing/main.tf", "")
    with pytest.raises(Refused) as dirty:
        shop.plan_apply()
    assert dirty.value.guard == "dirty"


def test_what_any_commit_would_do(shop: Shop) -> None:
    shop.runs(one)
    shop.git("switch", "--quiet", "--create", "feature")
    commit = two(shop)
    shop.git("switch", "--quiet", "main")
    assert shop.plan().plan.is_empty
    found = shop.plan(against="feature")
    assert (found.commit.sha if found.commit else "", found.plan.is_empty) == (commit, False)
    shop.git("switch", "--quiet", "feature")
    assert shop.plan().plan.digest == found.plan.digest
    with pytest.raises(Refused) as unknown:
        shop.plan(against="nowhere")
    assert unknown.value.guard == "unknown-base"


def test_a_commit_is_for_what_is_bound_to_its_branch(several: Shop) -> None:
    several.git("branch", "feature/x")
    found = selected(several)
    assert found.environments == ("dev", "qa", "prod")
    assert found.left_out == {"next": "bound to develop, this is main"}
    assert selected(several, "next", "drills", "dev").environments == ("dev", "next", "drills")
    with pytest.raises(Refused, match="nothing that was selected is for this commit of main"):
        selected(several, "nex*")
    everything = select(several.project, Selection(everything=True), Witness()).environments
    assert [env for env in everything if env.startswith("preview")], "what is looked at has all of them"


def test_what_changed_since_a_commit(several: Shop) -> None:
    two(several)
    since = Selection(changed_since="HEAD~1")
    assert select(several.project, since, Witness()).environments == ("dev",)
    several.write("README.md", "words")
    several.commit("Words")
    found = select(several.project, since, Witness())
    assert (found.environments, found.text.partition(" ")[2]) == ((), "touches none of 5 environments")


def test_labels_of_files_are_remembered_until_a_file_is_another(several: Shop) -> None:
    def chosen(*labels: str) -> tuple[str, ...]:
        return select(several.project, Selection(labels=parse_labels(labels)), Witness()).environments

    several.write("environments/qa.yaml", json.dumps(BODY | {"labels": {"tier": "qa", "team": "web"}}))
    several.write("environments/prod.yaml", json.dumps(BODY | {"labels": {"tier": "other", "team": "web"}}))
    several.commit("Labels")
    assert chosen("team=web") == ("qa", "prod", "drills")
    assert chosen("tier=prod") == ("prod",), "what tfops.yaml says counts"
    kept = json.loads((several.workspace / "labels.json").read_text())
    assert kept["labels"]["/qa"] == {"tier": "qa", "team": "web"}
    several.write("environments/qa.yaml", json.dumps(BODY | {"labels": {"team": "data"}}))
    several.commit("Another")
    assert chosen("team=data") == ("qa",)
    several.write("environments/qa.yaml", "labels: {team: [")
    several.commit("Broken")
    with pytest.raises(ConfigError):
        chosen("team=web")
    labels = Labels.here(several.project, several.project.config_at(several.project.repository.head))
    assert labels.readable(EnvName("qa")) == {}, "who only shows them says nothing of it"
