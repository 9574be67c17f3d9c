"""The roots in a ledger, newest first: each version has what its own event has, however many events there are."""

import subprocess
from pathlib import Path

import pytest

from tests.git.conftest import git
from tfops.errors import Refused
from tfops.ledger.rendered import read_roots, recorded_roots
from tfops.records.names import EnvName
from tfops.system.repository import Repository

DEV = EnvName("dev")
MAIN, VALUES = "main.tf.json", "terraform.tfvars.json"
_FACTS = "Tfops-Run: r\nTfops-By: ann\nTfops-At: 2026-01-01T00:00:00Z\n"


def _event(kind: str, text: str, *files: str) -> str:
    message = f"{text}\n\nTfops-Event: {kind}\n{_FACTS}"
    head = f"commit refs/tfops/envs/dev\ncommitter ann <a@example.com> 1 +0000\n{_data(message)}"
    return head + "".join(files) + "\n"


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"


def _file(path: str, text: str) -> str:
    return f"M 100644 inline {path}\n{_data(text)}"


def _values(text: str) -> str:
    return _file(f"root/{VALUES}", text)


def _write(here: Path, *events: str) -> None:
    argv = ["git", "-C", str(here), "fast-import", "--quiet"]
    subprocess.run(argv, input="".join(events).encode(), check=True)


def _texts(here: Path) -> list[tuple[int, str | None, str | None]]:
    repository = Repository(here)
    roots = read_roots(repository, recorded_roots(repository, DEV, (MAIN, VALUES)))
    return [(root.number, main, values) for root, (main, values) in roots]


def test_a_root_that_was_begun_and_never_recorded_is_no_versions(here: Path) -> None:
    _write(
        here,
        _event("claimed", "dev: claimed"),
        _event("begun", "dev: begun", _file(f"root/{MAIN}", "main"), _values("1")),
        _event("recorded", "dev v1: apply", _file("card.json", "{}")),
        _event("begun", "dev: begun", _values("broken")),
        _event("failed", "dev v2: that is no version"),
        _event("begun", "dev: begun", _values("2")),
        _event("recorded", "dev v2: apply"),
        _event("recorded", "dev v3: destroy", f"D root/{MAIN}\n", f"D root/{VALUES}\n"),
        _event("recorded", "dev v4: apply", _file(f"root/{MAIN}", "main"), _values("4")),
        _event("locked", "dev: locked"),
    )
    assert _texts(here) == [(4, "main", "4"), (3, None, None), (2, "main", "2"), (1, "main", "1")]


def test_thousands_of_events_are_read_as_a_few(here: Path) -> None:
    events = [_event("recorded", f"dev v{number}: apply", _values(str(number // 3))) for number in range(1, 1201)]
    _write(here, *events)
    repository = Repository(here)
    found = list(read_roots(repository, recorded_roots(repository, DEV, (MAIN, VALUES))))
    assert [root.number for root, _ in found] == list(range(1200, 0, -1))
    assert [texts for _, texts in found] == [[None, str(number // 3)] for number in range(1200, 0, -1)]
    assert repository.git.started <= 8


def test_who_stops_early_reads_no_more(here: Path) -> None:
    _write(here, *(_event("recorded", f"dev v{number}: apply", _values(str(number))) for number in range(1, 1201)))
    repository = Repository(here)
    roots = read_roots(repository, recorded_roots(repository, DEV, (MAIN, VALUES)))
    assert next(roots)[0].number == 1200
    assert repository.git.started <= 3


def test_settings_of_a_person_change_nothing(here: Path) -> None:
    _write(here, _event("recorded", "dev v1: apply", _values("1")), _event("recorded", "dev v2: apply", _values("2")))
    for name, value in (("log.showSignature", "true"), ("log.showRoot", "false"), ("diff.renames", "copies"),
                        ("diff.relative", "true"), ("log.follow", "true"), ("core.abbrev", "4"),
                        ("color.ui", "always"), ("diff.noprefix", "true")):  # fmt: skip
        git(here, "config", name, value)
    assert _texts(here) == [(2, None, "2"), (1, None, "1")]


def test_a_ledger_that_is_not_there_or_not_whole(here: Path) -> None:
    assert _texts(here) == []
    _write(here, *(_event("recorded", f"dev v{number}: apply", _values(str(number))) for number in (1, 2, 3)))
    first = git(here, "rev-list", "--reverse", "refs/tfops/envs/dev").split()[0]
    path = here / ".git/objects" / first[:2] / first[2:]
    path.chmod(0o600)
    path.unlink()
    with pytest.raises(Refused) as refused:
        _texts(here)
    assert refused.value.guard == "damaged-ledger"
