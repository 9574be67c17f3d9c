"""What is wrong with one file of an environment: the calls of its modules, and all that stands beside them."""

from collections.abc import Iterator
from typing import Any

from tfops.config import names
from tfops.config.document import Document, Path
from tfops.config.labels import label_complaints
from tfops.config.local_values import local_complaints
from tfops.config.providers import provider_complaints
from tfops.config.repeats import repeat_complaints
from tfops.config.source import SourceError, parse_source
from tfops.config.values import input_complaints
from tfops.records.complaint import Complaint
from tfops.records.names import EnvName


def stack_complaints(document: Document, local_modules: list[str], rules: Document, env: EnvName) -> list[Complaint]:
    """What a schema can't say. Looks at plain data, so that it also runs when the schema complains. `rules` is
    tfops.yaml."""
    modules, labels = (_entry(document.data, key) for key in ("modules", "labels"))
    wrong = list(label_complaints(document, ("labels",), labels))
    if not isinstance(modules, dict):
        return wrong
    if not modules:
        return [*wrong, document.complaint(("modules",), "at least one module")]
    if document.data.keys() & {"imports", "moved"}:
        from tfops.config.state_blocks import block_complaints  # noqa: PLC0415 - few files have any

        wrong += block_complaints(document, list(modules))
    wrong += [*provider_complaints(document, rules, env), *repeat_complaints(document), *local_complaints(document)]
    return wrong + [
        complaint
        for name, block in modules.items()
        for complaint in _module_complaints(document, name, block, local_modules, known=list(modules))
    ]


def _module_complaints(
    document: Document, name: str, block: Any, local_modules: list[str], *, known: list[str]
) -> Iterator[Complaint]:
    where: Path = ("modules", name)
    if not names.is_module_name(name):
        yield document.complaint(where, f"{names.shown(name)} can't name a module", names.MODULE_RULE)
    source, version, inputs = (_entry(block, key) for key in ("source", "version", "inputs"))
    if isinstance(source, str):
        try:
            parse_source(source, version if isinstance(version, str) else None, local_modules)
        except SourceError as error:
            yield document.complaint((*where, "source"), str(error), error.hint)
    if isinstance(inputs, dict):
        yield from input_complaints(document, (*where, "inputs"), inputs, known=known)


def _entry(block: Any, key: str) -> Any:
    return block.get(key) if isinstance(block, dict) else None
