"""`make bench-peers`: the same roots by tfops, by hand and by its peers; writes bench/peers-results.md.

A peer is measured when its program is on PATH. Each works as its documents say that one works with it: with a saved
plan only where it has one.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.many import APPLY, PLAN, Many
from bench.measuring import HEAD, READ, Rounds, Scale, Took, interleaved, run
from bench.repository import MODULES, full_repository, one_commit_further
from bench.results import write_measured
from tests.support.machine import machine
from tests.support.sandbox import Sandbox

RESULTS = Path(__file__).with_name("peers-results.md")
_HEAD = """\
# What `make bench-peers` measured

{machine}, {versions}.
"""
_TFOPS, _BY_HAND = "tfops", "by hand"


@dataclass(frozen=True, slots=True)
class Peer:
    """Commands are for a shell: in the folder of one root, `many` and `affected` where all roots are below."""

    program: str
    lacks: str
    plan: str
    apply: str
    many: str = ""
    affected: str = ""
    files: tuple[tuple[str, str], ...] = ()
    top_files: tuple[tuple[str, str], ...] = ()

    @property
    def version(self) -> str:
        """Its program and version; empty where the program isn't on PATH."""
        if not shutil.which(self.program):
            return ""
        argv = (self.program, "version" if self.program == "atmos" else "--version")
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        found = re.search(r"\d+\.\d+\.\d+\S*", done.stdout + done.stderr)
        return f"{self.program} {found[0] if found else '(version unknown)'}"

    def equip(self, roots: Path, names: list[str]) -> None:
        """Write its files."""
        for name, text in self.top_files:
            _write(roots / name, text)
        for root in names:
            for name, text in self.files:
                _write(roots / name.replace("%", root) if "/" in name else roots / root / name, text.replace("%", root))


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


_ATMOS = """\
base_path: .
components: {terraform: {base_path: ., apply_auto_approve: true}}
stacks: {base_path: stacks, included_paths: ['*.yaml'], name_pattern: '{stage}'}
"""
_ATMOS_STACK = """\
vars: {stage: %}
components:
  terraform:
    app: {metadata: {component: %}}
"""
_TERRAMATE = "terramate run --quiet -X"
PEERS = (
    Peer(
        "terragrunt",
        "no reviewed plan, no record",
        plan="terragrunt plan --non-interactive",
        apply="terragrunt apply -auto-approve --non-interactive",
        many="terragrunt run --all --non-interactive --parallelism 2 -- apply -auto-approve",
        affected="terragrunt find --filter '[HEAD~1...HEAD]'",
        files=(("terragrunt.hcl", "inputs = {}\n"),),
    ),
    Peer(
        "terramate",
        "plan and apply are the user's script, no record",
        plan=f"{_TERRAMATE} -- sh -c '{PLAN}'",
        apply=f"{_TERRAMATE} -- sh -c '{APPLY}'",
        many=f"{_TERRAMATE} --parallel 2 -- sh -c '{APPLY}'",
        affected="terramate list --changed",
        files=(("stack.tm.hcl", "stack {\n}\n"),),
    ),
    Peer(
        "atmos",
        "the plan isn't shown before the apply, no record",
        plan="cd .. && atmos terraform plan app -s %",
        apply="cd .. && atmos terraform deploy app -s %",
        files=(("stacks/%.yaml", _ATMOS_STACK),),
        top_files=(("atmos.yaml", _ATMOS),),
    ),
    Peer(
        "tf-project",
        "one root at a time, no record",
        plan="cd .. && tf-project use % && tf-project plan",
        apply="cd .. && tf-project use % && tf-project plan && tf-project apply",
        files=(("tfvars/%.tfvars", '# {"header": "terraform", "project": "%"}\n'),),
        top_files=(("tf_project.toml", '[tf_project]\nterraform_dir = "."\n[tf_project.secrets]\ncommand = []\n'),),
    ),
)


