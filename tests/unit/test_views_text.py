"""What people read: every result at 80 and at 200 columns, without colour, to the letter."""

import inspect
import io
import pkgutil
import re
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import tfops.views
from tests.support.cards import make_card
from tests.support.golden import assert_golden
from tests.support.samples import ANN, DEV, NOW, PROD, make_commit, make_record, sha
from tfops.errors import ConfigError, EngineFailed, Interrupted, NotRecorded, Refused, StoppedPartWay, TfopsError
from tfops.forge.base import OpenRequest
from tfops.ledger.codec import to_plain
from tfops.records.action import ActionOutcome, ActionState
from tfops.records.bisect import Answer
from tfops.records.blame import BlameKind
from tfops.records.blocked import Agreement
from tfops.records.card import Approval, ModuleUsed, StackRecord
from tfops.records.check import CheckFinding, CheckOutcome
from tfops.records.commit import Person
from tfops.records.complaint import Complaint, Mark
from tfops.records.config_line import ConfigLine
from tfops.records.copied import CopiedModule
from tfops.records.decision import Decision, SyncReason
from tfops.records.difference import Difference, DifferenceKind
from tfops.records.difference import Group as About
from tfops.records.drill import Drill
from tfops.records.engine_events import Diagnostic, Event, PlannedEvent, ReadingEvent, ResourceEvent, Step
from tfops.records.event import LedgerEvent
from tfops.records.finding import Finding
from tfops.records.hold import Hold
from tfops.records.lock import Holder
from tfops.records.names import MAIN_STACK, EnvName, StackName
from tfops.records.outdated import SourceKind, Standing, UsedSource
from tfops.records.plan import Action, AttributeChange, Plan, ResourceChange
from tfops.records.promotion import PromotedVersion
from tfops.records.review import ReviewedPlan
from tfops.records.run import Trouble
from tfops.records.run_log import LogLine, RunLog
from tfops.records.verdict import Judgement, Reason, Verdict
from tfops.records.version import Kind, Verified, Version
from tfops.system.streams import LOG_COLUMNS
from tfops.views.about import DocumentResult, DocumentsResult, VersionResult
from tfops.views.adopt import AdoptResult
from tfops.views.adopt_all import AdoptAllResult, FoundRoot, NotTaken
from tfops.views.affected import AffectedEnvironment, AffectedResult
from tfops.views.backend import BackendMoveResult, BackendResult, BucketReport, MovedState, OldCopy
from tfops.views.base import View, add_row, text_report
from tfops.views.bisect import BisectPlanResult, BisectResult, BisectStep
from tfops.views.blame import BlameResult, BlameStep
from tfops.views.change import ChangeResult, InvokeResult, RecoverResult
from tfops.views.config import ConfigResult, StackLines
from tfops.views.diff import DiffKind, DiffResult, DiffSide, MergedRequest
from tfops.views.diff_markdown import DiffMarkdown
from tfops.views.doctor import DoctorResult
from tfops.views.draw import Group, Indented, Lines, Remarked, Renderable, Table, Text, as_plain
from tfops.views.drift import DriftResult, EnvironmentDrift
from tfops.views.drill import DrillResult
from tfops.views.environment_review import EnvironmentReview
from tfops.views.errors import error_report
from tfops.views.explain import ExplainResult, InputFact, ModuleFact, ModulesResult, OutputFact
from tfops.views.fmt import FmtResult
from tfops.views.graph import EnvironmentNode, GraphForm, GraphResult, ModuleNode, ModuleUse, StackNode
from tfops.views.history import HistoryEntry, HistoryResult
from tfops.views.init import InitResult, NewResult
from tfops.views.inventory import InventoryResult
from tfops.views.lock import HoldResult, LockResult
from tfops.views.log import LogResult
from tfops.views.logs import LogsResult, RunLogResult
from tfops.views.many import EnvironmentAnswer, ManyResult
from tfops.views.outdated import OutdatedResult
from tfops.views.output import OutputForm, OutputResult
from tfops.views.patch import PatchedEnvironment, PatchMarkdown, PatchResult, PatchState
from tfops.views.plan import PlanResult, RollbackPlanResult
from tfops.views.plan_lines import plan_report
from tfops.views.progress import event_line, finished_line
from tfops.views.promotion import PromotionResult, PromotionStep
from tfops.views.providers import ProviderMove, ProvidersResult
from tfops.views.reconcile import Act, ApproveResult, PruneResult, ReconcileResult
from tfops.views.render import RenderDiffResult, RenderResult
from tfops.views.replica import ReplicaProof, ReplicaResult
from tfops.views.restore import LedgerCondition, RestoredEnvironment, RestoreResult, StateCondition
from tfops.views.reversible import ReversibleResult
from tfops.views.review_result import ReviewResult
from tfops.views.schema import SchemaResult
from tfops.views.show import ShowResult
from tfops.views.show_review import ShowReviewResult
from tfops.views.states import (
    EngineResult,
    StateRestoreResult,
    StateVersion,
    StateVersionsResult,
    SurgeryResult,
    TransferResult,
)
from tfops.views.status import EnvironmentStatus, StatusResult
from tfops.views.validate import Converted, ValidateResult
from tfops.views.vendor import VendorCheckResult, VendorResult
from tfops.views.verify import VerifyResult
from tfops.views.words import age, duration, plural


def printed(report: Renderable, width: int = 200) -> str:
    """The report as it stands in a log, without the spaces that fill a line."""
    console = Console(width=width, file=io.StringIO(), highlight=False)
    with console.capture() as captured:
        console.print(report)
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def shown(result: object, width: int = 200, *, full: bool = False) -> str:
    report = text_report(result, View(NOW, full=full))
    assert as_plain(report, LOG_COLUMNS) in (None, logged(report)), "a log reads the same without rich"
    return printed(report, width)


def logged(report: Renderable) -> str:
    """What rich writes into a log."""
    console = Console(width=LOG_COLUMNS, file=io.StringIO(), highlight=False, soft_wrap=True)
    with console.capture() as captured:
        console.print(report)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


LONG = 'module.service["eu-west-1"].aws_instance.a_name_that_goes_on["zone-a"]'
PLAN = Plan(
    changes=(
        ResourceChange(
            "module.db.aws_db_instance.old", "aws_db_instance", Action.DELETE, "its count or for_each changed"
        ),
        ResourceChange(
            LONG,
            "aws_instance",
            Action.REPLACE,
            "can't be changed in place",
            attributes=(
                AttributeChange("ami", '"ami-1"', '"ami-2"', forces_replacement=True),
                AttributeChange("id", '"i-1"', "(known after apply)"),
                AttributeChange("a.path.longer.than.the.column", "1", "2"),
            ),
        ),
        ResourceChange(
            "module.app.aws_lb.main",
            "aws_lb",
            Action.UPDATE,
            attributes=tuple(AttributeChange(f"tags.t{number}", "(none)", '"x"') for number in range(8)),
        ),
        ResourceChange("module.app.aws_vpc.main[0]", "aws_vpc", Action.CREATE),
        ResourceChange("module.app.aws_vpc.in", "aws_vpc", Action.IMPORT),
        ResourceChange("module.app.aws_vpc.new", "aws_vpc", Action.MOVE, previous_address="module.app.aws_vpc.old"),
        ResourceChange("module.app.aws_vpc.out", "aws_vpc", Action.FORGET, "is no longer in the configuration"),
        ResourceChange("data.aws_ami.x", "aws_ami", Action.READ),
    ),
    changed_outputs=("app",),
    digest="d" * 64,
    is_empty=False,
    unchanged=14,
    drift=(
        ResourceChange(
            "module.app.aws_lb.main",
            "aws_lb",
            Action.UPDATE,
            attributes=(AttributeChange("idle_timeout", "60", "600"),),
        ),
    ),
)
NOTHING = Plan(changes=(), changed_outputs=(), digest="e" * 64, is_empty=True)
LEFT_ALIVE = (
    ResourceChange("module.db.aws_db_instance.main", "aws_db_instance", Action.FORGET, resource_id="db-0a1"),
    ResourceChange("module.app.aws_vpc.main", "aws_vpc", Action.DETACH, resource_id="vpc-0b2"),
    ResourceChange("module.app.aws_vpc.old", "aws_vpc", Action.FORGET),
)
OUTPUTS: dict[str, dict[str, Any]] = {"app": {"url": "https://é.example.com", "ports": [80, 443]}, "db": {"host": None}}

