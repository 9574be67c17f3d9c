"""The provider itself, in its versions. The engine starts it through a script in the mirror."""

from tf.iface import DataSource, Provider, Resource
from tf.runner import run_provider
from tf.schema import Attribute, Schema
from tf.types import String
from tf.utils import Diagnostics

from tests.support.provider.demo import LIKE_REAL_ONES, Database, Extra, NewThing, Thing, Values
from tests.support.provider.rich import Lookup, Rich


class DemoProvider(Provider):
    """One version of the provider: the resources that it knows."""

    def __init__(self, resources: list[type[Resource]]) -> None:
        self._resources = resources
        self.marks: Values = {}

    def full_name(self) -> str:
        return "registry.terraform.io/tfops/demo"

    def get_model_prefix(self) -> str:
        return "demo_"

    def get_provider_schema(self, diags: Diagnostics) -> Schema:
        return Schema(
            attributes=[
                Attribute("label", String(), optional=True),
                Attribute("token", String(), optional=True, sensitive=True),
            ]
        )

    def validate_config(self, diags: Diagnostics, config: Values) -> None:
        pass

    def configure_provider(self, diags: Diagnostics, config: Values) -> None:
        self.marks = {name: value for name, value in config.items() if value is not None}

    def get_data_sources(self) -> list[type[DataSource]]:
        return [Lookup]

    def get_resources(self) -> list[type[Resource]]:
        return self._resources


VERSIONS: dict[str, list[type[Resource]]] = {
    "1.0.0": [Thing, Database, Rich, *LIKE_REAL_ONES],
    "2.0.0": [NewThing, Database, Extra, Rich, *LIKE_REAL_ONES],
}


def main(version: str) -> None:
    run_provider(DemoProvider(VERSIONS[version]))
