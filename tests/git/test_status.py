"""What `status` asks Git: as much for many environments as for a few."""

from pathlib import Path

from tests.git.conftest import commit_file, git
from tests.support.cards import make_card
from tfops.change.project import Project
from tfops.cli.terminal import Terminal
from tfops.commands.status import status
from tfops.ledger.versions import write_version_tag
from tfops.system.repository import Repository


def test_environments_that_only_tags_know_cost_no_process_each(here: Path) -> None:
    commit_file(here, "tfops.yaml", "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main}\n")
    started = []
    for count in (3, 30):
        repository = Repository(here)
        for number in range(count):
            card = make_card(repository.head, environment=f"e{number}")
            tag = write_version_tag(repository, card, "1 created")
            git(here, "update-ref", tag.ref, tag.new)
        project = Project.open(here)
        assert len(status(project, fetch=False, ui=Terminal(quiet=True)).environments) == count + 1
        started.append(project.repository.git.started)
    assert started[0] == started[1]
