"""`import` blocks where no engine before Terraform 1.16 takes them, each with its place."""

from tests.support.memory_tree import MemoryTree
from tfops.config.modules.imports import import_blocks


def test_each_is_found_in_what_is_used_and_in_what_that_calls() -> None:
    files = {
        "modules/app/main.tf": 'resource "a_b" "c" {}\n\n  import {\n    to = a_b.c\n    id = "import"\n  }\n'
        '# import {}\nmodule "in" { source = "../inner" }\nmodule "out" { source = "x/y/z" }\n',
        "modules/app/import.tf": 'variable "import" {}\n',
        "modules/inner/more.tf.json": '{\n  "import": [{"to": "a_b.c", "id": "x"}, {"to": "a_b.d", "id": "y"}]\n}\n',
        "modules/inner/broken.tf": "import {\n",
        "modules/other/main.tf": "import {}\n",
        "modules/app/new.tofu": "import {}\r\n",
    }
    found = [(str(mark), line) for mark, line in import_blocks(MemoryTree(files), ["app"], is_tofu=False)]
    assert found == [
        ("modules/app/main.tf:3:3", "  import {"),
        ("modules/inner/more.tf.json:2:3", '  "import": [{"to": "a_b.c", "id": "x"}, {"to": "a_b.d", "id": "y"}]'),
    ]
    tofu = [str(mark) for mark, _ in import_blocks(MemoryTree(files), ["app"], is_tofu=True)]
    assert "modules/app/new.tofu:1:1" in tofu
