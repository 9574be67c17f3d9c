"""Which modules a name means, and in which order environments get a patch."""

import pytest

from tfops.config.project import EnvironmentRule, PromotionRule
from tfops.records.names import EnvName
from tfops.resolve.patching import names_folder, names_source, promotion_waves


def test_a_folder_is_named_with_or_without_where_it_is() -> None:
    assert names_folder("network", {"network", "app"})
    assert names_folder("modules/data/queue/", {"data/queue"})
    assert not names_folder("net", {"network"})


@pytest.mark.parametrize(
    ("wanted", "source"),
    [
        ("terraform-aws-modules/vpc/aws", "terraform-aws-modules/vpc/aws 5.1.2"),
        ("terraform-aws-modules/vpc/aws", "registry.terraform.io/terraform-aws-modules/vpc/aws"),
        ("terraform-aws-modules/vpc/aws", "terraform-aws-modules/vpc/aws//modules/endpoints 5.1.2"),
        ("https://git.example/net.git", "git::https://git.example/net.git//vpc?ref=v1.2.0"),
        ("git::https://git.example/net?ref=v1.0.0", "git::https://git.example/net.git?ref=v1.2.0"),
    ],
)
def test_a_source_is_named_in_any_version(wanted: str, source: str) -> None:
    assert names_source(wanted, source)


def test_another_source_is_another_module() -> None:
    assert not names_source("terraform-aws-modules/vpc/aws", "terraform-aws-modules/vpn/aws 1.0.0")
    assert not names_source("https://git.example/net", "https://git.example/network?ref=v1.2.0")


def _rule(source: str = "", *, protected: bool = False) -> EnvironmentRule:
    return EnvironmentRule("main", protected=protected, promote=PromotionRule(EnvName(source)) if source else None)


def test_who_is_promoted_to_comes_after_where_it_comes_from_and_the_protected_after_the_others() -> None:
    rules = {
        EnvName("prod-us"): _rule("staging", protected=True),
        EnvName("prod-eu"): _rule("staging"),
        EnvName("staging"): _rule("dev"),
        EnvName("dev"): _rule(),
        EnvName("qa"): _rule(),
        EnvName("tools"): _rule(protected=True),
    }
    assert promotion_waves(rules.keys(), rules) == (("dev", "qa"), ("tools",), ("staging",), ("prod-eu",), ("prod-us",))
    assert promotion_waves([EnvName("prod-eu"), EnvName("qa")], rules) == (("qa",), ("prod-eu",))
