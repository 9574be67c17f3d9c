"""docs/reference/json-output.md names every field of every command's result."""

import dataclasses
import inspect
import re
from pathlib import Path

import pytest

from tfops.results import affected, changes, environments, files, places, sync

_PAGE = (Path(__file__).parent.parent.parent / "docs/reference/json-output.md").read_text()
_RESULTS = {
    "AdoptResult": "adopt",
    "AffectedResult": "affected",
    "ApproveResult": "approve",
    "BackendMoveResult": "backend move",
    "BackendResult": "backend check",
    "ChangeResult": "apply",
    "ConfigResult": "config show",
    "DoctorResult": "doctor",
    "DocumentResult": "docs",
    "DocumentsResult": "docs",
    "DriftResult": "drift",
    "DrillResult": "drill",
    "ExplainResult": "explain",
    "HistoryResult": "history",
    "HoldResult": "hold",
    "InitResult": "init",
    "InventoryResult": "inventory",
    "InvokeResult": "invoke",
    "LockResult": "lock",
    "LogResult": "log",
    "ModulesResult": "explain",
    "NewResult": "new environment",
    "PlanResult": "plan",
    "ProvidersResult": "providers lock",
    "PruneResult": "prune",
    "ReconcileResult": "reconcile",
    "RecoverResult": "recover",
    "RenderDiffResult": "render --diff",
    "RenderResult": "render",
    "ReversibleResult": "check",
    "RollbackPlanResult": "rollback --plan",
    "SchemaResult": "schema",
    "ShowResult": "show",
    "StateRestoreResult": "state restore",
    "StateVersionsResult": "state versions",
    "StatusResult": "status",
    "ValidateResult": "validate",
    "VerifyResult": "verify",
    "VersionResult": "version",
}


# A version is text, and what to tell is the agent's own, as tfops.yaml has it.
_OTHERS = ("TellRule", "Version", "VaultLogin")


def _classes() -> dict[str, type]:
    found = (
        inspect.getmembers(module, dataclasses.is_dataclass)
        for module in (affected, changes, files, environments, places, sync)
    )
    return {name: kind for members in found for name, kind in members if isinstance(kind, type)}


def test_every_result_is_somebodys() -> None:
    assert {name for name in _classes() if name.endswith("Result")} == set(_RESULTS)


@pytest.mark.parametrize("name", _RESULTS)
def test_the_page_has_every_field_of_a_result_in_its_commands_row(name: str) -> None:
    table = _PAGE.partition("## result, by command")[2]
    rows = [line for line in table.splitlines() if re.match(r"\|[^|]*`" + re.escape(_RESULTS[name]) + r"`", line)]
    assert len(rows) == 1
    named = set(re.findall(r"`([a-z_]+)`", rows[0]))
    assert {field.name for field in dataclasses.fields(_classes()[name])} - named == set()


@pytest.mark.parametrize(
    "name", sorted(name for name in _classes() if not name.endswith("Result") and name not in _OTHERS)
)
def test_the_page_has_every_field_of_what_results_are_made_of(name: str) -> None:
    named = set(re.findall(r"`([a-z_]+)`", _PAGE))
    shown = {field.name for field in dataclasses.fields(_classes()[name]) if field.metadata.get("shown", True)}
    assert shown - named == set()
