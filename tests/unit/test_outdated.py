"""Where releases are asked for, which one is newer, and what a source is found to be."""

import json
from collections.abc import Mapping

import pytest

from tfops.config.remote_source import GitPlace, RegistryPlace, Release, newest_release, remote_place, without_login
from tfops.records.outdated import Found, Standing
from tfops.resolve.outdated import judge_lock, judge_tags, judge_versions
from tfops.system.http import Answer, NoAnswer, Question
from tfops.system.releases import NotAsked, Registries

_AT = "https://git.example.com/x.git"


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("terraform-aws-modules/vpc/aws", RegistryPlace("", "terraform-aws-modules/vpc/aws")),
        ("terraform-aws-modules/vpc/aws//modules/flow", RegistryPlace("", "terraform-aws-modules/vpc/aws")),
        ("app.terraform.io/shop/net/aws", RegistryPlace("app.terraform.io", "shop/net/aws")),
        (f"git::{_AT}//sub/dir?ref=v1.2.0&depth=1", GitPlace(_AT, "v1.2.0")),
        ("git::ssh://git@example.com/x.git", GitPlace("ssh://git@example.com/x.git", "")),
        ("git::file:///srv/x//sub?ref=v1", GitPlace("file:///srv/x", "v1")),
        ("git@github.com:shop/net.git//sub?ref=v1", GitPlace("git@github.com:shop/net.git", "v1")),
        ("github.com/shop/net//sub?ref=v1", GitPlace("https://github.com/shop/net.git", "v1")),
        ("bitbucket.org/shop/net.git", GitPlace("https://bitbucket.org/shop/net.git", "")),
        ("git::ext::sh -c true", None),
        ("git::--upload-pack=x", None),
        ("https://example.com/net.zip", None),
        ("s3::https://s3.amazonaws.com/x/net.zip", None),
        ("oci://example.com/net?tag=1.0", None),
    ],
)
def test_where_a_source_can_be_asked(address: str, place: GitPlace | RegistryPlace | None) -> None:
    assert remote_place(address) == place


@pytest.mark.parametrize(
    ("text", "before", "numbers", "is_final"),
    [
        ("v1.2.3", "", (1, 2, 3), True),
        ("1.2", "", (1, 2), True),
        ("v1.2.3-rc1", "", (1, 2, 3), False),
        ("vpc-v1.2.3+build.5", "vpc-", (1, 2, 3), True),
        ("vpc2-v1.0", "vpc2-", (1, 0), True),
        ("modules/vpc/v1", "modules/vpc/", (1,), True),
        ("release-7.1", "release-", (7, 1), True),
        ("2024-11-30", "", (2024, 11, 30), True),
    ],
)
def test_a_tag_is_read_as_a_version(text: str, before: str, numbers: tuple[int, ...], is_final: bool) -> None:
    assert Release.read(text) == Release(text, before, numbers, is_final)


def test_what_is_no_version_and_what_is_newest() -> None:
    assert Release.read("main") is None and Release.read("nightly") is None
    newest = newest_release(["v1.9.0", "v1.10.0", "v1.10.0-rc1", "v2.0.0-beta", "app-v9.0.0", "latest"])
    assert newest is not None and newest.text == "v1.10.0"
    final, candidate = Release.read("v1.0.0"), Release.read("v1.0.0-rc1")
    assert final and candidate and final.is_after(candidate) and not candidate.is_after(final)


VERSIONS = ["5.0.0", "5.1.2", "6.0.0", "6.1.0-beta1", "nonsense"]


@pytest.mark.parametrize(
    ("constraint", "found"),
    [
        ("6.0.0", Found(Standing.CURRENT, "6.0.0", "6.0.0")),
        ("~> 5.0", Found(Standing.BEHIND, "5.1.2", "6.0.0")),
        (">= 5.0", Found(Standing.CURRENT, "6.0.0", "6.0.0")),
        ("= 5.0.0", Found(Standing.BEHIND, "5.0.0", "6.0.0")),
        (
            "6.1.0-beta1",
            Found(Standing.UNKNOWN, "", "6.0.0", "`6.1.0-beta1` is not a version constraint (like `>= 1.6, < 2`)"),
        ),
        ("7.0.0", Found(Standing.UNKNOWN, "", "6.0.0", "no release fits `7.0.0`")),
        ("", Found(Standing.MOVING, "6.0.0", "6.0.0", "no `version`: it is the newest one there")),
    ],
)
def test_a_module_of_a_registry(constraint: str, found: Found) -> None:
    assert judge_versions(constraint, VERSIONS) == found


