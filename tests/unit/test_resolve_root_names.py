"""What environments are called that are made of folders."""

import pytest

from tfops.resolve.root_names import environment_names


@pytest.mark.parametrize(
    ("roots", "names"),
    [
        ([("live/prod", "")], ["prod"]),
        ([("live/prod/net", ""), ("live/dev/net", "")], ["prod-net", "dev-net"]),
        ([("live/prod", ""), ("live/prod/net", "")], ["prod", "prod-net"]),
        ([("live/prod", ""), ("examples/a", "")], ["live-prod", "examples-a"]),
        ([("live/app", ""), ("live/app", "blue")], ["app", "app-blue"]),
        ([(".", "")], ["shop"]),
        ([(".", "eu"), ("net", "")], ["shop-eu", "net"]),
        ([("live/Prod_EU.1", "")], ["prod-eu-1"]),
        ([("a/x_y", ""), ("a/x-y", ""), ("a/x.y", "")], ["x-y", "x-y-2", "x-y-3"]),
        ([("live/---", "")], ["root"]),
        ([("live/" + "x" * 80, "")], ["x" * 57]),
    ],
)
def test_a_folder_gives_a_name_without_what_all_have_in_common(roots: list[tuple[str, str]], names: list[str]) -> None:
    assert list(environment_names(roots, known=(), taken=(), top="shop").values()) == names


def test_names_that_are_there_stay_and_a_later_folder_is_called_as_the_first_ones_were() -> None:
    found = environment_names(
        [("live/dev/net", "")], known={"live/prod/net", "live/prod/app"}, taken=("dev-net", "prod"), top="shop"
    )
    assert list(found.values()) == ["dev-net-2"]
