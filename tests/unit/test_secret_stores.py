"""Parameters of SSM with a version or a label, from stores that say which one they give and from those that don't."""

from typing import Any, cast

from tfops.system.aws import Access
from tfops.system.secret_stores import Unavailable, read_parameters

_KEPT = {("/a", 3): "third", ("/a", 2): "second", ("/b", 1): "b"}


class _Store:
    """A door to a store; `says` whether it gives `Selector`, `knows` whether it heeds it."""

    def __init__(self, *, says: bool, knows: bool = True) -> None:
        self.says, self.knows, self.asked = says, knows, 0

    def ssm(self) -> "_Store":
        return self

    def get_parameters(self, **asked: Any) -> Any:
        self.asked += 1
        return {"Parameters": [item for name in asked["Names"] for item in self._item(name)]}

    def _item(self, name: str) -> list[dict[str, Any]]:
        base, _, selector = name.partition(":")
        latest = max((number for known, number in _KEPT if known == base), default=0)
        number = int({"": latest, "live": 2}.get(selector, selector))
        number = number if self.knows else latest
        if (base, number) not in _KEPT:
            return []
        item = {"Name": base, "Version": number, "Value": _KEPT[base, number]}
        return [item | ({"Selector": f":{selector}"} if self.says and selector else {})]


def read(store: _Store, *names: str) -> dict[str, str]:
    found = read_parameters(cast("Access", store), names)
    return {name: value.why if isinstance(value, Unavailable) else str(value) for name, value in found.items()}


def test_a_version_or_label_is_read_whether_the_store_says_which_it_gives_or_not() -> None:
    wanted = ("/a", "/a:2", "/a:live", "/b", "/none", "/none:1")
    expected = {"/a": "third", "/a:2": "second", "/a:live": "second", "/b": "b"}
    expected |= {"/none": "not found", "/none:1": "not found"}
    says, silent = _Store(says=True), _Store(says=False)
    assert read(says, *wanted) == expected
    assert says.asked == 1
    assert read(silent, *wanted) == expected
    assert silent.asked == 4, "those of which several were wanted are asked for one by one"


def test_another_version_than_the_wanted_one_is_not_taken() -> None:
    store = _Store(says=False, knows=False)
    assert read(store, "/a:2") == {"/a:2": "the answer is version 3"}
    assert read(store, "/a:3") == {"/a:3": "third"}
