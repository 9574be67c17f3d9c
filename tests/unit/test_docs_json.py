"""docs/reference/json-output.md names every field of every command's result."""

import dataclasses
import inspect
import pkgutil
import re
from importlib import import_module
from pathlib import Path

import pytest

import tfops.views

_PAGE = (Path(__file__).parent.parent.parent / "docs/reference/json-output.md").read_text()
_RESULTS = {
    "AdoptAllResult": "adopt --all",
    "AdoptResult": "adopt",
    "AffectedResult": "affected",
    "ApproveResult": "approve",
    "BackendMoveResult": "backend move",
    "BackendResult": "backend check",
    "BisectPlanResult": "bisect --dry-run",
    "BisectResult": "bisect",
    "BlameResult": "blame",
    "ChangeResult": "apply",
    "ConfigResult": "config show",
    "DiffResult": "diff",
    "DoctorResult": "doctor",
    "DocumentResult": "docs",
    "DocumentsResult": "docs",
    "DriftResult": "drift",
    "DrillResult": "drill",
    "ExplainResult": "explain",
    "FmtResult": "fmt",
    "OutdatedResult": "outdated",
    "VendorResult": "vendor",
    "VendorCheckResult": "vendor --check",
    "GraphResult": "graph",
    "HistoryResult": "history",
    "HoldResult": "hold",
    "InitResult": "init",
    "InventoryResult": "inventory",
    "InvokeResult": "invoke",
    "LockResult": "lock",
    "LogResult": "log",
    "LogsResult": "logs",
    "ManyResult": "plan --all",
    "ModulesResult": "explain",
    "NewResult": "new environment",
    "OutputResult": "output",
    "PatchResult": "patch",
    "PlanResult": "plan",
    "PromotionResult": "promote",
    "ProvidersResult": "providers lock",
    "PruneResult": "prune",
    "ReconcileResult": "reconcile",
    "RecoverResult": "recover",
    "RenderDiffResult": "render --diff",
    "RunLogResult": "logs",
    "RenderResult": "render",
    "ReversibleResult": "check",
    "ReplicaResult": "replicate",
    "RestoreResult": "restore",
    "ReviewResult": "review",
    "RollbackPlanResult": "rollback --plan",
    "SchemaResult": "schema",
    "ShowResult": "show",
    "ShowReviewResult": "show --review",
    "StateRestoreResult": "state restore",
    "EngineResult": "engine",
    "SurgeryResult": "state rm",
    "TransferResult": "state mv",
    "StateVersionsResult": "state versions",
    "StatusResult": "status",
    "ValidateResult": "validate",
    "VerifyResult": "verify",
    "VersionResult": "version",
}


# A version is text, how to look is no result, and what to tell is the agent's own, as tfops.yaml has it.
_OTHERS = ("TellRule", "Version", "VaultLogin", "View")


def _classes() -> dict[str, type]:
    modules = [import_module(f"tfops.views.{found.name}") for found in pkgutil.iter_modules(tfops.views.__path__)]
    members = [inspect.getmembers(module, dataclasses.is_dataclass) for module in modules]
    of_results = [found for found in members if any(name.endswith("Result") for name, _ in found)]
    return {name: kind for found in of_results for name, kind in found if isinstance(kind, type) and name[0] != "_"}


def test_every_result_is_somebodys() -> None:
    assert {name for name in _classes() if name.endswith("Result")} == set(_RESULTS)


@pytest.mark.parametrize("name", _RESULTS)
def test_the_page_has_every_field_of_a_result_in_its_commands_row(name: str) -> None:
    table = _PAGE.partition("## result, by command")[2]
    rows = [line for line in table.splitlines() if re.match(r"\|[^|]*`" + re.escape(_RESULTS[name]) + r"`", line)]
    assert len(rows) == 1
    named = set(re.findall(r"`([a-z_]+)`", rows[0]))
    shown = {field.name for field in dataclasses.fields(_classes()[name]) if field.metadata.get("shown", True)}
    assert shown - named == set()


@pytest.mark.parametrize(
    "name", sorted(name for name in _classes() if not name.endswith("Result") and name not in _OTHERS)
)
def test_the_page_has_every_field_of_what_results_are_made_of(name: str) -> None:
    named = set(re.findall(r"`([a-z_]+)`", _PAGE))
    shown = {
        field.name
        for field in dataclasses.fields(_classes()[name])
        if field.metadata.get("shown", True) and not field.metadata.get("inline")
    }
    assert shown - named == set()
