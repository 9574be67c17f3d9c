"""A resource and a data source with everything that a schema can say: kinds of values, blocks, what is sensitive."""

from pathlib import Path
from typing import Any, ClassVar

from tf.blocks import SetNestedBlock
from tf.gen import tfplugin_pb2
from tf.iface import DataSource, PlanContext, Provider, ReadDataContext
from tf.schema import Attribute, Block, Schema
from tf.types import Bool, List, Map, Number, Set, String, Unknown

from tests.support.provider.demo import FileResource, Values


class ListNestedBlock(SetNestedBlock):
    """Blocks in their order, which the framework itself doesn't have."""

    def to_pb(self) -> Any:
        """The schema's block, as a list instead of a set."""
        found = super().to_pb()
        found.nesting = tfplugin_pb2.Schema.NestedBlock.NestingMode.LIST
        return found

    def semantically_equal(self, a_decoded: Any, b_decoded: Any) -> bool:
        return bool(a_decoded == b_decoded)


_RULE = Block(
    [Attribute("port", Number(), optional=True), Attribute("password", String(), optional=True, sensitive=True)]
)
_MEMBER = Block(
    [Attribute("name", String(), optional=True), Attribute("token", String(), optional=True, sensitive=True)]
)


class Rich(FileResource):
    """`fixed` can't be changed in place; `generated` is another one after each change."""

    name = "rich"
    schema = Schema(
        version=0,
        attributes=[
            Attribute("id", String(), computed=True),
            Attribute("content", String(), optional=True),
            Attribute("secret", String(), optional=True, sensitive=True),
            Attribute("secrets", Map(String()), optional=True, sensitive=True),
            Attribute("count_of", Number(), optional=True),
            Attribute("flag", Bool(), optional=True),
            Attribute("names", List(String()), optional=True),
            Attribute("zones", Set(String()), optional=True),
            Attribute("labels", Map(String()), optional=True),
            Attribute("fixed", String(), optional=True, requires_replace=True),
            Attribute("generated", String(), computed=True),
        ],
        block_types=[ListNestedBlock("rule", _RULE), SetNestedBlock("member", _MEMBER)],
    )
    blocks: ClassVar = ("rule", "member")

    def plan(self, ctx: PlanContext, current: Values | None, planned: Values) -> Values:
        changed = current is not None and any(current[key] != planned[key] for key in planned if key != "generated")
        return planned | {"generated": Unknown} if changed else planned

    def _write(self, state: Values) -> Values:
        return super()._write(state | {"generated": f"{state['content']}-{len(list(self.folder.iterdir()))}"})

    def _read(self, path: Path) -> Values:
        found = super()._read(path)
        content = self.content_of(path)
        return found | {name: content.get(name) or [] for name in self.blocks}


class Lookup(DataSource):
    """Says back what it is asked, and a secret."""

    def __init__(self, provider: Provider) -> None:
        pass

    @classmethod
    def get_name(cls) -> str:
        return "lookup"

    @classmethod
    def get_schema(cls) -> Schema:
        return Schema(
            attributes=[
                Attribute("key", String(), required=True),
                Attribute("password", String(), optional=True, sensitive=True),
                Attribute("found", String(), computed=True),
                Attribute("token", String(), computed=True, sensitive=True),
            ]
        )

    def read(self, ctx: ReadDataContext, config: Values) -> Values:
        return config | {"found": f"found {config['key']}", "token": f"token-of-{config['key']}"}