MANY = ManyResult(
    "plan",
    (
        EnvironmentAnswer(PROD, True, 0, "changes", 3.24, {}, plan=PLAN),
        EnvironmentAnswer(EnvName("qa"), True, 0, "no changes", 2.0, {}, plan=NOTHING),
        EnvironmentAnswer(
            EnvName("perf"),
            False,
            11,
            "held",
            1.0,
            error={"what": "perf is held at v3", "why": "", "state": "Nothing was changed.", "hint": "--lift-hold"},
        ),
        EnvironmentAnswer(
            EnvName("old"),
            False,
            10,
            "bad-configuration",
            error={
                "what": "the configuration has a mistake",
                "complaints": [{"mark": {"path": "a.yaml", "line": 3, "column": 9}, "message": "unknown key"}],
            },
        ),
        EnvironmentAnswer(EnvName("last"), False, 0, "not started"),
    ),
)

ROLLBACK_PLAN = RollbackPlanResult(
    env=PROD,
    commit=make_commit(),
    current=Version(4),
    restores=Version(2),
    judgement=Judgement(
        Verdict.DATA_LOSS,
        (Reason("holds-data", Verdict.DATA_LOSS, "destroys a.db (holds data)", ("a.db",), "--allow-destroy 'a.db'"),),
    ),
    undoes=(make_commit(),),
    plan=PLAN,
    bridge={"moved": [{"from": "a.new", "to": "a.old"}], "import": [{"to": "a.b", "id": "i-1"}]},
)

CHANGE = ChangeResult(
    env=PROD,
    kind=Kind.APPLY,
    commit=make_commit(),
    plan=PLAN,
    version=Version(4),
    previous=Version(3),
    restores=None,
    hold="",
    duration_s=75.25,
    engine_starts=5,
    is_shared=True,
    outputs=OUTPUTS,
)


def status(**changes: Any) -> EnvironmentStatus:
    values: dict[str, Any] = {
        "env": PROD,
        "branch_pattern": "main",
        "is_protected": False,
        "current": make_record(3),
        "ahead": 0,
        "holder": None,
        "unrecorded": False,
    }
    return EnvironmentStatus(**(values | changes))


def decided(reason: SyncReason, *, detail: str = "") -> Decision:
    return Decision(PROD, reason, "what there is to say", detail=detail)


COPY = CopiedModule("modules/vpc", "a/vpc/aws", "5.1.2", "", is_new=True)
SOURCES = (
    UsedSource(
        SourceKind.MODULE, "a/vpc/aws", "~> 5.0", ("dev: net (d.yaml:4)",) * 5, Standing.BEHIND, "5.1.2", "6.4.0"
    ),
    UsedSource(SourceKind.MODULE, "a/dns/aws", "2.0.0", ("dev: dns (d.yaml:9)",), Standing.CURRENT, "2.0.0", "2.0.0"),
    UsedSource(SourceKind.PROVIDER, "r.example.com/x/y", "1.0", ("dev",), why="r.example.com: no answer: timed out"),
)
HOLDER = Holder("Bob", "laptop", 12, "apply of aaaaaaaa", NOW)
STATUS = StatusResult(
    project="shop",
    environments=(
        status(env=DEV, current=None),
        status(is_protected=True),
        status(env="behind", ahead=1),
        status(env="untouched", ahead=1, decision=decided(SyncReason.UNCHANGED)),
        status(env="declined", ahead=1, decision=decided(SyncReason.DECLINED, detail="delete-limit")),
        status(env="new", current=None, decision=decided(SyncReason.NEW)),
        status(env="broken", current=None, decision=decided(SyncReason.BROKEN)),
        status(env="drifted", drifted=("module.app.aws_lb.main", "b")),
        status(env="far", ahead=12),
        status(env="held", current=make_record(5, kind=Kind.ROLLBACK, restores=3, hold="rolled back to v3"), ahead=2),
        status(env="gone", current=make_record(6, kind=Kind.DESTROY)),
        status(env="locked", holder=HOLDER, ahead=2),
        status(env="lost", unrecorded=True, holder=HOLDER),
        status(env="old", is_configured=False),
    ),
    is_fresh=True,
    remote="origin",
)
LOSS = Reason(
    "holds-data",
    Verdict.DATA_LOSS,
    "destroys module.db.aws_db_instance.main (holds data)",
    ("module.db.aws_db_instance.main",),
    "--allow-destroy 'module.db.aws_db_instance.main'",
)
MOVED = Reason("moved", Verdict.BRIDGED, "2 resources moved since: kept by `moved` blocks", ("a.b", "a.c"))
NOTE = Reason("newer-engine", Verdict.OK, "was applied with terraform 1.13.0, newer than today's 1.11.4")
VERDICTS = (
    None,
    Judgement(Verdict.DATA_LOSS, (LOSS, MOVED, NOTE)),
    Judgement(Verdict.BRIDGED, (MOVED, NOTE)),
    Judgement(Verdict.OK, (NOTE,)),
)
HISTORY = HistoryResult(
    PROD,
    (
        HistoryEntry(make_record(4, "a", Kind.ROLLBACK, restores=2, hold="x"), make_commit("a")),
        HistoryEntry(make_record(3, "c", summary="no changes"), make_commit("c", "fix: é")),
        HistoryEntry(make_record(2, "b", summary="0 created, 0 updated"), None),
        HistoryEntry(make_record(1, "a", applied_at=NOW - timedelta(days=400)), make_commit("a")),
    ),
    ("tfops/prod/v9",),
)


