"""The S3 backend in our own words: what it becomes, per environment too, and what is refused."""

import json
from typing import Any

import pytest

from tests.support.memory_tree import MemoryTree, complaints_of, said
from tfops.config.backend import DEFAULT_KEY, Backend, to_backend
from tfops.config.project import ProjectConfig
from tfops.config.project_file import load_project
from tfops.records.names import EnvName

LOCKS = "write lock: native, lock: {dynamodb: TABLE}, or a list of both"
ROLE = "arn:aws:iam::123456789012:role/deploy"
NATIVE = {"bucket": "tf", "region": "eu-west-1", "lock": "native"}


def file(backend: dict[str, Any] | None = None, **more: Any) -> str:
    """tfops.yaml with a backend, and more at its top."""
    environments = {"dev": {"branch": "main"}, "prod": {"branch": "release/*"}}
    body = {"version": 1, "project": "shop", "backend": backend or {"s3": NATIVE}, "environments": environments}
    return json.dumps(body | more)


def environments_file(dev: dict[str, Any], backend: dict[str, Any] | None = None) -> str:
    return file(backend, environments={"dev": {"branch": "main"} | dev, "prod": {"branch": "release/*"}})


def load(text: str) -> ProjectConfig:
    return load_project(MemoryTree({"tfops.yaml": text}))


def messages(text: str) -> list[str]:
    return [line.split(": ", 1)[1] for line in said(complaints_of(lambda: load(text)))]


@pytest.mark.parametrize(
    ("lock", "becomes"),
    [
        ("native", {"use_lockfile": True}),
        ({"dynamodb": "locks"}, {"dynamodb_table": "locks"}),
        (["native", {"dynamodb": "locks"}], {"use_lockfile": True, "dynamodb_table": "locks"}),
    ],
)
def test_each_way_to_lock_becomes_terraforms_setting(lock: Any, becomes: dict[str, Any]) -> None:
    assert to_backend("s3", {"bucket": "tf", "lock": lock}).settings == {"key": DEFAULT_KEY, "bucket": "tf"} | becomes


def test_terraforms_own_words_stay_as_they_are() -> None:
    raw = {"bucket": "tf", "key": "{env}", "use_lockfile": True, "assume_role": {"role_arn": "r"}}
    assert to_backend("s3", raw).settings == raw


def test_a_role_and_a_key_get_the_form_that_terraform_wants() -> None:
    found = to_backend("s3", NATIVE | {"assume_role": "arn:aws:iam::123456789012:role/tf", "kms_key_id": "k"}).settings
    assert found["assume_role"] == {"role_arn": "arn:aws:iam::123456789012:role/tf"}
    assert (found["encrypt"], found["kms_key_id"]) == (True, "k")


def test_an_environment_has_its_own_bucket_role_and_lock() -> None:
    own = {"bucket": "dev-tf", "assume_role": ROLE, "lock": {"dynamodb": "locks"}}
    project = load(environments_file({"branch": "main", "backend": own}))
    assert project.backend_of(EnvName("dev")) == Backend(
        "s3",
        {
            "bucket": "dev-tf", "region": "eu-west-1", "key": DEFAULT_KEY, "dynamodb_table": "locks",
            "assume_role": {"role_arn": ROLE},
        },
    )  # fmt: skip
    assert project.backend_of(EnvName("prod")) == project.backend == project.backend_of(EnvName("gone"))


def test_a_copy_is_the_buckets_matter_and_reaches_no_terraform() -> None:
    replica = {"bucket": "copy", "role": ROLE}
    project = load(environments_file({"backend": {"bucket": "dev-tf"}}, {"s3": NATIVE | {"replicate": replica}}))
    for env in ("dev", "prod"):
        backend = project.backend_of(EnvName(env))
        assert (backend.replica, "replicate" in backend.settings) == (replica, False)