TAGS: Mapping[str, str] = {"v1.0.0": "a" * 40, "v1.1.0": "b" * 40, "vpc-v3.0.0": "c" * 40, "stable": "b" * 40}


@pytest.mark.parametrize(
    ("ref", "standing", "takes", "newest"),
    [
        ("v1.0.0", Standing.BEHIND, "v1.0.0", "v1.1.0"),
        ("v1.1.0", Standing.CURRENT, "v1.1.0", "v1.1.0"),
        ("vpc-v3.0.0", Standing.CURRENT, "vpc-v3.0.0", "vpc-v3.0.0"),
        ("a" * 40, Standing.BEHIND, "v1.0.0", "v1.1.0"),
        ("d" * 40, Standing.UNKNOWN, "d" * 8, "v1.1.0"),
        ("stable", Standing.UNKNOWN, "stable", "v1.1.0"),
        ("main", Standing.MOVING, "main", "v1.1.0"),
        ("", Standing.MOVING, "", "v1.1.0"),
    ],
)
def test_a_module_of_a_repository(ref: str, standing: Standing, takes: str, newest: str) -> None:
    found = judge_tags(GitPlace(_AT, ref), TAGS)
    assert (found.standing, found.takes, found.newest) == (standing, takes, newest)
    assert bool(found.why) == (standing in (Standing.MOVING, Standing.UNKNOWN))


def test_a_locked_provider() -> None:
    assert judge_lock("5.1.2", VERSIONS).standing is Standing.BEHIND
    assert judge_lock("6.0.0", VERSIONS).standing is Standing.CURRENT
    assert judge_lock("6.0.0", []).standing is Standing.UNKNOWN, "silence isn't current"


class FakeHost:
    """A registry by address; what it doesn't know is 404."""

    def __init__(self, answers: Mapping[str, object]) -> None:
        self.answers, self.asked = answers, list[Question]()

    def __call__(self, question: Question) -> Answer:
        self.asked.append(question)
        found = self.answers.get(question.url)
        if isinstance(found, Exception):
            raise found
        return Answer(404 if found is None else 200, found if isinstance(found, str) else json.dumps(found))


_KNOWN = "https://r.example.com/.well-known/terraform.json"


def test_a_registry_is_found_asked_once_and_given_its_token_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_TOKEN_r_example_com", "s3cret")
    host = FakeHost(
        {
            _KNOWN: {"modules.v1": "/api/modules/", "providers.v1": "http://plain.example.com/p/"},
            "https://r.example.com/api/modules/a/b/c/versions": {"modules": [{"versions": [{"version": "1.0.0"}]}]},
            "http://plain.example.com/p/x/y/versions": {"versions": [{"version": "2.0.0"}]},
        }
    )
    registries = Registries(host)
    assert registries.module_versions("r.example.com", "a/b/c") == ["1.0.0"]
    assert registries.provider_versions("r.example.com", "x/y") == ["2.0.0"]
    assert [question.url for question in host.asked].count(_KNOWN) == 1
    assert [question.headers.get("Authorization") for question in host.asked] == ["Bearer s3cret"] * 2 + [None]


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ({}, "r.example.com answered 404 to /.well-known/terraform.json"),
        ({_KNOWN: NoAnswer("no answer: refused")}, "r.example.com: no answer: refused"),
        ({_KNOWN: "<html>"}, "r.example.com answered something that is no JSON"),
        ({_KNOWN: {"other.v1": "/x/"}}, "r.example.com is no registry for that (modules.v1)"),
        (
            {_KNOWN: {"modules.v1": "/m/"}, "https://r.example.com/m/a/b/c/versions": {"modules": []}},
            "r.example.com answered something else than versions",
        ),
    ],
)
def test_what_is_no_answer_says_so(answers: Mapping[str, object], why: str) -> None:
    with pytest.raises(NotAsked) as refused:
        Registries(FakeHost(answers)).module_versions("r.example.com", "a/b/c")
    assert str(refused.value) == why


def test_no_login_is_told() -> None:
    assert without_login("git::https://ann:pw@example.com/x.git") == "git::https://example.com/x.git"
