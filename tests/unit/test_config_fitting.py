"""`fits` is the type's schema without the library: it says yes to all that the schema takes, and to nothing else."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tfops.config.modules.fitting import fits
from tfops.config.modules.json_schema import type_schema, with_forms
from tfops.config.modules.terraform_type import Attribute, Type

SCALAR_TYPES = st.sampled_from([Type("any"), Type("string"), Type("number"), Type("bool")])


def _compound(inner: st.SearchStrategy[Type]) -> st.SearchStrategy[Type]:
    attributes = st.dictionaries(st.sampled_from("abc"), st.builds(Attribute, inner, st.booleans()), max_size=3)
    return st.one_of(
        st.builds(Type, st.sampled_from(["list", "set", "map"]), inner),
        st.builds(lambda items: Type("tuple", items=tuple(items)), st.lists(inner, max_size=3)),
        st.builds(lambda found: Type("object", attributes=found), attributes),
    )


TYPES = st.recursive(SCALAR_TYPES, _compound, max_leaves=6)
TEXTS = ["", "x", "1", "0", "1.5e3", "+.5", "1x", "true", "True", "inf", "${module.a.b}", "${module.a.b} x", "1\n"]
SCALARS: list[Any] = [*TEXTS, None, True, False, 0, 1, 2, 0.5, Decimal("1e400")]
FORMS: list[Any] = [{"from": "env:X"}, {"from": 5}, {"from": "env:X", "a": 1}, {"literal": {"from": 1}}]
VALUES = st.recursive(
    st.sampled_from(SCALARS + FORMS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["a", "b", "c", "from"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize("has_forms", [False, True])
@settings(deadline=None)
@given(found=TYPES, value=VALUES)
def test_it_agrees_with_the_schema(has_forms: bool, found: Type, value: Any) -> None:
    schema = type_schema(found)
    is_right = Draft202012Validator(with_forms(schema) if has_forms else schema).is_valid(value)
    is_escape = has_forms and "literal" in repr(value)  # `meant` took escapes away before
    assert is_right == fits(found, value, has_forms=has_forms) or is_escape