def test_an_environments_settings_are_laid_over_any_backend() -> None:
    place = "https://states.example.com/{env}"
    project = load(environments_file({"backend": {"username": "ann"}}, {"http": {"address": place}}))
    backend = project.backend_of(EnvName("dev"))
    assert dict(backend.settings) == {"address": place, "username": "ann"}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"lock": "table"}, [f"not a way to lock the state ({LOCKS})"]),
        ({"lock": ["native", "native"]}, [f"not a way to lock the state ({LOCKS})"]),
        ({"lock": {"dynamodb": "a b"}}, [f"not a way to lock the state ({LOCKS})"]),
        ({"lock": "native", "use_lockfile": 1}, ["`lock` and `use_lockfile` say the same thing twice (keep `lock`)"]),
        (
            {},
            [
                "an S3 backend without a lock loses state when two people apply "
                "(add: lock: native   (Terraform 1.11 or newer))"
            ],
        ),
        ({"lock": "native", "assume_role": "admin"}, [f"'admin' is not a role's ARN (for instance: {ROLE})"]),
        (
            {"lock": "native", "replicate": "copy"},
            ["not a bucket and a role to copy with (write replicate: {bucket: NAME, role: ARN})"],
        ),
        (
            {"lock": "native", "replicate": {"bucket": "copy", "role": "admin"}},
            [f"'admin' is not a role's ARN (for instance: {ROLE})"],
        ),
        (
            {"lock": "native", "secret_key": "hunter2"},
            [
                "`secret_key` would end up in Git and in the rendered root "
                "(credentials come from the environment: tfops docs aws)"
            ],
        ),
        (
            {"lock": "native", "key": "one"},
            [
                "no value contains `{env}`: all environments would share one state "
                '(for instance: key: "{project}/{env}/{stack}.tfstate")'
            ],
        ),
        ({"lock": "native", "key": "k/{evn}"}, ["unknown placeholder `{evn}` (known: {project}, {env}, {stack})"]),
    ],
)  # fmt: skip
def test_what_an_s3_backend_may_not_be(settings: dict[str, Any], expected: list[str]) -> None:
    assert messages(file({"s3": {"bucket": "tf"} | settings})) == expected


@pytest.mark.parametrize(
    ("dev", "expected"),
    [
        ({"account": "1234"}, ["'1234' is not an AWS account's number (twelve digits in quotes: \"123456789012\")"]),
        ({"account": 123456789012}, ["`account` must be text (put it in quotes)"]),
        ({"region": "Frankfurt"}, ["'Frankfurt' is not an AWS region (for instance: eu-west-1)"]),
        ({"assume_role": "x"}, [f"'x' is not a role's ARN (for instance: {ROLE})"]),
        ({"backend": {"bucket": "{nope}"}}, ["unknown placeholder `{nope}` (known: {project}, {env}, {stack})"]),
        ({"backend": {"use_lockfile": False}}, [f"an environment can't set `use_lockfile` ({LOCKS})"]),
    ],
)  # fmt: skip
def test_what_an_environment_may_not_say_about_its_place(dev: dict[str, Any], expected: list[str]) -> None:
    assert messages(environments_file(dev)) == expected


def test_settings_for_a_local_backend_are_refused_per_environment_too() -> None:
    assert messages(environments_file({"backend": {"path": "x"}}, {"local": {}})) == [
        "the local backend takes no settings"
    ]


@pytest.mark.parametrize("kind", ["local", "s3"])
def test_what_is_no_mapping_is_one_complaint(kind: str) -> None:
    backend = {kind: {"bucket": "tf", "lock": "native"} if kind == "s3" else {}}
    assert messages(environments_file({"backend": 5}, backend)) == ["`backend` must be a mapping (`key: value` lines)"]


def test_platforms_are_checked() -> None:
    assert messages(file(platforms=["linux_amd64", "Linux"])) == [
        "'Linux' is not a platform (for instance: linux_amd64, darwin_arm64)"
    ]
