"""`tfops.dataclass` beside the standard library's own."""

import copy
import dataclasses
import importlib
import inspect
import pickle
import pkgutil
from typing import Any

import pytest
from pydantic import TypeAdapter

import tfops
from tfops.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """A box."""

    name: str
    size: int = 1
    tags: list[str] = dataclasses.field(default_factory=list)
    secret: str = dataclasses.field(default="x", repr=False)

    @property
    def label(self) -> str:
        return f"{self.name}/{self.size}"


@dataclasses.dataclass(frozen=True, slots=True)
class Usual:
    """A box."""

    name: str
    size: int = 1
    tags: list[str] = dataclasses.field(default_factory=list)
    secret: str = dataclasses.field(default="x", repr=False)


@dataclass(slots=True)
class Open:
    number: int
    twice: int = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        self.twice = 2 * self.number


@dataclass(frozen=True, slots=True, order=True)
class Ordered:
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    size: int = 1
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked(Named):
    mark: str
    others: tuple["Marked", ...] = ()

    @property
    def label(self) -> str:
        return f"{self.name}/{self.mark}"


def test_an_object_is_made_shown_compared_and_refused_as_usual() -> None:
    box, usual = Box("a", tags=["t"]), Usual("a", tags=["t"])
    assert repr(box).replace("Box", "") == repr(usual).replace("Usual", "") == "(name='a', size=1, tags=['t'])"
    other: object = usual
    assert box == Box("a", 1, ["t"]) and box not in (Box("a"), other) and box.label == "a/1"
    assert Box("a").tags is not Box("a").tags
    with pytest.raises(TypeError, match=r"Box\.__init__\(\) missing 1 required positional argument: 'name'"):
        Box()  # type: ignore[call-arg]
    with pytest.raises(dataclasses.FrozenInstanceError):
        box.name = "b"  # type: ignore[misc]  # that is what is tested
    with pytest.raises(dataclasses.FrozenInstanceError):
        del box.name
    with pytest.raises(TypeError, match="unhashable"):
        hash(box)
    assert {Ordered(1), Ordered(1)} == {Ordered(1)}
    match box:
        case Box(name, size):
            assert (name, size) == ("a", 1)


def test_the_standard_library_and_pydantic_take_it_for_one_of_theirs() -> None:
    box = Box("a", tags=["t"])
    assert dataclasses.is_dataclass(Box)
    assert [field.name for field in dataclasses.fields(box)] == ["name", "size", "tags", "secret"]
    assert dataclasses.replace(box, size=2) == Box("a", 2, ["t"])
    assert dataclasses.asdict(box) == dataclasses.asdict(Usual("a", tags=["t"]))
    assert TypeAdapter(Box).validate_python({"name": "a", "size": "3"}) == Box("a", 3)
    assert TypeAdapter(Box).dump_python(box) == dataclasses.asdict(box)
    assert pickle.loads(pickle.dumps(box)) == copy.deepcopy(box) == copy.copy(box) == box


def test_order_and_what_is_worked_out_afterwards() -> None:
    assert sorted([Ordered(3), Ordered(1)]) == [Ordered(1), Ordered(3)] and Ordered(1) <= Ordered(1)
    made = Open(2)
    made.number = 5
    assert (made.number, made.twice) == (5, 4) and made == copy.copy(made)
    with pytest.raises(AttributeError):
        made.other = 1  # type: ignore[attr-defined]
    with pytest.raises(TypeError, match="unhashable"):
        hash(made)


def test_a_class_adds_fields_to_those_of_another_one() -> None:
    made = Marked(name="a", mark="m", others=(Marked(name="b", mark="n", size=2),))
    assert repr(made.others[0]) == "Marked(size=2, name='b', mark='n', others=())"
    assert (made.label, isinstance(made, Named), made != Named(name="a")) == ("a/m", True, True)
    assert [field.name for field in dataclasses.fields(Marked)] == ["size", "name", "mark", "others"]
    assert dataclasses.replace(made, size=3).size == 3 and hash(made) == hash(copy.copy(made))
    read = TypeAdapter(Marked).validate_json(
        '{"name": "a", "mark": "m", "others": [{"size": 2, "name": "b", "mark": "n"}]}'
    )
    assert read == made == pickle.loads(pickle.dumps(made))
    assert TypeAdapter(Marked).dump_python(made) == dataclasses.asdict(made)
    with pytest.raises(TypeError, match="positional argument"):
        Named(1, "a")  # type: ignore[call-arg]  # that is what is tested


def _classes() -> list[Any]:
    modules = [importlib.import_module(found.name) for found in pkgutil.walk_packages(tfops.__path__, "tfops.")]
    members = {member for module in modules for _, member in inspect.getmembers(module, inspect.isclass)}
    return sorted(
        (cls for cls in members if "_defaults_" in cls.__dict__), key=lambda cls: (cls.__module__, cls.__name__)
    )


def test_every_class_of_tfops_has_the_signature_that_the_standard_library_would_give_it() -> None:
    """And none has a default that all objects would share; a class of positional arguments inherits none."""
    classes = _classes()
    assert len(classes) > 200
    for cls in classes:
        types = {name: kind for base in reversed(cls.__mro__) for name, kind in inspect.get_annotations(base).items()}
        body = {"__annotations__": types, "__module__": cls.__module__, **cls._defaults_}
        usual: Any = dataclasses.dataclass(kw_only=cls._kw_only_)(type(cls.__name__, (), body))
        ours = inspect.signature(importlib.import_module("tfops.dataclass")._compiled(cls)).parameters
        theirs = inspect.signature(usual).parameters
        assert list(ours)[1:] == list(theirs), cls
        needed = [name for name, it in theirs.items() if it.default is inspect.Parameter.empty]
        assert [name for name, it in ours.items() if it.default is inspect.Parameter.empty][1:] == needed, cls
        inherits = any(dataclasses.is_dataclass(base) for base in cls.__mro__[1:])
        assert cls._kw_only_ or not inherits, cls
