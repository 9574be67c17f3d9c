"""Which inputs are other units' outputs, told by marks."""

import json

from tfops.commands.peer_references import References
from tfops.commands.peer_units import HiddenValue, UnitOutput
from tfops.engine.marked_outputs import PREFIX, marked, marked_text

OUTPUTS = {
    "id": {"sensitive": False, "type": "string", "value": "vpc-1"},
    "subnets": {"sensitive": False, "type": ["list", "string"], "value": ["s-1", "s-2"]},
    "by_zone": {"sensitive": False, "type": ["map", "string"], "value": {"a": "s-1", "b": "s-2"}},
    "count": {"sensitive": False, "type": "number", "value": 2},
    "password": {"sensitive": True, "type": "string", "value": "hunter2"},
}


def test_a_mark_stands_for_one_text_of_one_unit() -> None:
    found = marked(OUTPUTS)
    assert found == marked(json.loads(json.dumps(OUTPUTS))), "whoever asks, and wherever"
    marks = [found["id"]["value"], *found["subnets"]["value"], *found["by_zone"]["value"].values()]
    assert len(set(marks)) == 5 and all(mark.startswith(PREFIX) for mark in marks)
    assert found["count"]["value"] == 2
    other = marked({**OUTPUTS, "count": {"value": 3}})
    assert other["id"]["value"] != found["id"]["value"]
    assert json.loads(marked_text(json.dumps(OUTPUTS))) == found
    assert marked_text("Warning: no outputs") == "Warning: no outputs"


def test_what_is_an_output_as_a_whole_becomes_a_reference_and_the_rest_stays_as_it_is() -> None:
    seen = {name: one["value"] for name, one in marked(OUTPUTS).items()}
    real = {name: one["value"] for name, one in OUTPUTS.items()}
    references, told = References.of({"live/vpc": OUTPUTS}), list[str]()

    def put(value: object, marks: object) -> object:
        return references.put_into(value, marks, told.append)

    def output(place: str, value: object) -> UnitOutput:
        return UnitOutput("live/vpc", place, value)

    assert put(real["id"], seen["id"]) == output("id", "vpc-1")
    assert put(real["subnets"], seen["subnets"]) == output("subnets", ["s-1", "s-2"])
    assert put("s-2", seen["subnets"][1]) == output("subnets[1]", "s-2")
    assert put("s-1", seen["by_zone"]["a"]) == output("by_zone.a", "s-1")
    assert put({"x": ["s-1"], "n": 1}, {"x": [seen["subnets"][0]], "n": 1}) == {
        "x": [output("subnets[0]", "s-1")],
        "n": 1,
    }
    hidden = put(real["password"], seen["password"])
    assert hidden == UnitOutput("live/vpc", "password", "hunter2", is_sensitive=True) and "hunter2" not in repr(hidden)
    assert put("s-1", "s-1") == "s-1", "a text that happens to be the same is none"
    assert told == []

    assert put("app-vpc-1", f"app-{seen['id']}") == "app-vpc-1"
    assert put({"vpc-1": 1}, {seen["id"]: 1}) == {"vpc-1": 1}
    assert told == ["is made of an output and more: its value of today is taken"] * 2
    assert put("x:hunter2", f"x:{seen['password']}") == HiddenValue()
    assert told[-1] == "is made of a sensitive output and more: give it as a secret"
