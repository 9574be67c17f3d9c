"""What looking costs in a full repository: before and after a commit, in one environment and in all."""

import tempfile
from pathlib import Path

from bench.measuring import HEAD, READ, Report, Rounds, Scale, Took, interleaved, peak_mb, run
from bench.repository import LIST, MODULES, full_repository, one_commit_further
from tests.support.sandbox import Sandbox

_REFS = ("refs/remotes/origin/", "refs/tfops/envs/", "refs/tags/tfops/")
_STATUS, _FETCHED, _RECONCILE = "`status --no-fetch`", "`status`", "`reconcile --dry-run`"
_REFS_READ = "`for-each-ref` with these fields"
_DIFF, _GRAPH = "`diff` of two versions", "`graph`"
_AFTER = " after a commit"
_PAIRS = (
    (_STATUS, _REFS_READ),
    (_FETCHED, _REFS_READ),
    (_RECONCILE, _REFS_READ),
    (_DIFF, _REFS_READ),
    (_GRAPH, _REFS_READ),
    (_FETCHED + _AFTER, _FETCHED),
    (_RECONCILE + _AFTER, _RECONCILE),
)


def looks(shop: Sandbox, further: Sandbox, versions: int, rounds: int) -> Rounds:
    """`further` is the same a commit further; both clones have looked once before."""

    def tfops(where: Sandbox, *args: str) -> Took:
        return run(where.command(*args), cwd=where.path, env=where.env)

    return interleaved(
        rounds,
        {
            _REFS_READ: lambda: run([*LIST, *_REFS], cwd=shop.path, env=shop.env),
            _STATUS: lambda: tfops(shop, "status", "--no-fetch"),
            _FETCHED: lambda: tfops(shop, "status"),
            _FETCHED + _AFTER: lambda: tfops(further, "status"),
            _RECONCILE: lambda: tfops(shop, "reconcile", "--dry-run"),
            _RECONCILE + _AFTER: lambda: tfops(further, "reconcile", "--dry-run"),
            _DIFF: lambda: tfops(shop, "diff", "e1", "v1", f"v{versions}", "--no-fetch"),
            _GRAPH: lambda: tfops(shop, "graph", "--no-fetch"),
        },
    )


def report(scale: Scale) -> Report:
    environments, versions = scale.size(1_000), scale.size(20)
    with tempfile.TemporaryDirectory() as folder:
        shop = full_repository(Path(folder), environments=environments, versions=versions)
        took = looks(shop, one_commit_further(shop), versions, scale.rounds(7))
        peak = peak_mb(["status"], cwd=shop.path, env=shop.env)
    lines = [
        f"{environments:,} environments of {MODULES} modules on one branch, {environments * versions:,} versions, a",
        "bare remote on the same disk; nothing moved. After a commit: the same clone, the branch one commit further,",
        "which touches one module that all use. `for-each-ref` lists the same refs with what each names, who made it",
        f"and when, and its subject and trailers. The most memory of `status`: {peak:.0f} MB.",
        READ,
        "",
        HEAD,
        *(took.row(*pair) for pair in _PAIRS),
    ]
    found = {
        "status": took.ratio(_STATUS, _REFS_READ).wall,
        "reconcile-nothing": took.ratio(_RECONCILE, _REFS_READ).wall,
        "status-after-commit": took.ratio(_FETCHED + _AFTER, _FETCHED).wall,
        "reconcile-after-commit": took.ratio(_RECONCILE + _AFTER, _RECONCILE).wall,
        "status-memory": peak,
        "diff": took.ratio(_DIFF, _REFS_READ).wall,
        "graph": took.ratio(_GRAPH, _REFS_READ).wall,
    }
    return Report("\n".join(lines), found)
