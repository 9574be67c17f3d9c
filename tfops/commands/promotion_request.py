"""A merge request for what a promotion can't put on the target's branch itself."""

from tfops.change.promoted_commit import Diverged
from tfops.change.promotion import Source
from tfops.change.remote_answers import refusal
from tfops.change.snapshot import Snapshot
from tfops.change.ui import Ui
from tfops.forge.base import NewRequest, OpenRequest
from tfops.forge.known import forge_here
from tfops.forge.opening import keep_request
from tfops.system.advance import advance
from tfops.system.remote import RemoteUnreachable, Update
from tfops.views.markdown import code
from tfops.views.words import plural

_MOST_LISTED = 20


def request_merge(facts: Snapshot, source: Source, diverged: Diverged, ui: Ui) -> OpenRequest:
    """The merge request that is open for it, or a new one. Raises Diverged off a forge's jobs, ForgeFailed, Refused."""
    forge = forge_here()
    if forge is None or not facts.project.repository.remote:
        raise diverged
    client = forge.connect()
    branch = f"promote/{source.record.env}-{source.record.version}-to-{facts.env}"
    _push(facts, branch, diverged)
    title = f"Promote {source.text} to {facts.env}"
    opened = keep_request(client, NewRequest(branch, diverged.branch, title, _text(facts, source, diverged)))
    ui.note(f"{diverged.what}: merge request {opened.number} does")
    return opened


def _push(facts: Snapshot, branch: str, diverged: Diverged) -> None:
    """The branch has the version in its name: what is there already is this very commit, or what people made of it."""
    repository = facts.project.repository
    if repository.branch_head(branch) is not None:
        return
    update = Update(f"refs/heads/{branch}", diverged.commit)
    try:
        advance(repository, update, refused=lambda _: diverged)
    except RemoteUnreachable as error:
        raise refusal(error, repository.remote, f"`{branch}` could not be pushed") from error


def _text(facts: Snapshot, source: Source, diverged: Diverged) -> str:
    latest, repository = facts.latest, facts.project.repository
    commits = repository.commits_between(latest.commit, diverged.commit) if latest else ()
    since = f"since {source.record.applied_at:%Y-%m-%d %H:%M} UTC (checks: {source.record.verified})"
    lines = [
        f"{code(source.text)} runs commit {code(diverged.commit[:12])} {since}. When this is merged:",
        "",
        code(f"tfops promote {source.record.env} {facts.env}"),
        "",
    ]
    lines += [f"{plural(len(commits), 'commit')}:", ""] if commits else []
    lines += [f"- {code(f'{one.short} {one.subject} ({one.author.name})')}" for one in commits[:_MOST_LISTED]]
    lines += [f"- … and {len(commits) - _MOST_LISTED} more"] if len(commits) > _MOST_LISTED else []
    return "\n".join(lines)
