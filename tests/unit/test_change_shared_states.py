"""Two environments with one place for their state are a mistake with line and column (docs/how-to/share-state.md)."""

import textwrap

import pytest

from tests.support.memory_tree import MemoryTree, said
from tfops.change.shared_states import place_complaints, require_own_places
from tfops.config.project_file import load_project
from tfops.errors import ConfigError

_S3 = 'backend: {s3: {bucket: b, region: eu-west-1, lock: native, key: "shop/{env}/{stack}.tfstate"}}'
_HTTP = 'backend: {http: {address: "https://states/{env}"}}'

_PROFILE = _S3.replace("shop/{env}/", "").replace("region:", 'profile: "{env}", region:')
_PREVIEWS = '"preview-{slug}": {branch: "f/*", config: p.yaml}'


def complaints(backend: str, environments: str, **files: str) -> list[str]:
    rules = f"version: 1\nproject: shop\n{backend}\nenvironments:\n{textwrap.indent(environments, '  ')}"
    stacks = {f"environments/{name.replace('__', '/')}.yaml": text for name, text in files.items()}
    tree = MemoryTree({"tfops.yaml": rules, **stacks})
    found = said(tuple(place_complaints(load_project(tree), tree)))
    if found:
        with pytest.raises(ConfigError):
            require_own_places(load_project(tree), tree)
    else:
        require_own_places(load_project(tree), tree)
    return found


@pytest.mark.parametrize(
    ("backend", "environments", "expected"),
    [
        (_S3, "prod: {branch: main}\ndev: {branch: main, backend: {key: shop/prod/main.tfstate}}",
         ["tfops.yaml:6:23: dev would keep its state where prod does"]),
        (_S3, "dev: {branch: main, backend: {key: shop/prod/main.tfstate}}\nprod: {branch: main}",
         ["tfops.yaml:5:23: dev would keep its state where prod does"]),
        (_S3, "dev: {branch: main, backend: {key: k}}\nqa: {branch: main, backend: {key: k}}",
         ["tfops.yaml:6:22: qa would keep its state where dev does"]),
        (_S3, "dev: {branch: main}\nperf: {rehearses: dev, backend: {key: shop/dev/main.tfstate}}",
         ["tfops.yaml:6:26: perf would keep its state where dev does"]),
        (_S3, 'prod: {branch: main}\n"preview-{slug}": {branch: "f/*", config: p.yaml, backend: {key: k}}',
         ["tfops.yaml:6:53: all previews of preview-{slug} would share one state"]),
        (_S3, f"dev: {{branch: main, backend: {{key: shop/preview-x/main.tfstate}}}}\n{_PREVIEWS}",
         ["tfops.yaml:5:23: dev would keep its state where preview-{slug} does"]),
        (_PROFILE, "dev: {branch: main}\nqa: {branch: main}",
         ["tfops.yaml:6:3: qa would keep its state where dev does"]),
        (_HTTP, 'prod: {branch: main}\ndev: {branch: main, backend: {address: "https://states/prod"}}',
         ["tfops.yaml:6:23: dev would keep its state where prod does"]),
        (_S3, "dev: {branch: main, backend: {key: k}}\nqa: {branch: main, backend: {key: k, workspace_key_prefix: w}}",
         ["tfops.yaml:6:22: qa would keep its state where dev does"]),
    ],
    ids=["copied", "copied above", "both", "a place for drills", "previews", "one of the previews", "not where", "http",
         "a prefix that the default workspace doesn't have"],
)  # fmt: skip
def test_a_place_that_two_have_is_a_mistake_of_the_line_that_says_so(
    backend: str, environments: str, expected: list[str]
) -> None:
    found = complaints(backend, environments)
    assert [line.partition(" (")[0] for line in found] == expected


def test_places_that_differ_are_none() -> None:
    assert complaints("backend: {local: }", "dev: {branch: main}\nprod: {branch: main}") == []
    assert (
        complaints(
            _S3, "dev: {branch: main}\nprod: {branch: main, backend: {bucket: other, key: shop/dev/main.tfstate}}"
        )
        == []
    )
    own_line = '"preview-{slug}": {branch: "f/*", config: p.yaml}\npreview-x: {branch: f/x}'
    assert complaints(_S3, own_line) == [], "an environment's own line stands instead of the preview"


def test_the_stacks_of_an_environment_need_places_of_their_own_too() -> None:
    files = {"dev__net": "modules: {}", "dev__app": "modules: {}"}
    assert complaints(_S3, "dev: {branch: main}", **files) == []
    [found] = complaints(_S3.replace("/{stack}", ""), "dev: {branch: main}", **files)
    assert "the stacks of dev would share one state" in found
