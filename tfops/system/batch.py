"""Many objects at once, by name: missing and damaged ones stop none of the others."""

from collections.abc import Iterator, Sequence

from tfops.dataclass import dataclass
from tfops.records.names import CommitSha
from tfops.system.git import GitRunner, ObjectsAway
from tfops.system.git_objects import ObjectUnreadable
from tfops.system.repository import Repository
from tfops.system.trees import GitTree

_ANY = range(256)
_FEW = 200


@dataclass(frozen=True, slots=True)
class Found:
    """An object; `kind` is Git's word: commit, tree, blob or tag."""

    kind: str
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")


def read_objects(repository: Repository, names: Sequence[str]) -> Iterator[Found | None]:
    """Each object in turn, None for one that is missing or damaged. Names are `ID`, or `COMMIT-ID:path`.

    A few are asked of the reader that runs anyway, one after the other; many by one Git process.
    """
    if len(names) > _FEW:
        yield from read_named(repository.git, names)
    else:
        yield from (_one(repository, *name.partition(":")) for name in names)


def _one(repository: Repository, object_id: str, _: str, path: str) -> Found | None:
    try:
        if path:
            object_id = GitTree.of_commit(repository, CommitSha(object_id)).digest(path)
        found = repository.objects.read(object_id) if object_id else None
    except (ObjectUnreadable, ObjectsAway, ValueError, KeyError):  # the last two: it is there, but it is no Git object
        return None
    return Found(found.kind, found.content) if found else None


def read_named(git: GitRunner, names: Sequence[str]) -> Iterator[Found | None]:
    """The same by one Git process. Names may be those of refs too, without line ends."""
    while names:
        questions = "".join(f"{name}\n" for name in names).encode()
        done = git.ask("cat-file", "--batch", "--buffer", stdin=questions, ok=_ANY)
        count = 0
        for found in _answers(done.stdout):
            count += 1
            yield found
        if count < len(names):  # Git gave up at a damaged one
            yield None
        names = names[count + 1 :]


def _answers(output: bytes) -> Iterator[Found | None]:
    start = 0
    while (end := output.find(b"\n", start)) >= 0:
        fields = output[start:end].rsplit(b" ", 2)
        start = end + 1
        if fields[-1] in (b"missing", b"ambiguous"):
            yield None
            continue
        stop = start + int(fields[2])
        if stop >= len(output):
            return
        yield Found(fields[1].decode(), output[start:stop])
        start = stop + 1


def object_ids(git: GitRunner, names: Sequence[str]) -> list[str]:
    """The ids of objects by name, `COMMIT-ID:path` mostly, by one Git process; empty where there is none."""
    if not names:
        return []
    questions = "".join(f"{name}\n" for name in names).encode()
    done = git.ask("cat-file", "--batch-check=%(objectname)", stdin=questions, ok=_ANY)
    lines = done.text.split("\n")[: len(names)]
    return ["" if line.endswith((" missing", " ambiguous")) else line for line in lines]
