"""Repositories full of environments and versions, as applies would have left them; no engine was needed for that."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import validate
from tests.soak.idle import environment_of
from tests.support.cards import make_card
from tests.support.sandbox import Sandbox, with_remote
from tfops import __version__
from tfops.change.commit_effect import CommitRules
from tfops.change.content import Content, rendered
from tfops.change.project import Project
from tfops.change.reading import load_checked
from tfops.ledger import codec
from tfops.ledger.card import encode_card

MODULES = 10
# Who lists versions and ledgers with Git alone: what each is, who made it and when, and what it says of itself.
FIELDS = "%(refname) %(objectname) %(*objectname) %(creator) %(contents:subject) %(contents:trailers)"
LIST = ("git", "for-each-ref", f"--format={FIELDS}")


def full_repository(
    folder: Path, *, environments: int, versions: int, prepare: Callable[[Sandbox], None] = lambda _: None
) -> Sandbox:
    """Environments of ten modules that all run the head of one branch, `versions` each, and a bare remote.

    `prepare` may write more before it is committed.
    """
    shop = Sandbox(folder / "shop", folder / "home", "none")
    shop.path.mkdir()
    shop.git("init", "--quiet", "--initial-branch=main")
    validate.write_project(shop.path, environments, modules=MODULES)
    prepare(shop)
    shop.commit("Start")
    with environment_of(shop):
        stream = b"".join(_ledgers(shop, versions))
    subprocess.run(["git", "-C", str(shop.path), "fast-import", "--quiet"], input=stream, env=shop.env, check=True)
    with_remote(shop, folder / "remote.git")
    shop.git("push", "--quiet", "origin", "refs/tfops/*:refs/tfops/*", "--tags")
    for repository in (shop.path, folder / "remote.git"):
        shop.git("-C", str(repository), "pack-refs", "--all")
    return shop


def one_commit_further(shop: Sandbox) -> Sandbox:
    """The same clone and remote once more, a commit further, that touches a module which all use."""
    folder = shop.path.parent
    copy = Sandbox(folder / "further", shop.home, "none")
    shutil.copytree(shop.path, copy.path, symlinks=True)
    shutil.copytree(folder / "remote.git", folder / "further.git")
    copy.git("remote", "set-url", "origin", str(folder / "further.git"))
    copy.write("modules/m3/more.tf", 'resource "terraform_data" "more" {}\n')
    copy.commit("One module")
    copy.git("push", "--quiet")
    return copy


def _ledgers(shop: Sandbox, versions: int) -> Iterator[bytes]:
    """A stream for `git fast-import`: an annotated tag for each version, and the ledger of each environment."""
    project, head = Project.open(shop.path), shop.git("rev-parse", "HEAD")
    commit = CommitRules.of_commit(project, project.repository.head)
    for env in commit.rules.environments:
        tree = commit.files.tree
        environment = load_checked(project, tree, commit.rules, env, commit.memory)
        digest, files = rendered(Content.of(tree, commit.rules, environment), commit.files.interfaces)
        for number in range(1, versions + 1):
            about = {"environment": env, "version": number, "run_id": f"r-{env}-{number}", "tfops": __version__}
            card = make_card(head, rendered_digest=digest, **about)
            person = f"ann <ann@example.com> {1_700_000_000 + number} +0000"
            yield f"tag tfops/{env}/v{number}\nfrom {head}\ntagger {person}\n".encode()
            yield _data(encode_card(card, "1 created, 0 updated, 0 replaced, 0 deleted"))
        yield f"commit refs/tfops/envs/{env}\ncommitter {person}\n".encode() + _data(
            "applied\n\nTfops-Event: recorded\n"
        )
        kept = {"card.json": codec.encode(card)} | {f"root/{name}": text for name, text in files.items()}
        yield from (f"M 100644 inline {name}\n".encode() + _data(text) for name, text in kept.items())
        yield b"\n"


def _data(text: str | bytes) -> bytes:
    content = text.encode() if isinstance(text, str) else text
    return f"data {len(content)}\n".encode() + content + b"\n"
