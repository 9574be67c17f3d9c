"""Which environments would be promoted something without the patch: said before anything is planned."""

from __future__ import annotations

from tfops.commands.patch_target import Patch
from tfops.commands.patch_users import ModuleUser
from tfops.errors import Refused
from tfops.records.names import EnvName
from tfops.resolve.patching import promoted_through


def patch_refused(patch: Patch) -> dict[EnvName, Refused]:
    """Those that would be promoted what hasn't the change. Raises ConfigError."""
    found = dict[EnvName, Refused]()
    for env in patch.wanted:
        user = patch.users.get(env)
        refusal = _unpatched(patch, user) if user else None
        if refusal is not None:
            found[env] = refusal
    return found


def _unpatched(patch: Patch, user: ModuleUser) -> Refused | None:
    """What runs at the beginning of its way, where that gets nothing itself, is what it would be promoted."""
    way = promoted_through(user.env, patch.selected.rules.environments)
    source = patch.latest.get(next((env for env in way if env not in patch.wanted), user.env))
    if source is None or source.env == user.env:
        return None
    there, now = (patch.contents.at(commit, user.env) for commit in (source.commit, patch.commit.sha))
    lacking = [name for name in user.names if (name in there and there[name].text) != (name in now and now[name].text)]
    if not lacking:
        return None
    return Refused(
        "source-unpatched",
        f"{source.env} {source.version} runs without the change, and {user.env} is promoted what runs there",
        why=f"at {source.commit[:8]} {', '.join(lacking)} of {user.env} is another one than at {patch.commit.short}",
        hint=f"patch {source.env} with it, or first: add --env {source.env}",
    )
