"""A module's source: one of the project's, one that Terraform downloads, or a refusal."""

import pytest

from tfops.config.source import LocalSource, RemoteSource, SourceError, parse_source

MODULES = ["aws", "network", "service"]


@pytest.mark.parametrize("text", ["network", "aws/vpc", "aws/deep/er"])
def test_a_folder_below_modules_is_local(text: str) -> None:
    source = parse_source(text, None, MODULES)
    assert source == LocalSource(text)
    assert source.text == text


@pytest.mark.parametrize(
    "text",
    [
        "terraform-aws-modules/vpc/aws",
        "app.terraform.io/acme/vpc/aws",
        "terraform-aws-modules/vpc/aws//modules/vpc-endpoints",
        "git::https://example.com/network.git?ref=v1.2",
        "git@github.com:acme/network.git",
        "github.com/acme/network",
        "bitbucket.org/acme/network",
        "https://example.com/network.zip",
        "s3::https://s3.amazonaws.com/bucket/network.zip",
        "gcs::https://www.googleapis.com/storage/v1/modules/network.zip",
        "hg::http://example.com/network.hg",
        "oci://example.com/modules/network//sub?tag=1.2.3",
    ],
)
def test_an_address_is_remote(text: str) -> None:
    assert parse_source(text, None, MODULES) == RemoteSource(text)


def test_a_remote_source_carries_its_version() -> None:
    source = parse_source("terraform-aws-modules/vpc/aws", "~> 5.0", MODULES)
    assert source == RemoteSource("terraform-aws-modules/vpc/aws", "~> 5.0")
    assert source.text == "terraform-aws-modules/vpc/aws ~> 5.0"


def test_a_project_module_wins_over_a_registry_address_of_the_same_shape() -> None:
    assert parse_source("aws/vpc/eu", None, MODULES) == LocalSource("aws/vpc/eu")


def test_a_module_of_the_project_takes_no_version() -> None:
    with pytest.raises(SourceError) as caught:
        parse_source("network", "1.0", MODULES)
    assert str(caught.value) == "a module of this repository takes no `version`"
    assert caught.value.hint == "its version is the commit"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("git::https://example.com/network.git", "name it in the address: ?ref=v1.2.3"),
        ("github.com/acme/network?ref=v1", "name it in the address: ?ref=v1.2.3"),
        ("https://example.com/network.zip", "the address says which one it is"),
        ("oci://example.com/network", "the address says which one it is"),
    ],
)
def test_a_version_beside_an_address_is_a_mistake(text: str, hint: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse_source(text, "1.0.0", MODULES)
    assert (str(caught.value), caught.value.hint) == ("only a module of a registry takes a `version`", hint)


@pytest.mark.parametrize(
    "text", ["./network", "../network", "/srv/modules/network", "~/network", ".", "network/..", "network/../../x"]
)
def test_a_path_that_leaves_modules_is_refused(text: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse_source(text, None, MODULES)
    assert str(caught.value) == f"'{text}' points outside of `modules/`"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("netwrok", "did you mean `network`?"),
        ("zzz", "there is: `aws`, `network`, `service`"),
        ("Network", "did you mean `network`?"),
        ("", "there is: `aws`, `network`, `service`"),
        ("ext::sh -c id", "there is: `aws`, `network`, `service`"),
        ("file:///etc", "there is: `aws`, `network`, `service`"),
        ("git:: --upload-pack=id", "there is: `aws`, `network`, `service`"),
    ],
)
def test_an_unknown_module_is_refused_with_the_known_ones(text: str, hint: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse_source(text, None, MODULES)
    assert str(caught.value) == f"there is no module '{text}' in `modules/`"
    assert caught.value.hint == hint


def test_without_any_module_there_is_nothing_to_suggest() -> None:
    with pytest.raises(SourceError) as caught:
        parse_source("network", None, [])
    assert caught.value.hint == ""