class Bench:
    """The project of `bench.many`, and the roots by hand once more for each peer."""

    def __init__(self, folder: Path, peers: list[Peer], environments: int) -> None:
        self.many, self.folder = Many(folder, environments), folder
        self.roots = {_BY_HAND: self.many.hand}
        for peer in peers:
            self.roots[peer.program] = folder / peer.program
            shutil.copytree(self.many.hand, folder / peer.program)
            peer.equip(folder / peer.program, self.many.names)
            subprocess.run(["git", "init", "--quiet", str(folder / peer.program)], env=self.many.shop.env, check=True)

    def want(self) -> None:
        self.many.changed()
        for roots in self.roots.values():
            for env in self.many.names:
                (roots / env / "terraform.tfvars").write_text(f'value = "v{self.many.value}"\n')

    def in_root(self, peer: str, command: str) -> Took:
        root = self.many.names[0]
        return run(["sh", "-c", command.replace("%", root)], cwd=self.roots[peer] / root, env=self.many.shop.env)

    def in_all(self, peer: str, command: str) -> Took:
        return run(["sh", "-c", command], cwd=self.roots[peer], env=self.many.shop.env)

    def fits(self, peer: Peer) -> str:
        """Empty, or why this peer can't be measured here: the first lines of what it says to its first apply."""
        try:
            self.in_root(peer.program, peer.apply)
        except AssertionError as error:
            said = [line for line in str(error).splitlines()[1:] if line.strip()]
            return re.sub(r"\x1b\[[0-9;]*m|[│╷╵|]", "", " ".join(said[:3])).strip()[:200] or str(error)
        states = self.roots[peer.program].rglob("*.tfstate")
        is_applied = any(f'"v{self.many.value}' in file.read_text() for file in states)
        return "" if is_applied else "it exits with 0, and no state has the new value"

    def measure(self, peers: list[Peer], rounds: int) -> Iterator[tuple[str, Rounds]]:
        """Title and rounds of each table; one input changes before each job that applies."""

        def changed(deed: Callable[[], Took]) -> Callable[[], Took]:
            def job() -> Took:
                self.want()
                return deed()

            return job

        first, jobs = self.many.names[0], dict[str, Callable[[], Took]]()
        tfops, hand = self.many.tfops, _BY_HAND
        applies = {_TFOPS: changed(lambda: tfops("apply", first, "--yes"))}
        applies |= {hand: changed(lambda: self.in_root(hand, APPLY))}
        applies |= {one.program: changed(lambda one=one: self.in_root(one.program, one.apply)) for one in peers}  # type: ignore[misc]
        yield "Apply of one root, one input changed", interleaved(rounds, applies)
        self.want()
        jobs = {_TFOPS: lambda: tfops("plan", first), hand: lambda: self.in_root(hand, PLAN)}
        jobs |= {one.program: lambda one=one: self.in_root(one.program, one.plan) for one in peers}  # type: ignore[misc]
        yield "Plan of one root, one input changed", interleaved(rounds, jobs)
        every = {_TFOPS: changed(lambda: tfops("reconcile", "--parallel", "2", "--quiet"))}
        every |= {hand: changed(lambda: self.many.by_hand(APPLY, 2))}
        able = [peer for peer in peers if peer.many]
        every |= {one.program: changed(lambda one=one: self.in_all(one.program, one.many)) for one in able}  # type: ignore[misc]
        yield f"Apply of {len(self.many.names)} roots, two at once", interleaved(rounds, every)


def affected(folder: Path, peers: list[Peer], scale: Scale) -> tuple[str, Rounds]:
    """Who is affected by a commit that touches one module that all use: roots and environments in one repository."""
    environments = scale.size(1_000)

    def add_roots(shop: Sandbox) -> None:
        calls = "".join(f'module "m{n}" {{\n  source = "../../modules/m{n}"\n}}\n' for n in range(MODULES))
        for number in range(environments):
            shop.write(f"roots/e{number}/main.tf", calls)
        for peer in peers:
            peer.equip(shop.path / "roots", [f"e{number}" for number in range(environments)])

    shop = full_repository(folder, environments=environments, versions=2, prepare=add_roots)
    further = one_commit_further(shop)

    def seconds(command: str) -> Took:
        return run(["sh", "-c", command], cwd=further.path, env=further.env)

    for peer in peers:  # a quick answer must be the right one
        argv = ["sh", "-c", peer.affected]
        said = subprocess.run(argv, cwd=further.path, env=further.env, capture_output=True, check=False)
        assert len(said.stdout.splitlines()) == environments, said
    jobs = {_TFOPS: lambda: seconds(" ".join(further.command("reconcile", "--dry-run")))}
    jobs |= {one.program: lambda one=one: seconds(one.affected) for one in peers}  # type: ignore[misc]
    title = f"Who of {environments:,} is affected by a commit that touches one of {MODULES} modules"
    return title, interleaved(scale.rounds(3), jobs)


def _table(title: str, took: Rounds, base: str) -> str:
    rows = [took.row(job, base) for job in took.took if job != base]
    return "\n".join([f"## {title}\n", HEAD, *rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="once, over few things; printed, not written")
    scale = Scale(parser.parse_args().small)
    if not shutil.which("terraform"):
        parser.error("put terraform on PATH: what is typed by hand needs it")
    found, tables, failed = [peer for peer in PEERS if peer.version], list[str](), dict[str, str]()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), found, 3 if scale.is_small else 20)
        failed = {peer.program: why for peer in found if (why := bench.fits(peer))}
        able = [peer for peer in found if peer.program not in failed]
        tables += [_table(*measured, _BY_HAND) for measured in bench.measure(able, scale.rounds(5))]
    with tempfile.TemporaryDirectory() as folder:
        title, took = affected(Path(folder), [peer for peer in able if peer.affected], scale)
        tables.append(
            _table(title, took, _TFOPS) if len(took.took) > 1 else f"## {title}\n\nNo peer here that can say."
        )
    versions = ", ".join(peer.version for peer in found) or "no peer"
    lines = [f"- {peer.version}: {peer.lacks}." for peer in able]
    lines += [f"- {program} failed: {why}" for program, why in failed.items()]
    lines += [f"- {peer.program}: not found on PATH." for peer in PEERS if peer not in found]
    text = "\n\n".join([_HEAD.format(machine=machine(), versions=versions) + f"\n{READ}", "\n".join(lines), *tables])
    if scale.is_small:
        sys.exit(print(text))
    RESULTS.write_text(text + "\n")
    if "terramate" in took.took:
        write_measured({"affected": took.ratio(_TFOPS, "terramate").wall})


if __name__ == "__main__":
    main()
