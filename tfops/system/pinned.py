"""Git settings that would change what tfops sees, stores or pushes: pinned for every process of Git.

A person's (or the system's, or the clone's) settings for connecting, for credentials, proxies and
signing stay theirs. What is pinned has the value that Git has without any settings.
Source: https://git-scm.com/docs/git-config
"""

_SETTINGS = {
    # what is read
    "core.commentChar": "#",
    "core.useReplaceRefs": "false",
    "core.quotePath": "true",
    "core.warnAmbiguousRefs": "true",
    "core.fsmonitor": "false",
    "i18n.commitEncoding": "UTF-8",
    "i18n.logOutputEncoding": "UTF-8",
    "log.follow": "false",
    "log.showSignature": "false",
    "log.diffMerges": "separate",
    "color.ui": "false",
    "column.ui": "never",
    "diff.ignoreSubmodules": "none",
    "diff.orderFile": "/dev/null",
    "diff.renames": "false",
    "status.renames": "false",
    "status.branch": "false",
    "status.short": "false",
    "status.showStash": "false",
    "status.submoduleSummary": "false",
    "status.relativePaths": "true",
    "trailer.separators": ":",
    # what is written; a tree of ours must not depend on who writes it
    "add.ignoreErrors": "false",
    "core.safecrlf": "false",
    # hooks are made for what a person does; what a server's hooks say still counts
    "core.hooksPath": "/dev/null",
    # what is fetched: without the first, Git takes a rewritten ledger for a longer one
    "fetch.showForcedUpdates": "true",
    "fetch.output": "full",
    "fetch.all": "false",
    "fetch.prune": "false",
    "fetch.pruneTags": "false",
    "fetch.recurseSubmodules": "false",
    # what is pushed: two refs and nothing else, as this process says
    "push.default": "simple",
    "push.followTags": "false",
    "push.gpgSign": "false",
    "push.negotiate": "false",
    "push.pushOption": "",
    "push.recurseSubmodules": "no",
    "push.useForceIfIncludes": "false",
    "submodule.recurse": "false",
}

PINNED_SETTINGS = tuple(f"{name}={value}" for name, value in _SETTINGS.items())
PINNED = tuple(word for setting in PINNED_SETTINGS for word in ("-c", setting))


def pinned_for(remote: str) -> tuple[str, ...]:
    """What a remote's own settings must not add to a fetch or a push: all refs of a mirror, tags, deletions."""
    settings = {"mirror": "false", "prune": "false", "pruneTags": "false", "tagOpt": "--no-tags"}
    return tuple(word for name, value in settings.items() for word in ("-c", f"remote.{remote}.{name}={value}"))
