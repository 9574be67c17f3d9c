"""The provider's resources, which are files."""

import json
import os
import time
import uuid
from pathlib import Path
from typing import Any, ClassVar

from tf.iface import (
    CreateContext,
    DeleteContext,
    ImportContext,
    PlanContext,
    Provider,
    ReadContext,
    Resource,
    UpdateContext,
    UpgradeContext,
)
from tf.schema import Attribute, Schema
from tf.types import String
from tf.utils import Diagnostic

WORLD = "DEMO_WORLD"
# A file with the world's name and this ending makes the next deletion fail, once.
REFUSES_DELETION = ".refuses-deletion"
# One with this ending says how many seconds it takes from a deed to its answer.
SECONDS = ".seconds"
Values = dict[str, Any]


class FileResource(Resource):
    """One real thing = one file `<world>/<type>/<id>`."""

    name: ClassVar[str]
    schema: ClassVar[Schema]

    def __init__(self, provider: Provider) -> None:
        self.marks: Values = getattr(provider, "marks", {})  # what its block says, to be found in the world
        self.folder = Path(os.environ[WORLD], self.name)
        self.folder.mkdir(parents=True, exist_ok=True)

    @classmethod
    def get_name(cls) -> str:
        return cls.name

    @classmethod
    def get_schema(cls) -> Schema:
        return cls.schema

    def new_id(self, planned: Values) -> str:
        return uuid.uuid4().hex[:8]

    def create(self, ctx: CreateContext, planned: Values) -> Values | None:
        return self._write(planned | {"id": self.new_id(planned)})

    def path(self, state: Values) -> Path:
        return self.folder / str(state["id"])

    def read(self, ctx: ReadContext, current: Values) -> Values | None:
        path = self.path(current)
        return self._read(path) if path.is_file() else None

    def update(self, ctx: UpdateContext, current: Values, planned: Values) -> Values | None:
        return self._write(planned)

    def delete(self, ctx: DeleteContext, current: Values) -> Values | None:
        refusal = Path(os.environ[WORLD] + REFUSES_DELETION)
        if refusal.exists():
            refusal.unlink()
            _fail(ctx, f"{self.name} {current['id']} is in use")
            return current
        self.path(current).unlink(missing_ok=True)
        _take_time()
        return None

    def plan(self, ctx: PlanContext, current: Values | None, planned: Values) -> Values:
        return planned

    def upgrade(self, ctx: UpgradeContext, version: int, old: Values) -> Values:
        return old

    def import_(self, ctx: ImportContext, id: str) -> Values | None:
        path = self.folder / id
        if not path.is_file():
            _fail(ctx, f"there is no {self.name} {id}")
            return None
        return self._read(path)

    def _read(self, path: Path) -> Values:
        content = self.content_of(path)
        return {attribute.name: content.get(attribute.name) for attribute in self.schema.attributes}

    def content_of(self, path: Path) -> Values:
        found: Values = json.loads(path.read_text())
        return found

    def _write(self, state: Values) -> Values:
        self.path(state).write_text(json.dumps(state | self.marks, sort_keys=True))
        _take_time()
        return state


def _take_time() -> None:
    seconds = Path(os.environ[WORLD] + SECONDS)
    if seconds.exists():
        time.sleep(float(seconds.read_text()))


def _fail(ctx: CreateContext | UpdateContext | DeleteContext | ImportContext, why: str) -> None:
    ctx.diagnostics.diagnostics.append(Diagnostic.error(why))


def _attributes(*more: Attribute) -> list[Attribute]:
    return [Attribute("id", String(), computed=True), Attribute("content", String(), optional=True), *more]


class Thing(FileResource):
    """What 1.0.0 knows."""

    name = "thing"
    schema = Schema(version=0, attributes=_attributes())


class NewThing(Thing):
    """What 2.0.0 knows: one attribute more, and therefore another schema version."""

    schema = Schema(version=1, attributes=_attributes(Attribute("size", String(), optional=True)))

    def upgrade(self, ctx: UpgradeContext, version: int, old: Values) -> Values:
        return old | {"size": None}


class Database(FileResource):
    """Has its name as id, so that there can't be two, and an engine version that only goes up."""

    name = "database"
    schema = Schema(
        version=0,
        attributes=_attributes(
            Attribute("name", String(), required=True, requires_replace=True),
            Attribute("engine_version", String(), required=True),
        ),
    )

    def new_id(self, planned: Values) -> str:
        return str(planned["name"])

    def create(self, ctx: CreateContext, planned: Values) -> Values | None:
        if (self.folder / planned["name"]).exists():
            _fail(ctx, f"a database {planned['name']} exists already")
            return None
        return super().create(ctx, planned)

    def update(self, ctx: UpdateContext, current: Values, planned: Values) -> Values | None:
        before, after = current["engine_version"], planned["engine_version"]
        if float(after) < float(before):
            _fail(ctx, f"cannot downgrade the database from {before} to {after}")
            return current
        return super().update(ctx, current, planned)


class Extra(FileResource):
    """Exists since 2.0.0."""

    name = "extra"
    schema = Schema(version=0, attributes=_attributes())


class Password(FileResource):
    """As `random_password`: every one has the same id, and its import takes any text for the password."""

    name = "password"
    schema = Schema(
        version=0,
        attributes=[
            Attribute("id", String(), computed=True),
            Attribute("content", String(), optional=True, requires_replace=True),
            Attribute("result", String(), computed=True, sensitive=True),
        ],
    )

    def path(self, state: Values) -> Path:
        return self.folder / str(state["result"])

    def create(self, ctx: CreateContext, planned: Values) -> Values | None:
        return self._write(planned | {"id": "none", "result": uuid.uuid4().hex})

    def import_(self, ctx: ImportContext, id: str) -> Values | None:
        return {"id": "none", "content": None, "result": id}


class Pet(FileResource):
    """As `random_pet` or `tls_private_key`: nothing of this type can be imported."""

    name = "pet"
    schema = Schema(version=0, attributes=_attributes())

    def import_(self, ctx: ImportContext, id: str) -> Values | None:
        _fail(ctx, "this resource has no import")
        return None


class Volume(FileResource):
    """Neither its read nor its import can tell the size, and another size is a replacement."""

    name = "volume"
    schema = Schema(
        version=0, attributes=_attributes(Attribute("size", String(), optional=True, requires_replace=True))
    )

    def read(self, ctx: ReadContext, current: Values) -> Values | None:
        found = super().read(ctx, current)
        return found | {"size": current["size"]} if found else None

    def import_(self, ctx: ImportContext, id: str) -> Values | None:
        found = super().import_(ctx, id)
        return found | {"size": None} if found else None


class Tag(FileResource):
    """As `random_id` with a prefix: its import wants `content,id`."""

    name = "tag"
    schema = Schema(version=0, attributes=_attributes())

    def import_(self, ctx: ImportContext, id: str) -> Values | None:
        content, comma, known = id.rpartition(",")
        if not comma:
            _fail(ctx, "wanted: content,id")
            return None
        found = super().import_(ctx, known)
        return found if found and found["content"] == content else None


LIKE_REAL_ONES: list[type[Resource]] = [Password, Pet, Volume, Tag]