def card(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = to_plain(make_card(sha("a"), **changes))
    return body


FULL_CARD = card(
    kind=Kind.ROLLBACK,
    restores=2,
    run="https://ci.example.com/runs/1",
    providers={"registry.terraform.io/hashicorp/aws": "5.1.0"},
    modules={"app": ModuleUsed(source="service", digest="t" * 40)},
    approvals=(Approval(who="Ann", when=NOW, digest="d" * 64, how="terminal"),),
    hold=Hold(reason="rolled back to v2", by="Ann", since=NOW),
    outputs=OUTPUTS,
    stacks={
        "main": StackRecord(
            backend="s3 shop-tfstate",
            lineage="12fd99ce",
            serial_before=7,
            serial_after=9,
            state_sha256="0" * 64,
            inventory={"module.app.aws_vpc.main": "vpc-1", "module.app.terraform_data.x": ""},
        )
    },
)
SHOW = ShowResult(make_record(4, kind=Kind.ROLLBACK, restores=2, hold="rolled back to v2"), make_commit(), FULL_CARD)
DOCTOR = DoctorResult(
    (
        Finding("git", "2.39.5"),
        Finding("engine", "terraform 1.11.4 (found on PATH)"),
        Finding("remote", "origin doesn't answer", is_problem=True, hint="check the network, or: git remote -v"),
    )
)

MIGRATED = ActionOutcome(address="module.app.action.aws_lambda_invoke.migrate", result=ActionState.DONE)
DRILL = Drill(
    EnvName("perf"), "ann", NOW, True, "", {"apply": 3.4, "forward": 2.6, "rollback": 2.1}, {"apply": "d" * 64}
)
FAILED_DRILL = replace(
    DRILL, is_ok=False, why="rollback: the plan failed: managed by newer provider version", seconds={"apply": 3.4}
)
TROUBLE = Trouble(
    run_id="r-1",
    kind=Kind.APPLY,
    commit=sha("d"),
    by="ann",
    at=NOW - timedelta(minutes=3),
    receipt="Stopped part-way: 1 of 4 changes done. In doubt (started, no answer): a.c.",
    why="local-exec provisioner error",
    done=("a.a",),
    failed=("a.b",),
    in_doubt=("a.c",),
    never_started=("a.d",),
)
UNVERIFIED = {
    "result": "failed",
    "checks": [
        {"name": "smoke", "result": "failed", "duration_s": 2.0, "why": "exit code 1"},
        {"name": "up", "result": "passed", "duration_s": 0.1, "why": ""},
    ],
}


def config_line(text: str, path: str, line: int | None = None) -> ConfigLine:
    mark = Mark(path, line, 1) if line else None
    return ConfigLine(text, ("a",), None, mark, is_default=path == "tfops.yaml")


CONFIG = ConfigResult(
    PROD,
    "d" * 64,
    (
        StackLines(
            MAIN_STACK,
            (
                config_line("modules:", ""),
                config_line("  network:", ""),
                config_line("    source: network", "environments/base.yaml", 3),
                config_line(
                    '    text: "a [b] that is longer than what fits beside a place of eighty columns"', "x.yaml", 12
                ),
                config_line("    size: 1", "tfops.yaml", 4),
                config_line("    - [a, b]", "environments/prod.yaml", 104),
            ),
        ),
        StackLines(StackName("app"), (config_line("x: 1", "environments/prod/app.yaml", 1),)),
    ),
    shows_sources=True,
)
FINDINGS = tuple(
    CheckFinding("high", f"CKV_AWS_{number}", "module.net.aws_vpc.main", "Ensure [it] is so", fails=number < 2)
    for number in range(12)
)
RUN_LOG = RunLog(
    env=PROD,
    run_id="20261130T100000-bb02",
    kind="apply",
    commit=sha("a"),
    why="module.app.x.y: the disk is full \x1b[2J",
    at=NOW,
    by=ANN,
    lines=(
        LogLine("app", "plan", NOW, "Plan: 1 to add, 0 to change, 0 to destroy."),
        LogLine("app", "apply", NOW, "module.app.x.y: Creating… " + "a long line that is never folded " * 3),
        LogLine("app", "apply", None, "panic: \x1b[31mred"),
    ),
    left_out=7,
)

DIFF = DiffResult(
    DiffKind.VERSIONS,
    DiffSide(PROD, make_record(11), sha("a"), make_commit()),
    DiffSide(PROD, make_record(12, "b"), sha("b"), None, ("Bob",)),
    (
        Difference(About.MODULES, "web", DifferenceKind.CHANGED, "web 1a2b3c4d", "web 9f8e7d6c"),
        Difference(About.INPUTS, "web.size", DifferenceKind.CHANGED, 2, 3),
        Difference(
            About.INPUTS, "web.text", DifferenceKind.ADDED, None, "a text that is longer than sixty characters, " * 2
        ),
        Difference(About.INPUTS, "web.old", DifferenceKind.REMOVED, [1, "x"], None),
        Difference(About.PROVIDERS, "hashicorp/aws", DifferenceKind.CHANGED, "5.1.0", "5.2.0"),
        Difference(About.ENGINE, "", DifferenceKind.CHANGED, "terraform 1.11.4", "terraform 1.15.5"),
        Difference(About.RESOURCES, "module.web.aws_instance.web[2]", DifferenceKind.ADDED, None, "i-3"),
        Difference(About.RESOURCES, "module.web.aws_vpc.a", DifferenceKind.REPLACED, "vpc-1", "vpc-2"),
        Difference(About.RESOURCES, "module.b.x.y", DifferenceKind.MOVED, "module.a.x.y", "module.b.x.y"),
        Difference(About.OUTPUTS, "web.url", DifferenceKind.CHANGED, "https://a", "https://b"),
        Difference(About.RULES, "protected", DifferenceKind.ADDED, None, True),
    ),
    commits=(make_commit("b", "feat: [more] \x1b[2J"),),
    merge_requests=(MergedRequest("#12", "feat: more"),),
    authors=("Ann",),
    applied_by=("Ann", "Bob"),
    way_back=VERDICTS[1],
)
ENVIRONMENTS_DIFF = DiffResult(
    DiffKind.ENVIRONMENTS,
    DiffSide(DEV, make_record(3, env=DEV), sha("a"), make_commit()),
    DiffSide(PROD, make_record(12, "b"), sha("b"), make_commit("b")),
    (
        Difference(About.INPUTS, "web.name", DifferenceKind.CHANGED, "x", "y"),
        Difference(About.INPUTS, "web.size", DifferenceKind.CHANGED, 2, 3, is_meant=True),
        Difference(About.RESOURCES, "module.web.aws_instance.web[2]", DifferenceKind.ADDED, None, ""),
    ),
    not_compared=(About.RULES,),
    taken_back=tuple(make_commit("c", f"fix: number {number}") for number in range(23)),
    same_but=("inputs.size",),
)
BLAME = BlameResult(
    PROD,
    "module.web.aws_instance.web",
    "i-0abc",
    (
        BlameStep(
            BlameKind.INPUTS,
            make_record(12, "b"),
            (make_commit("b", "feat: [more]"), *(make_commit("c", f"fix: {number}") for number in range(6))),
            {"size": 2, "text": "old"},
            {"size": 3, "more": [1]},
        ),
        BlameStep(BlameKind.MOVED, make_record(9), (), "module.web.aws_instance.old", "module.web.aws_instance.web"),
        BlameStep(
            BlameKind.REPLACED, make_record(7, kind=Kind.ROLLBACK, restores=2), (make_commit(),), "i-1", "i-0abc"
        ),
        BlameStep(BlameKind.CODE, make_record(4), (), "web 1a2b3c4d", "web 9f8e7d6c"),
        BlameStep(BlameKind.CREATED, make_record(1), (make_commit(),), None, "module.web.aws_instance.old"),
    ),
    3,
    12,
    unread=1,
)
BLAME_INPUT = BlameResult(
    PROD,
    "inputs.web.size",
    3,
    (
        BlameStep(BlameKind.REMOVED, make_record(4), (make_commit(),), 3, None),
        BlameStep(BlameKind.CHANGED, make_record(2), (make_commit(),), "x" * 80, 3),
        BlameStep(BlameKind.SET, make_record(1), (make_commit(),), None, "x" * 80),
    ),
    1,
    4,
)
GRAPH = GraphResult(
    "shop",
    (
        EnvironmentNode(DEV, Version(3), (StackNode(MAIN_STACK, (), (ModuleNode("web", "web", "9f8e7d6c5b"),)),)),
        EnvironmentNode(
            PROD,
            Version(12),
            (
                StackNode(
                    StackName("app"),
                    (StackName("network"),),
                    (ModuleNode("web", "web", "1a2b3c4d5e"), ModuleNode("x", "acme/x/aws 1.0.0", "")),
                ),
                StackNode(StackName("network"), (), (ModuleNode("net", "net", "77777777aa"),)),
            ),
        ),
        EnvironmentNode(EnvName("qa"), None),
    ),
    (
        ModuleUse("acme/x/aws 1.0.0", "", ("prod/app",)),
        ModuleUse("net", "77777777aa", ("prod/network",)),
        ModuleUse("web", "1a2b3c4d5e", ("prod/app",)),
        ModuleUse("web", "9f8e7d6c5b", tuple(f"dev-{number}" for number in range(1_200))),
    ),
)
OUTPUT = OutputResult(PROD, Version(4), OUTPUTS, {"db": ("password",)}, {"app": ("page",)}, ("x",))
SAID = Difference(About.INPUTS, "web.name", DifferenceKind.CHANGED, "shop-prod", "shop-prod-dr", is_meant=True)
UNLIKE = Difference(About.RESOURCES, 'module.web.aws_vpc.main["a"]', DifferenceKind.REMOVED, "", None)
PROOF = ReplicaProof(38, 4, 2, (SAID,))
REPLICA = ReplicaResult(
    EnvName("prod-dr"),
    make_record(12),
    {
        "environments/prod-dr.yaml": "extends: prod.yaml\nmodules:\n  web:\n    inputs:\n      name: shop-prod-dr\n",
        "environments/prod-dr.lock.hcl": "",
        "tfops.yaml": "environments:\n  prod: {branch: main}\n  prod-dr: {branch: main}\n",
    },
    {"inputs.web.name": "shop-prod-dr"},
    "main",
    NOTHING,
    "a" * 40,
    Version(1),
    PROOF,
)
BISECT = BisectResult(
    env=PROD,
    place=EnvName("perf"),
    good=Version(14),
    first_bad=make_record(15),
    suspects=(Version(15),),
    steps=(
        BisectStep(Version(20), Answer.BAD, 44.1),
        BisectStep(Version(15), Answer.SKIP, 3.2, "the apply of perf failed: there is no such size as extra-small-2"),
        BisectStep(Version(14), Answer.GOOD, 75.0),
    ),
    seconds=198.0,
    diff=DIFF,
    is_kept=False,
)
WHOLE = RestoredEnvironment(
    PROD, make_record(12), LedgerCondition.WHOLE, (), StateCondition.HERE, backend="s3 shop-tfstate/shop/prod"
)
PROMOTED = PromotedVersion("dr", 3, "ann", NOW)
PROMOTION = PromotionResult(
    PROD, EnvName("staging"), Version(12), make_commit(), "production", PromotionStep.FAST_FORWARD
)


def _patched(env: str, wave: int, state: PatchState, answer: EnvironmentAnswer | None) -> PatchedEnvironment:
    return PatchedEnvironment(EnvName(env), wave, state, "app 1f0c9d4e", "app 77b02c51", Version(2), answer)


PATCH = PatchResult(
    "network",
    "tfops patch --module network",
    make_commit("a", "fix(network): CVE-2026-1"),
    (
        _patched("dev", 1, PatchState.PATCHED, EnvironmentAnswer(DEV, True, 0, "is now v2", 3.24, {}, plan=PLAN)),
        _patched("perf", 2, PatchState.FAILED, replace(MANY.environments[2], env=EnvName("perf"))),
        _patched("prod", 3, PatchState.WAITING, EnvironmentAnswer(PROD, False, 0, "not begun", plan=PLAN)),
        replace(_patched("web", 0, PatchState.HELD, None), why="held: rolled back to v1"),
        _patched("qa", 0, PatchState.DONE, None),
        _patched("old", 0, PatchState.KEPT, None),
    ),
    {EnvName("next"): "bound to develop, this is main"},
    seconds=64.2,
)

ADOPTED_ALL = AdoptAllResult(
    roots=(
        FoundRoot(PROD, "live/prod", "state in its backend s3 [b] live", {"branch": "main", "root": "live/prod"}),
        FoundRoot(DEV, "live/dev", "in tfops.yaml already", {}, is_new=False),
    ),
    left_out={"live/[new]": "it has no state"},
    adopted=(EnvName("qa"),),
    branch="main",
    text="prod: {branch: main, root: live/prod}",
    commit="a" * 40,
    environments=(
        EnvironmentAnswer(PROD, False, 11, "not empty: 1 to create", 3.2, error={"what": "not [empty]"}, plan=PLAN),
        EnvironmentAnswer(DEV, True, 0, "is now v1", 2.0, {}),
        EnvironmentAnswer(EnvName("off"), False, 20, "engine-failed", 1.0, error={"what": "no [state]", "hint": "x"}),
    ),
    files={"environments/prod.yaml": "modules: {}\n"},
    not_taken=(NotTaken("live/x.hcl", 7, "hook [x]"), NotTaken("live/y", 0, "no state")),
    secrets=("TOKEN",),
)
RESULTS: dict[str, object] = {
    "blame": BLAME,
    "blame-input": BLAME_INPUT,
    "diff": DIFF,
    "diff-none": replace(DIFF, differences=(), commits=(), merge_requests=(), authors=(), way_back=None),
    "diff-environments": ENVIRONMENTS_DIFF,
    "diff-environments-meant": replace(
        ENVIRONMENTS_DIFF, differences=ENVIRONMENTS_DIFF.differences[1:2], not_compared=(), taken_back=()
    ),
    "diff-head": replace(
        DIFF, kind=DiffKind.HEAD, after=replace(DIFF.after, record=None, approved_by=()), way_back=None
    ),
    "graph": GRAPH,
    "graph-dot": replace(GRAPH, form=GraphForm.DOT),
    "graph-mermaid": replace(GRAPH, form=GraphForm.MERMAID),
    "output": OUTPUT,
    "output-none": OutputResult(PROD, Version(4), {}),
    "output-json": replace(OUTPUT, form=OutputForm.JSON),
    "output-raw": replace(
        OUTPUT, outputs={"app": {"url": "https://[é].example.com"}}, form=OutputForm.RAW, is_one=True
    ),
    "change-verified": replace(
        CHANGE, verified=Verified.PASSED, checks=(CheckOutcome("up", Verified.PASSED, 0.1, ""),)
    ),
    "history-promoted": replace(
        HISTORY,
        entries=(
            replace(
                HISTORY.entries[1],
                record=replace(HISTORY.entries[1].record, promoted_from="staging v12"),
                promoted=(PROMOTED,),
            ),
        ),
    ),
    "show-promoted": replace(SHOW, record=replace(make_record(1), promoted_from="staging v12"), promoted=(PROMOTED,)),
    "history-checked": replace(
        HISTORY,
        entries=tuple(
            replace(entry, record=replace(entry.record, verified=verified), drill=drill)
            for entry, verified, drill in zip(
                HISTORY.entries, (*Verified, Verified.NONE), (None, FAILED_DRILL, DRILL, None), strict=True
            )
        ),
    ),
    "show-troubled": replace(SHOW, card=FULL_CARD | {"verified": UNVERIFIED}, trouble=TROUBLE, drill=DRILL),
    "replica": REPLICA,
    "replica-unlike": replace(REPLICA, proof=replace(PROOF, differences=(*PROOF.differences, UNLIKE))),
    "replica-shown": replace(REPLICA, commit="", version=None, proof=None),
    "replica-committed": replace(REPLICA, plan=None, version=None, proof=None),
    "bisect": BISECT,
    "bisect-unsure": replace(
        BISECT, first_bad=None, suspects=(Version(15), Version(16)), diff=None, is_kept=True, left="destroy: it failed"
    ),
    "bisect-plan": BisectPlanResult(PROD, Version(10), Version(30), EnvName("perf"), 19, 2, 3, 41.0),
    "restore": RestoreResult("shop", "origin", (WHOLE, replace(WHOLE, latest=None, state=StateCondition.NONE))),
    "restore-lacking": RestoreResult(
        "shop",
        "origin",
        (
            replace(WHOLE, state=StateCondition.ABSENT, backend="local"),
            replace(WHOLE, env=DEV, state=StateCondition.ABSENT),
            replace(
                WHOLE, state=StateCondition.LACKS, why="the state of prod lacks what v12 has: module.web.aws_vpc.a"
            ),
            replace(WHOLE, ledger=LedgerCondition.MISSING, state=StateCondition.UNREACHABLE, why="no credentials"),
            replace(WHOLE, ledger=LedgerCondition.DAMAGED, findings=("a: b",) * 7, state=StateCondition.OTHER),
        ),
    ),
    "drill": DrillResult(PROD, Version(41), DRILL, is_kept=True),
    "drill-failed": DrillResult(PROD, Version(41), FAILED_DRILL, is_kept=False),
    "change": CHANGE,
    "change-rollback": replace(
        CHANGE, kind=Kind.ROLLBACK, restores=Version(2), hold="rolled back to v2", outputs={}, duration_s=3.04
    ),
    "change-destroy": replace(CHANGE, kind=Kind.DESTROY, outputs={}),
    "change-left-alive": replace(
        CHANGE, kind=Kind.DESTROY, outputs={}, plan=replace(NOTHING, changes=LEFT_ALIVE, is_empty=False)
    ),
    "change-recorded": replace(CHANGE, plan=NOTHING, outputs={}),
    "change-nothing": replace(CHANGE, version=None, plan=NOTHING),
    "change-nothing-left": replace(CHANGE, version=None, plan=NOTHING, kind=Kind.DESTROY),
    "plan": PlanResult(PROD, make_commit(), Version(3), PLAN),
    "plan-empty": PlanResult(PROD, make_commit(), Version(3), NOTHING),
    "many-plan": MANY,
    "many-apply": replace(MANY, command="apply", left_out={DEV: "bound to develop, this is main"}, is_interrupted=True),
    "many-nothing": ManyResult("plan", (), nothing="nothing to plan: d9036003 touches none of 14 environments"),
    "promotion": replace(PROMOTION, change=CHANGE, left_behind=(make_commit("b", "Larger [disks]"),) * 7),
    "promotion-plan": replace(PROMOTION, plan=PlanResult(PROD, make_commit(), Version(3), NOTHING)),
    "promotion-merge-request": replace(
        PROMOTION,
        step=PromotionStep.MERGE_REQUEST,
        merge_request=OpenRequest(13, "https://git.example.com/ops/live/pulls/13"),
    ),
    "promotion-nothing": replace(PROMOTION, change=replace(CHANGE, version=None, plan=NOTHING)),
    "patch": PATCH,
    "patch-plan": replace(
        PATCH,
        is_plan=True,
        environments=(replace(PATCH.environments[0], state=PatchState.PLANNED), *PATCH.environments[3:]),
    ),
    "rollback-plan": ROLLBACK_PLAN,
    "rollback-plan-bridge": replace(ROLLBACK_PLAN, shows_bridge=True, plan=NOTHING),
    "status": STATUS,
    "status-switched-off": StatusResult("shop", (status(current=make_record(off="module.app")),), True, ""),
    "status-plain": StatusResult("shop", (status(env=DEV),), is_fresh=False, remote=""),
    "history": HISTORY,
    "history-verdict": replace(
        HISTORY,
        entries=tuple(
            replace(entry, verdict=verdict) for entry, verdict in zip(HISTORY.entries, VERDICTS, strict=True)
        ),
        has_verdicts=True,
    ),
    "history-empty": HistoryResult(PROD, (), ()),
    "show": SHOW,
    "show-verdict": ShowResult(make_record(1), None, card(stacks={}), VERDICTS[1]),
    "show-small": ShowResult(make_record(1), None, card(stacks={})),
    "render": RenderResult(DEV, make_commit(), "d" * 64, {"main.tf.json": '{\n  "[b]": 1\n}\n', "b.json": "{}\n"}),
    "init": InitResult("shop", ("tfops.yaml", "environments/dev.yaml"), ("README.md",), sha("a"), "dev"),
    "init-here": InitResult(".", ("tfops.yaml",), (), "", "dev"),
    "doctor": DOCTOR,
    "version": VersionResult("0.1.0", "by pipx from file:///dist/tfops_cli-0.1.0-py3-none-any.whl"),
    "docs": DocumentsResult({"how-to/go-back": "Go back", "adr/0003-hold": "0003: the hold lives on the card"}),
    "docs-page": DocumentResult("how-to/go-back", "# Go back\n\nType [this]: `tfops rollback`\n"),
    "invoke": InvokeResult(PROD, (MIGRATED,)),
    "recover": RecoverResult(PROD, "prod: everything was applied", Version(4)),
    "lock": LockResult(PROD, True, "prod is locked by ann: incident 4711"),
    "log": LogResult(
        PROD,
        (
            LedgerEvent(sha("b"), "recorded", "prod v1: apply, 1 created", "ann", NOW, "r-1"),
            LedgerEvent(sha("a"), "begun", "prod: apply of [x] \x1b[2J", "ann", NOW, "r-1"),
        ),
    ),
    "log-empty": LogResult(PROD, ()),
    "logs": RunLogResult(RUN_LOG),
    "logs-stacks": RunLogResult(
        replace(
            RUN_LOG, version=12, why="", left_out=0, lines=(replace(RUN_LOG.lines[0], stack="net"), *RUN_LOG.lines[1:])
        )
    ),
    "logs-list": LogsResult(PROD, (RUN_LOG, replace(RUN_LOG, run_id="20261130T090000-aa01", version=11))),
    "logs-none": LogsResult(PROD, ()),
    "inventory": InventoryResult({PROD: {"module.db.x.y": "id-1", "module.a.x.y": ""}, DEV: {"a.b": "i-2"}}),
    "validate": ValidateResult((DEV, PROD), 3, False, False, ("dev: app",), {}, ()),
    "validate-switched-off": ValidateResult((DEV,), 3, False, False, (), {}, (), {DEV: ("stack db (dev/db.yaml:1)",)}),
    "validate-deep": ValidateResult(
        (DEV,),
        1,
        False,
        True,
        (),
        {"network": {"port": 80, "zones": ["1"]}},
        (Converted("network", "port", "80", 80), Converted("network", "zones", [1, 1], ["1"])),
    ),
    "explain": ExplainResult(
        "network",
        (
            InputFact("cidr", "string", True, "", "The range.", False, ("cidr must be a range.",)),
            InputFact(
                "size",
                "object({\n  min = number\n  max = optional(number, 9)\n})",
                False,
                '{"min": 1}',
                "How many: a sentence that is so long that it doesn't fit onto one line of a small terminal.\nMore.",
                False,
                (),
            ),
            InputFact("key", "string", False, '""', "", True, ()),
        ),
        (OutputFact("id", "", False), OutputFact("token", "What opens it.", True)),
        'modules:\n  network:\n    source: network\n    inputs:\n      cidr: "text"\n',
    ),
    "explain-modules": ModulesResult(
        (
            ModuleFact("network", ("cidr", "zones"), 1, 2, (DEV, PROD)),
            ModuleFact("unused", (), 0, 0, ()),
        )
    ),
    "explain-none": ModulesResult(()),
    "schema": SchemaResult(".schemas", {"tfops.schema.json": {"type": "object"}}),
    "schema-shown": SchemaResult("", {"tfops.schema.json": {"type": "object"}}),
    "verify": VerifyResult(PROD, 3, 1, 2, ()),
    "verify-bad": VerifyResult(
        PROD, 3, 1, 2, (Finding("missing-tag", "event 4711 (prod v1) has no tag", is_problem=True),)
    ),
    "providers": ProvidersResult(
        DEV,
        "environments/dev.lock.hcl",
        (
            ProviderMove("registry.terraform.io/hashicorp/aws", "5.99.0", "5.100.0"),
            ProviderMove("registry.terraform.io/hashicorp/random", "", "3.7.0"),
            ProviderMove("registry.terraform.io/hashicorp/tls", "4.0.0", "4.0.0"),
            ProviderMove("example.com/acme/old", "1.0.0", ""),
        ),
        is_written=True,
    ),
    "providers-two-engines": ProvidersResult(
        DEV,
        "environments/dev.lock.hcl",
        (
            ProviderMove("registry.opentofu.org/hashicorp/random", "3.6.3", "3.6.3"),
            ProviderMove("registry.opentofu.org/hashicorp/tls", "4.2.1", "4.2.1"),
            ProviderMove("registry.terraform.io/hashicorp/random", "3.6.3", "3.10.0"),
            ProviderMove("registry.terraform.io/hashicorp/tls", "", "4.2.1"),
        ),
        is_written=True,
    ),
    "providers-none": ProvidersResult(DEV, "environments/dev.lock.hcl", (), is_written=False),
    "state-versions": StateVersionsResult(
        PROD,
        "s3://tf/shop/prod/main.tfstate",
        (
            StateVersion("d", NOW, is_current=True, is_deleted=True),
            StateVersion("c", NOW, is_current=False, serial=9, resources=4, version=Version(3)),
            StateVersion("b", NOW, is_current=False, is_damaged=True),
        ),
        7,
    ),
    "state-versions-none": StateVersionsResult(PROD, "s3://tf/shop/prod/main.tfstate", (), 0),
    "state-restore": StateRestoreResult(PROD, "c", 9, 12, 1),
    "engine": EngineResult(PROD, MAIN_STACK, "state list", 0, "module.app.aws_instance.web\n", ""),
    "surgery": SurgeryResult(
        PROD,
        MAIN_STACK,
        "state rm module.app.aws_instance.web",
        0,
        Version(3),
        "/srv/shop/.git/tfops/backups/prod/main-7-20260101T000000Z-ab12cd.tfstate",
        8,
        removed=("module.app.aws_instance.web",),
        output="Removed module.app.aws_instance.web\nSuccessfully removed 1 resource instance(s).",
    ),
    "surgery-failed": SurgeryResult(PROD, MAIN_STACK, "state rm module.nothing", 1, None, "/b/main-7.tfstate", 7),
    "surgery-event": SurgeryResult(PROD, MAIN_STACK, "force-unlock 0abc", 0, None, "", 7, output="unlocked!"),
    "transfer": TransferResult(
        "state mv prod network/module.dns to prod app/module.dns",
        {"module.dns.aws_route53_zone.main": "module.dns.aws_route53_zone.main"},
        {PROD: Version(3)},
        ("/srv/shop/.git/tfops/backups/prod/app-7-20260101T000000Z-ab12cd.tfstate",),
    ),
    "transfer-dry": TransferResult(
        "state mv dev module.a to prod module.b", {"module.b.x.y": "module.a.x.y"}, is_dry=True
    ),
    "backend-create": BackendResult(
        (
            BucketReport("s3://dev-tf", (DEV,), done=("create the bucket in eu-west-1",)),
            BucketReport("s3://prod-tf", (PROD,)),
        ),
        is_check=False,
    ),
    "backend-move": BackendMoveResult(
        PROD,
        (MovedState(MAIN_STACK, "local", "s3 shop-tfstate shop/prod/main.tfstate", 34, OldCopy.MARKED),),
    ),
    "backend-move-none": BackendMoveResult(PROD, ()),
    "backend-check": BackendResult(
        (BucketReport("s3://dev-tf", (DEV, PROD), findings=DOCTOR.findings),), is_check=True
    ),
    "reversible": ReversibleResult(PROD, make_commit(), Version(3), ()),
    "reversible-first": ReversibleResult(PROD, make_commit(), None, ()),
    "reversible-doors": ReversibleResult(PROD, make_commit(), Version(3), (LOSS, MOVED)),
    "recover-nothing": RecoverResult(PROD, "", None),
    "config": CONFIG,
    "config-plain": replace(CONFIG, shows_sources=False, stacks=CONFIG.stacks[:1]),
    "new-environment": NewResult("environment", "qa", ("environments/qa.yaml",), ("tfops.yaml",), "release/*"),
    "new-module": NewResult("module", "cache", ("modules/cache/main.tf",), (), ""),
    "render-diff": RenderDiffResult(
        PROD,
        Version(3),
        make_commit(),
        ("--- v3/main.tf.json", "+++ aaaaaaaa/main.tf.json", "@@ -1 +1 @@", "-  old", "+  [new]"),
    ),
    "render-same": RenderDiffResult(PROD, Version(3), None, ()),
    "adopt-files": AdoptResult(
        DEV,
        "./legacy",
        ("modules/legacy/main.tf", "environments/dev.yaml"),
        ("tfops.yaml",),
        ("token",),
        ("aws",),
        None,
        PLAN,
    ),
    "adopted": AdoptResult(DEV, "./legacy", (), (), (), (), Version(1), PLAN),
    "adopt-all": ADOPTED_ALL,
    "adopt-all-dry": replace(ADOPTED_ALL, environments=(), commit="", is_dry=True),
    "adopt-all-nothing": AdoptAllResult((), {}, (DEV,), "main", ""),
    "hold": HoldResult(PROD, Version(3), "until the fair is over", is_held=True),
    "hold-lifted": HoldResult(PROD, Version(3), "rolled back to v1", is_held=False),
    "drift": DriftResult(
        (
            EnvironmentDrift(DEV, Version(3), right_at=NOW),
            EnvironmentDrift(
                PROD, Version(4), PLAN.drift, NOW - timedelta(minutes=5), NOW - timedelta(hours=7), "1 updated"
            ),
            EnvironmentDrift(EnvName("qa"), None, error="the plan [failed]"),
        )
    ),
    "affected": AffectedResult(
        sha("a"),
        {"main": sha("b")},
        (
            AffectedEnvironment(
                PROD, "main", sha("b"), ("modules/network changed: used by module net", "tfops.yaml: engine.version")
            ),
            AffectedEnvironment(EnvName("old"), "main", sha("b"), ("removed from tfops.yaml",), is_removed=True),
        ),
        3,
    ),
    "outdated": OutdatedResult((DEV,), SOURCES),
    "outdated-none": OutdatedResult((DEV,), ()),
    "vendor": VendorResult(
        (COPY, replace(COPY, is_new=False)), ("environments/dev.yaml",), (DEV,), ("modules/x: a/b/c",)
    ),
    "vendor-check": VendorCheckResult((COPY, replace(COPY, is_as_fetched=False))),
    "vendor-check-none": VendorCheckResult(()),
    "fmt-check": FmtResult(5, ("environments/dev.yaml",), is_written=False),
    "fmt-diff": FmtResult(5, ("a.yaml",), is_written=False, diff=("@@ -1 +1 @@", "-    a: 1", "+  a: 1")),
    "fmt-done": FmtResult(5, ("environments/dev.yaml", "tfops.yaml"), is_written=True),
    "affected-none": AffectedResult(sha("a"), {"main": sha("b")}, (), 3),
    "review": ReviewResult(
        sha("a"),
        {"main": sha("b")},
        4,
        (
            EnvironmentReview(
                PROD,
                None,
                why_no_plan="the initialization failed",
                doors=(Reason("engine", Verdict.BLOCKED, "engine.version excludes what runs"),),
                reasons=("modules/network changed: used by module net",),
                is_broken=True,
            ),
            EnvironmentReview(
                EnvName("dev"),
                PLAN,
                checks=(
                    CheckOutcome("policy", Verified.FAILED, 0.1, "exit code 1"),
                    CheckOutcome("checkov", Verified.FAILED, 9.5, "13 findings (13 high)", FINDINGS, unlisted=1),
                ),
                reasons=("module net: input size",),
            ),
        ),
        {EnvName("qa"): "this clone has no branch qa: git fetch"},
        "GitHub can't be asked: there is no token",
    ),
    "review-none": ReviewResult(sha("a"), {"main": sha("b")}, 4, ()),
    "show-review": ShowReviewResult(
        ReviewedPlan(
            env="prod",
            digest="d" * 64,
            content="c" * 64,
            commits=(sha("a"), sha("b")),
            at=NOW,
            by=Person("bot", "bot@example.com"),
            authors=(Person("ann", "ann@example.com"),),
            merge_request=12,
            run="https://ci.example.com/7",
            plan=PLAN,
        ),
        (Agreement("bob <bob@example.com>", NOW),),
    ),
    "approve": ApproveResult(PROD, sha("a"), "d" * 64, "aaaaaaaa would delete 2 [of] prod", 0),
    "approve-reviewed": ApproveResult(PROD, sha("a"), "d" * 64, "1 created", 0, is_held_back=False),
    "approve-more": ApproveResult(PROD, sha("a"), "d" * 64, "aaaaaaaa waits for a person", 1),
    "prune-nothing": PruneResult(()),
    "prune": PruneResult(
        (
            Decision(DEV, SyncReason.BRANCH_GONE, "branch `x` is gone", current=Version(3), acts=True),
            Decision(PROD, SyncReason.ORPHAN, "runs v4", current=Version(4)),
            Decision(EnvName("qa"), SyncReason.TTL_OVER, "its time is over", current=Version(1)),
        ),
        (Act(DEV, sha("a"), 0, "was destroyed: v4", "v4"), Act(EnvName("qa"), sha("a"), 12, "locked [by]")),
    ),
    "reconcile": ReconcileResult(
        "shop",
        (
            Decision(DEV, SyncReason.CHANGED, "aaaaaaaa of main changes it", current=Version(3), acts=True),
            Decision(EnvName("qa"), SyncReason.UNCHANGED, "aaaaaaaa changes nothing of it", is_in_sync=True),
            Decision(PROD, SyncReason.DECLINED, "would lose 2 [db]", detail="delete-limit"),
            Decision(EnvName("perf"), SyncReason.NEW, "aaaaaaaa of main is the first", acts=True),
        ),
        (
            Act(DEV, sha("a"), 0, "is now v4", "v4"),
            Act(EnvName("perf"), sha("a"), 20, "the plan failed", detail="engine-failed"),
        ),
    ),
    "reconcile-dry-run": ReconcileResult(
        "shop",
        (Decision(DEV, SyncReason.NEW, "aaaaaaaa of main is the first", acts=True),),
        is_dry_run=True,
    ),
    "init-ci": InitResult(
        ".",
        (".gitlab/tfops.yml",),
        (".gitlab-ci.yml",),
        "",
        "dev",
        to_do=("set the CI's variables A, [B]: tfops docs x",),
    ),
    "init-found": InitResult(".", ("tfops.yaml",), (), "", "dev", ("live/eu", "live/us"), True),
}


@pytest.mark.parametrize("width", [80, 200])
@pytest.mark.parametrize("name", RESULTS)
def test_every_result_reads_like_this(name: str, width: int) -> None:
    assert_golden(f"text/{name}-{width}.txt", shown(RESULTS[name], width))


@pytest.mark.parametrize("name", ["diff", "diff-environments"])
def test_a_difference_reads_like_this_in_a_merge_request(name: str) -> None:
    result = RESULTS[name]
    assert isinstance(result, DiffResult)
    assert_golden(f"text/{name}.md", shown(DiffMarkdown(result)))


def test_a_patch_reads_like_this_in_a_ticket() -> None:
    assert_golden("text/patch.md", shown(PatchMarkdown(PATCH)))


def test_every_kind_of_result_has_a_report() -> None:
    modules = [import_module(f"tfops.views.{found.name}") for found in pkgutil.iter_modules(tfops.views.__path__)]
    classes = [entry for module in modules for entry in inspect.getmembers(module, inspect.isclass)]
    kinds = {kind for name, kind in classes if name.endswith("Result")}
    assert kinds == {type(result) for result in RESULTS.values()}


def test_what_is_no_result_has_no_report() -> None:
    with pytest.raises(TypeError, match="no report for dict"):
        text_report({}, View(NOW))


def test_the_whole_plan_is_shown_on_request() -> None:
    assert_golden("text/plan-full.txt", shown(RESULTS["plan"], full=True))


def test_what_was_filled_in_takes_one_line_and_what_was_changed_is_shown() -> None:
    filled = AttributeChange("versioning", "[]", "(none)"), AttributeChange("versioning[0].enabled", "(none)", "true")
    changed = AttributeChange("size", '"small"', '"big"')
    drift = (
        ResourceChange("a.quiet", "a", Action.UPDATE, attributes=filled),
        ResourceChange("a.changed", "a", Action.UPDATE, attributes=(*filled, changed)),
        ResourceChange("a.taken_back", "a", Action.UPDATE, attributes=filled),
        ResourceChange("a.gone", "a", Action.DELETE),
    )
    planned = (ResourceChange("a.taken_back", "a", Action.UPDATE),)
    plan = Plan(changes=planned, changed_outputs=(), digest="d", is_empty=False, drift=drift)
    text = printed(plan_report(plan), 200)
    outside, _, rest = text.partition("Set by the provider since the last apply")
    assert all(address in outside for address in ("a.changed", "a.taken_back", "a.gone"))
    assert "a.quiet" not in outside and "a.quiet (--full)" in rest
    assert "versioning[0].enabled" in printed(plan_report(plan, full=True), 200).partition("a.changed")[0]


@pytest.mark.parametrize("has_verdicts", [False, True])
def test_a_long_history_ends_with_how_many_more_there_are(has_verdicts: bool) -> None:
    entries = tuple(HistoryEntry(make_record(number), None) for number in range(1205, 0, -1))
    long = replace(HISTORY, entries=entries, foreign=(), has_verdicts=has_verdicts)
    assert shown(long).splitlines()[-1].strip() == "… and 1,105 older: --full, or --output json"
    assert len(shown(long, full=True).splitlines()) == 1206


def test_a_report_can_be_printed_twice() -> None:
    report = plan_report(PLAN)
    assert printed(report) == printed(report)


def creates(count: int) -> Plan:
    many = tuple(ResourceChange(f"a.b[{number}]", "a", Action.CREATE) for number in range(count))
    return Plan(many, (), "d" * 64, is_empty=False)


@pytest.mark.parametrize(
    ("count", "full", "lines"), [(40, False, 40), (41, False, 40), (500, False, 40), (41, True, 41)]
)
def test_a_long_list_of_creates_is_cut_and_says_so(count: int, full: bool, lines: int) -> None:
    text = printed(plan_report(creates(count), full=full))
    assert text.count("+ create") == lines
    assert ("more to create (--full shows them)" in text) is (lines < count)
    assert f"Plan: {count} to create" in text


def test_a_plan_of_outputs_alone_names_them() -> None:
    text = printed(plan_report(Plan((), ("app", "db"), "d" * 64, is_empty=False)))
    assert text.startswith("Only outputs change: app, db\n")


COMPLAINTS = (
    Complaint(
        Mark("environments/dev.yaml", 3, 5), "there is no module 'netwrok'", "\tsource: netwrok", "did you mean?"
    ),
    Complaint(Mark("tfops.yaml", 12, 1), "`project` is missing"),
)
ERRORS: dict[str, TfopsError] = {
    "config": ConfigError(COMPLAINTS),
    "refused": Refused("dirty", "there are changes that are not committed: a", why="one\ntwo", hint="git commit"),
    "engine": EngineFailed("the plan failed", why="[red]no[/red]: x\nyes"),
    "stopped": StoppedPartWay(
        "the apply failed", why="no", state="Stopped part-way: 2 of 5 changes done.", hint="tfops"
    ),
    "recorded": NotRecorded("prod was changed", state="", hint="tfops recover prod"),
    "interrupted": Interrupted("interrupted"),
}


@pytest.mark.parametrize("width", [80, 200])
@pytest.mark.parametrize("name", ERRORS)
def test_every_error_reads_like_this(name: str, width: int) -> None:
    assert_golden(f"errors/{name}-{width}.txt", printed(error_report(ERRORS[name]), width))


def test_the_line_of_a_complaint_cannot_act_on_the_terminal() -> None:
    line = "a: \x1b[2J\u202e" + "x" * 500
    text = printed(error_report(ConfigError([Complaint(Mark("f", 1, 4), "no", line)])), 300)
    assert text.splitlines()[2] == "    1 | a:  [2J " + "x" * 192
    assert text.splitlines()[3] == "      |    ^"


HOSTILE = "\x1b[2J\x1b]0;title\x07\x9b\u202e"


@pytest.mark.parametrize(
    "report",
    [
        pytest.param(
            lambda: error_report(ConfigError([Complaint(Mark("f", 1, 1), HOSTILE, "", HOSTILE)])), id="complaint"
        ),
        pytest.param(
            lambda: text_report(
                replace(HISTORY, entries=(HistoryEntry(make_record(), make_commit("a", HOSTILE)),)), View(NOW)
            ),
            id="commit",
        ),
        pytest.param(
            lambda: text_report(
                replace(HISTORY, entries=(HistoryEntry(make_record(applied_by=HOSTILE), None),)), View(NOW)
            ),
            id="person",
        ),
        pytest.param(
            lambda: text_report(replace(SHOW, card=card(outputs={"a": {"b": HOSTILE}})), View(NOW)), id="output"
        ),
    ],
)
def test_nothing_hostile_reaches_the_terminal(report: Any) -> None:
    assert not set(printed(report())) & set("\x1b\x07\x9b\u202e")


def test_a_reason_with_line_ends_that_another_program_wrote_is_one_row_of_the_status() -> None:
    reason = "first\nsecond\r\nthird\u2028fourth"
    held = status(current=make_record(5, kind=Kind.ROLLBACK, restores=3, hold=reason))
    locked = status(env="locked", holder=replace(HOLDER, what=reason))
    told = printed(text_report(replace(STATUS, environments=(held, locked)), View(NOW)), 200)
    assert len(told.splitlines()) == 3, told


@pytest.mark.parametrize("words", ["[skip ci] mend it", "mend [/it]", "[red]mend[/red] it", "mend :smile: it"])
def test_brackets_in_a_commit_stay_as_they_are(words: str) -> None:
    entry = HistoryEntry(make_record(applied_by="Ann [ops]"), make_commit("a", words))
    assert f"aaaaaaaa {words}" in shown(replace(HISTORY, entries=(entry,)))
    assert f"aaaaaaaa {words}" in shown(replace(SHOW, commit=make_commit("a", words)))


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (ResourceEvent(Step.STARTED, "a.b", "create"), "  a.b: creating…"),
        (ResourceEvent(Step.STARTED, "a.b", "delete"), "  a.b: deleting…"),
        (ResourceEvent(Step.STARTED, "a.b", "replace"), "  a.b: replace…"),
        (ResourceEvent(Step.RUNNING, "a.b", "create", elapsed_s=10), None),
        (ResourceEvent(Step.RUNNING, "a.b", "create", elapsed_s=50), None),
        (ResourceEvent(Step.RUNNING, "a.b", "create", elapsed_s=60), "  a.b: still creating after 60 s"),
        (ResourceEvent(Step.RUNNING, "a.b", "update", elapsed_s=120), "  a.b: still updating after 120 s"),
        (ResourceEvent(Step.COMPLETED, "a.b", "create", "i-1", 3), "  ✓ a.b: created after 3 s [i-1]"),
        (ResourceEvent(Step.COMPLETED, "a.b", "delete", "", 3), "  ✓ a.b: deleted after 3 s"),
        (ResourceEvent(Step.ERRORED, "a.b", "create", "", 3), "  ✗ a.b: failed after 3 s"),
        (ResourceEvent(Step.STARTED, "data.a.b", "read"), None),
        (PlannedEvent("a.b", "create"), None),
        (ReadingEvent("a.b"), None),
        (Diagnostic(False, "old", "syntax"), "  ! old: syntax"),
        (Diagnostic(True, "no"), None),
    ],
)
def test_a_log_gets_one_line_per_change_of_state(event: Event, line: str | None) -> None:
    text = event_line(event)
    assert (text.plain if text else None) == line


