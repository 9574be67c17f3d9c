"""Calls of modules in modules, each with the place of its source."""

from tests.support.memory_tree import MemoryTree
from tfops.config.modules.calls import module_calls
from tfops.config.modules.files import read_file

_FILES = {
    "modules/app/main.tf": 'module "inner" { source = "../inner" }\n\nmodule "vpc" {\n  version = "5.1.0"\n'
    '  source  = "acme/vpc/aws"\n}\nmodule "odd" { source = var.source }\n',
    "modules/app/more.tofu": 'module "far" { source = "oci://example.com/far" }\n',
    "modules/inner/main.tf.json": '{"module": {\n  "far": {"source": "oci://example.com/far?tag=1.2.3"}}}\n',
    "modules/inner/broken.tf": 'module "x" {\n',
    "modules/inner/escaped.tf": 'module "e" {\n  source = "git::https://example.com/\\u0061.git"\n}\n',
    "modules/other/main.tf": 'module "not" { source = "acme/unused/aws" }\n',
}


def _found(*, is_tofu: bool) -> list[tuple[str, str, str]]:
    calls = module_calls(MemoryTree(_FILES), ["app"], is_tofu=is_tofu)
    return [(str(call.mark), call.text, call.line.strip()) for call in calls if call.is_remote]


def test_each_is_found_where_its_source_stands() -> None:
    assert _found(is_tofu=False) == [
        ("modules/app/main.tf:5:13", "acme/vpc/aws 5.1.0", 'source  = "acme/vpc/aws"'),
        ("modules/inner/escaped.tf:1:1", "git::https://example.com/a.git", 'module "e" {'),
        (
            "modules/inner/main.tf.json:2:21",
            "oci://example.com/far?tag=1.2.3",
            '"far": {"source": "oci://example.com/far?tag=1.2.3"}}}',
        ),
    ]


def test_files_of_opentofu_alone_count_under_opentofu() -> None:
    assert ("modules/app/more.tofu:1:25", "oci://example.com/far") in [found[:2] for found in _found(is_tofu=True)]


def test_a_file_that_can_not_be_read_says_where() -> None:
    for text, path, place in (
        ('variable "n" {}\nlocals {\n  x = (1 +\n}\n', "modules/a/main.tf", "modules/a/main.tf:4:1"),
        ('variable "n" {\n', "modules/a/main.tf", "modules/a/main.tf:2:1"),
        ('a "b" {}\n  oops oops\n', "modules/a/x.tofu", "modules/a/x.tofu:2:12"),
        ('{"a": 1,\n  oops}\n', "modules/a/x.tf.json", "modules/a/x.tf.json:2:3"),
    ):
        mistake = read_file(path, text).mistake
        assert mistake is not None
        assert str(read_file(path, text).place(mistake.position)[0]) == place
