"""What the `moved` blocks of modules say."""

import json
from pathlib import Path

from tfops.config.modules.moves import declared_moves


def test_moves_of_all_modules_as_the_state_would_say_them(tmp_path: Path) -> None:
    inner, broken = tmp_path / "inner", tmp_path / "broken"
    inner.mkdir()
    broken.mkdir()
    (tmp_path / "main.tf").write_text('moved {\n  from = disk.a\n  to   = module.inner.disk.b["x"]\n}\n')
    (inner / "main.tf.json").write_text(json.dumps({"moved": [{"from": "disk.c", "to": "disk.d"}]}))
    (broken / "main.tf").write_text("moved {\n  from = \n")
    folders = {"app": tmp_path, "app.inner": inner, "broken": broken}
    assert declared_moves(folders) == {
        'module.app.module.inner.disk.b["x"]': "module.app.disk.a",
        "module.app.module.inner.disk.d": "module.app.module.inner.disk.c",
    }
