"""Who owns an environment that is a root module of the repository, by CODEOWNERS."""

from pathlib import Path

from tests.support.sandbox import new_sandbox
from tfops.change.code_owners import with_owners
from tfops.change.project import Project
from tfops.config.project import ReviewRule
from tfops.records.names import EnvName

_OWNERS = ("* @all", "/live/prod/*.tf @ann", "/live/prod/*.tfvars @val", "/shared/ @shed", "/tfops.yaml @ops", "")


def test_whoever_owns_what_a_root_reads_owns_the_environment(tmp_path: Path) -> None:
    rules = "version: 1\nproject: shop\nenvironments:\n  prod: {branch: main, root: live/prod}\n"
    shop = new_sandbox(tmp_path / "shop", "none", rules=rules)
    files = {
        ".github/CODEOWNERS": "\n".join(_OWNERS),
        "live/prod/main.tf": 'module "net" { source = "../../shared/net" }\n',
        "live/prod/terraform.tfvars": "",
        "live/prod/README.md": "",
        "shared/net/main.tf": "",
        "elsewhere/main.tf": "",
    }
    for path, text in files.items():
        shop.write(path, text)
    shop.commit()
    project = Project.open(shop.path)
    tree, config = project.tree(worktree=False), project.config_at(project.repository.head)
    found = with_owners(project, config, EnvName("prod"), ReviewRule(), tree=tree, named_in=tree).owners
    assert found is not None and found.problem == ""
    assert set(found.people) == {"ann", "val", "shed", "ops"}