def test_an_id_can_be_left_out() -> None:
    event = ResourceEvent(Step.COMPLETED, "a.b", "create", "i-1", 3)
    assert finished_line(event, with_id=False).plain == "  ✓ a.b: created after 3 s"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s ago"),
        (0, "0 s ago"),
        (59, "59 s ago"),
        (60, "1 min ago"),
        (3599, "59 min ago"),
        (3600, "1 h ago"),
        (86_399, "23 h ago"),
        (86_400, "1 d ago"),
        (364 * 86_400, "364 d ago"),
        (365 * 86_400, "1 y ago"),
        (900 * 86_400, "2 y ago"),
    ],
)
def test_ages_are_rounded_down(seconds: int, words: str) -> None:
    assert age(NOW - timedelta(seconds=seconds), NOW) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.04, "0.0 s"), (3.14, "3.1 s"), (60, "1 min 0 s"), (61.9, "1 min 1 s"), (7325, "122 min 5 s")],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_one_has_no_s() -> None:
    assert [plural(count, "commit") for count in (0, 1, 2)] == ["0 commits", "1 commit", "2 commits"]


def test_a_persons_name_and_address_are_shown_together() -> None:
    assert str(ANN) == "Ann <ann@example.com>"


def test_a_table_of_many_rows_reads_as_one_of_few() -> None:
    table = Table("ENVIRONMENT", "STATE")
    for number in range(3):
        add_row(table, f"e{number}ü界", Text("in sync [bold]", style="green"))
    assert [line.rstrip() for line in _printed(Lines(table))] == [line.rstrip() for line in _printed(table)]


