"""What hosts say when they say no: their words (as published, or seen) and what they come to."""

import pytest

from tfops.system.answers import No, answer_of, safe, told

_TO = "error: failed to push some refs to 'https://forge.example/team/shop.git'\n"
_HTTP = "fatal: unable to access 'https://forge.example/team/archived.git/': The requested URL returned error: "

_ROWS = {
    "GitHub, no right": (
        "remote: Permission to team/shop.git denied to bob.\n" + _HTTP + "403\n",
        No.RIGHT,
        "Permission to team/shop.git denied to bob.",
    ),
    "GitHub, over SSH": ("ERROR: Permission to team/shop.git denied to bob.\n", No.RIGHT, "denied to bob"),
    "GitHub, a deploy key": (
        "ERROR: The key you are authenticating with has been marked as read only.\n",
        No.RIGHT,
        "marked as read only",
    ),
    "GitHub, a token's scope": ("remote: Write access to repository not granted.\n" + _HTTP + "403\n", No.RIGHT, ""),
    "GitHub, archived": (
        "remote: This repository was archived so it is read-only.\n" + _HTTP + "403\n",
        No.ARCHIVED,
        "archived so it is read-only",
    ),
    "GitHub, a rule": (
        "remote: error: GH013: Repository rule violations found for refs/tags/tfops/dev/v1.\nremote: \n"
        "remote: - Cannot create ref due to creations being restricted.\n"
        " ! [remote rejected] x -> tfops/dev/v1 (push declined due to repository rule violations)\n" + _TO,
        No.PROTECTED,
        "GH013",
    ),
    "GitLab, a protected tag": (
        "remote: GitLab: You are not allowed to create this tag as it is protected.\n"
        " ! [remote rejected] x -> tfops/dev/v1 (pre-receive hook declined)\n" + _TO,
        No.PROTECTED,
        "You are not allowed to create this tag as it is protected.\npre-receive hook declined",
    ),
    "Forgejo, a protected tag": (
        "remote: \nremote: Forgejo: Tag tfops/dev/v1 is protected\n"
        " ! [remote rejected] x -> tfops/dev/v1 (pre-receive hook declined)\n" + _TO,
        No.PROTECTED,
        "Tag tfops/dev/v1 is protected\npre-receive hook declined",
    ),
    "GitLab, no right": ("remote: You are not allowed to push code to this project.\n" + _HTTP + "403\n", No.RIGHT, ""),
    "GitLab, a token": (
        "remote: HTTP Basic: Access denied. The token is expired.\nfatal: Authentication failed for 'x'\n",
        No.LOGIN,
        "The token is expired",
    ),
    "Forgejo, a token's scope": (_HTTP.replace("archived", "x") + "403\n", No.RIGHT, "returned error: 403"),
    "a revoked token": ("fatal: Authentication failed for 'https://forge.example/team/shop.git/'\n", No.LOGIN, ""),
    "nobody to ask": (
        "fatal: could not read Username for 'https://forge.example': terminal prompts disabled\n",
        No.LOGIN,
        "terminal prompts disabled",
    ),
    "SSH without a key": (
        "git@forge.example: Permission denied (publickey).\nfatal: Could not read from remote repository.\n",
        No.LOGIN,
        "Permission denied (publickey)",
    ),
    "not there, or hidden": (
        "remote: Repository not found.\nfatal: repository 'https://x/y.git/' not found\n",
        No.ABSENT,
        "Repository not found.",
    ),
    "hidden refs": (
        " ! [remote rejected] x -> refs/tfops/envs/dev (deny updating a hidden ref)\n" + _TO,
        No.HIDDEN,
        "deny updating a hidden ref",
    ),
    "no atomic push": ("fatal: the receiving end does not support --atomic push\n", No.ATOMIC, "--atomic"),
    "a hook": (
        "remote: closed for maintenance\nremote: error: hook declined to update refs/tfops/envs/dev\n"
        " ! [remote rejected] x -> refs/tfops/envs/dev (hook declined)\n" + _TO,
        No.HOOK,
        "closed for maintenance\nhook declined",
    ),
    "a full disk": ("error: remote unpack failed: unable to create temporary object directory\n", No.OTHER, "unpack"),
    "too large": ("error: RPC failed; HTTP 413 curl 22 The requested URL returned error: 413\n", No.OTHER, "413"),
}  # fmt: skip


@pytest.mark.parametrize("row", _ROWS)
def test_a_no_is_told_apart_from_others_in_the_hosts_own_words(row: str) -> None:
    stderr, why, words = _ROWS[row]
    answer = answer_of(stderr)
    assert answer is not None and answer.why is why
    assert words in answer.text and answer.text


@pytest.mark.parametrize(
    "stderr",
    [
        "fatal: unable to access 'https://forge.example/x.git/': Could not resolve host: forge.example\n",
        "fatal: unable to access 'https://forge.example/x.git/': The requested URL returned error: 503\n",
        "fatal: unable to access 'https://forge.example/x.git/': The requested URL returned error: 429\n",
        "ssh: connect to host forge.example port 22: Connection timed out\nfatal: Could not read from remote.\n",
        "fatal: '/srv/git/protected/archived.git' does not appear to be a git repository\n",
        "fatal: unable to access 'https://forge.example/forbidden/': SSL certificate problem\n",
        "fatal: the remote end hung up unexpectedly\n",
        "",
    ],
)  # fmt: skip
def test_who_does_not_answer_has_not_said_no(stderr: str) -> None:
    assert answer_of(stderr) is None


def test_names_of_environments_are_no_words_of_the_host() -> None:
    said = " ! [remote rejected] x -> tfops/protected/v1 (hook declined)\n"
    answer = answer_of(f"{said}remote: error: hook declined to update refs/tags/tfops/archived/v1\n")
    assert answer is not None and answer.why is No.HOOK


def test_nothing_of_a_host_reaches_a_terminal_as_it_is() -> None:
    said = told("remote: \033[31mred\u202e\u200b token-of-ann https://ann:pw@forge\nremote: ====\n", ["token-of-ann"])
    assert said.split() == ["[31mred", "***", "https://***@forge"]
    assert len(safe("x" * 1000)) == 300
    assert told("\n".join(f"remote: line {n}" for n in range(99))).count("\n") == 3
