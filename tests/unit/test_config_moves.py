"""What the `moved` blocks of modules say."""

import json
from pathlib import Path

from tfops.config.modules.moves import declared_moves, let_go_blocks


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


def test_what_modules_take_out_of_the_state_alive(tmp_path: Path) -> None:
    removed = "removed {{\n  from = {}\n  lifecycle {{ destroy = {} }}\n}}\n"
    (tmp_path / "main.tf").write_text(removed.format("disk.a", "false") + removed.format("disk.b", "true"))
    (tmp_path / "more.tf.json").write_text(
        json.dumps({"removed": [{"from": "module.inner", "lifecycle": {"destroy": False}}, {"from": "disk.c"}]})
    )
    assert let_go_blocks({"app": tmp_path}) == {"module.app.disk.a", "module.app.module.inner"}
