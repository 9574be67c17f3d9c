"""Marks for tests that hold for a generated root and for one that somebody wrote by hand."""

import pytest

both_forms = pytest.mark.parametrize("story", ["generated", "own"], indirect=True)
own_form = pytest.mark.parametrize("story", ["own"], indirect=True, ids=[""])