def _printed(shown: Renderable) -> list[str]:
    console = Console(file=io.StringIO(), width=100, highlight=False, color_system="truecolor", force_terminal=True)
    with console.capture() as captured:
        console.print(shown)
    return re.sub(r"\x1b\[[0-9;]*m", "", captured.get()).splitlines()


def test_who_makes_a_result_needs_no_rich() -> None:
    """It is imported when the first line is drawn, by `views/draw.py`."""
    folder = Path(tfops.views.__path__[0])
    sources = {path.name: path.read_text() for path in folder.glob("*.py") if "Result:" in path.read_text()}
    assert len(sources) > 20
    assert [
        name for name, source in sources.items() if re.search(r"^\s*(from|import) rich", source, re.MULTILINE)
    ] == []


def _table(*cells: str) -> Table:
    table = Table("NAME", "WHY")
    add_row(table, *cells)
    add_row(table, "a", "b")
    return table


@pytest.mark.parametrize(
    "shape",
    [
        Text("one\n\ntwo\n", style="bold"),
        Text.assemble("✓ ", ("ünïcode", "red")).append(" · …"),
        _table("an [bold]name[/]", "why"),
        Lines(_table("x" * 100, "why")),
        Group(Text(), _table("x" * 190, "fits it"), Indented(Text("in\nside"), 4)),
        Remarked(Text("line" * 60), "remark"),
    ],
)
def test_a_log_reads_the_same_without_rich(shape: Renderable) -> None:
    assert as_plain(shape, LOG_COLUMNS) == logged(shape)


@pytest.mark.parametrize(
    "shape",
    [
        Text("界"),
        Text("a\tb"),
        Text("bell\a"),
        Text("e\u0301"),
        _table("界", ""),
        _table("x" * 191, "too wide"),
        Lines(_table("x" * 191, "too wide")),
        Indented(Text("x" * 198), 4),
        "markup",
    ],
)
def test_what_only_rich_can_lay_out_is_left_to_it(shape: Renderable) -> None:
    assert as_plain(Group(Text("before"), shape), LOG_COLUMNS) is None
