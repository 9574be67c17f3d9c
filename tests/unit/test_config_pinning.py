"""Which sources may give another module tomorrow."""

import pytest

from tfops.config.pinning import why_unpinned

_SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    "source",
    [
        f"git::https://example.com/vpc.git?ref={_SHA}",
        f"git::https://example.com/vpc.git//sub?depth=1&ref={_SHA}{'a' * 24}",
        "git::https://example.com/vpc.git?ref=v1.2.3",
        "git::ssh://git@example.com/vpc.git?ref=1.2",
        "git::https://example.com/vpc.git?ref=release-7.1",
        "git::https://example.com/vpc.git?ref=v1.2.3-rc.1",
        "github.com/hashicorp/example?ref=v1.0.0",
        "git@github.com:hashicorp/example.git?ref=2024-11-30",
        "hg::https://example.com/vpc?rev=5",
        "https://example.com/vpc.zip?checksum=sha256:abc",
        f"oci://example.com/vpc//sub?digest=sha256:{'a' * 64}",
        "oci://example.com/vpc?tag=1.2.3",
        "terraform-aws-modules/vpc/aws 5.1.0",
        "terraform-aws-modules/vpc/aws = 5.1.0",
        "app.terraform.io/corp/vpc/aws 5.1.0-beta1",
    ],
)
def test_a_pinned_source(source: str) -> None:
    assert why_unpinned(source) == ""


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("git::https://example.com/vpc.git", "no `ref`"),
        ("git::https://example.com/vpc.git?ref=main", "`main` looks like a branch"),
        ("git::https://example.com/vpc.git?ref=feature/v2-x", "looks like a branch"),
        ("git::https://example.com/vpc.git?depth=1&ref=release", "`release` looks like a branch"),
        ("github.com/hashicorp/example", "no `ref`"),
        ("git@github.com:hashicorp/example.git", "no `ref`"),
        ("https://example.com/vpc.git", "no `ref`"),
        ("https://example.com/vpc.zip", "can be exchanged"),
        ("s3::https://s3.amazonaws.com/b/vpc.zip", "can be exchanged"),
        ("oci://example.com/vpc", "the tag `latest` is set again"),
        ("oci://example.com/vpc?tag=stable", "the tag `stable` is set again"),
        ("terraform-aws-modules/vpc/aws", "no `version`"),
        ("terraform-aws-modules/vpc/aws ~> 5.0", "`~> 5.0` fits more than one version"),
        ("terraform-aws-modules/vpc/aws >= 5.0.0, < 6.0.0", "fits more than one version"),
    ],
)
def test_a_source_that_moves(source: str, why: str) -> None:
    """`docs/reference/validation.md`: it is named by `validate`."""
    assert why in why_unpinned(source)
