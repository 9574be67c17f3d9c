"""What engines printed: `refs/tfops/logs/<env>`, one packed file for each run."""

import gzip
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from tfops.dataclass import dataclass
from tfops.errors import Refused
from tfops.ledger.beside import Namespace, read_beside, store_beside, swap_beside
from tfops.ledger.codec import decode, encode
from tfops.records.names import EnvName
from tfops.records.run_log import RunLog
from tfops.system import clock
from tfops.system.remote import LOGS, Refs, Update
from tfops.system.repository import Repository
from tfops.system.workspace import run_began

NAMESPACE = Namespace(LOGS, "logs")
_ENDING = ".json.gz"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is kept of one environment: the newest, until one of these is reached."""

    runs: int
    days: int
    size: int

    def within(self, files: Mapping[str, bytes], now: datetime) -> dict[str, bytes]:
        """The files that stay, by name; always the newest."""
        found: dict[str, bytes] = {}
        for name in sorted(files, reverse=True):
            is_old = now - run_began(_run_of(name)) > timedelta(days=self.days)
            if found and (is_old or len(found) >= self.runs or _size(found) + len(files[name]) > self.size):
                break
            found[name] = files[name]
        return found


@dataclass(frozen=True, slots=True)
class Logs:
    """The logs of an environment that are kept, by run; run ids sort by time."""

    env: EnvName
    files: Mapping[str, bytes]

    @property
    def runs(self) -> Sequence[str]:
        """The newest first."""
        return sorted(map(_run_of, self.files), reverse=True)

    def read(self, run: str) -> RunLog:
        """Raises Refused (guard `no-log`, `damaged-logs`)."""
        content = self.files.get(f"{run}{_ENDING}")
        if content is None:
            raise self.unknown(f"no log of the run {run} of {self.env} is kept")
        try:
            return decode(RunLog, gzip.decompress(content))
        except (ValueError, OSError, EOFError, zlib.error) as error:
            why = str(error).partition("\n")[0]
            raise Refused("damaged-logs", f"the log of the run {run} of {self.env} can't be read", why=why) from error

    def unknown(self, what: str) -> Refused:
        """That there is no such log, and what to do."""
        hint = f"what is kept: tfops logs {self.env} --list"
        return Refused("no-log", what, why="" if self.files else "none is kept", hint=hint if self.files else KEEP_HINT)


KEEP_HINT = "runs that stop are kept; for all of them, in tfops.yaml: logs: {keep: all}"


def read_logs(repository: Repository, env: EnvName) -> Logs:
    """What this clone knows: fetch first."""
    found = read_beside(repository, NAMESPACE, env)
    return Logs(env, {name: content for name, content in found.files if name.endswith(_ENDING)})


def keep_log(repository: Repository, refs: Refs, log: RunLog, bounds: Bounds) -> None:
    """Keep one, and prune what is beyond the bounds. Raises RemoteUnreachable, RemoteRefused; Refused as
    `swap_beside`."""
    env = EnvName(log.env)
    content = gzip.compress(encode(log).encode(), mtime=0)

    def make() -> list[Update]:
        present = read_beside(repository, NAMESPACE, env)
        files = bounds.within(dict(present.files) | {f"{log.run_id}{_ENDING}": content}, clock.now())
        subject = f"{env}: the log of {log.run_id}, {log.outcome}"
        return [store_beside(repository, present.ref, present.head, files, subject)]

    swap_beside(refs, NAMESPACE, [env], make)


def _run_of(name: str) -> str:
    return name.removesuffix(_ENDING)


def _size(files: Mapping[str, bytes]) -> int:
    return sum(map(len, files.values()))
