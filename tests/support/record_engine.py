"""Records real engines anew: `python -m tests.support.record_engine [--engine terraform] [CASE…]`.

What is particular to a machine or a moment (paths, times, ids, how long it took) is replaced, so that two recordings
of the same engine are the same text.
"""

import argparse
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.engine_cases import CASES, MODULES
from tests.support.recorded_engine import INDEX, RECORDED_AT, RECORDED_CREATED, ROOT, UUID
from tests.support.recorded_project import new_shop, only_this
from tests.support.stand_in import RECORDINGS, StandIn
from tfops.config.project import EngineChoice
from tfops.engine.locate import find_engine

ENGINES = ("terraform", "embedded")

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_CREATED = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? \+0000 UTC")
_TOOK = ((re.compile(r'"elapsed_seconds":\d+'), '"elapsed_seconds":0'), (re.compile(r"after \d+s"), "after 0s"))
_DEPOSED = re.compile(r'"deposed": "([0-9a-f]{8})"')
_KINDS = {"plan": "jsonl", "apply": "jsonl", "show": "json"}


def record(engine: str, case: str) -> dict[str, str]:
    """A case with a real engine. Returns the recording's files: name to text."""
    found = find_engine(EngineChoice(), engine)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        with only_this(folder / "home", TF_CLI_CONFIG_FILE=str(_no_providers(folder))):
            stand_in = StandIn(folder / "bin", folder / "raw", real=found.executable)
            shop = new_shop(folder / "shop", stand_in, modules=MODULES)
            CASES[case](shop)
        raws = [json.loads(path.read_text()) for path in sorted((folder / "raw").glob("*.json"))]
        return dict(_files(_without_twins(raws), folder))


def _no_providers(folder: Path) -> Path:
    """Providers come from an empty folder: nothing is asked of the network."""
    (folder / "mirror").mkdir()
    path = folder / "cli.tfrc"
    path.write_text(f'provider_installation {{\n  filesystem_mirror {{ path = "{folder}/mirror" }}\n}}\n')
    return path


def _without_twins(raws: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One answer for each question; what is asked of a plan that was a twin is asked of the first."""
    known: dict[str, str] = {}
    first: dict[str, str] = {}
    kept = []
    for raw in raws:
        asks = raw["asks"]
        if "plan" in asks:
            asks["plan"] = first.get(asks["plan"], asks["plan"])
        name = known.setdefault(json.dumps(asks, sort_keys=True), raw["name"])
        first[raw["name"]] = name
        kept += [raw] if name == raw["name"] else []
    return kept


def _files(raws: list[dict[str, Any]], folder: Path) -> Iterator[tuple[str, str]]:
    plain = _Plain(raws, folder)
    index = []
    for raw in raws:
        name, command = raw["name"], raw["asks"]["command"]
        entry = {"name": name, "asks": raw["asks"], "code": raw["code"]}
        if raw["out"]:
            entry["out"] = f"{name}.{_KINDS.get(command, 'txt')}"
            text = raw["out"] if command != "show" else json.dumps(json.loads(raw["out"]), indent=1) + "\n"
            yield entry["out"], plain(text, raw["here"])
        if raw["err"]:
            entry["err"] = f"{name}.err.txt"
            yield entry["err"], plain(raw["err"], raw["here"])
        if raw["state"] is not None:
            entry |= {"state": f"{name}.tfstate.json", "writes": raw["writes"]}
            yield entry["state"], plain(raw["state"], raw["here"])
        if raw.get("plan"):
            entry["has_plan"] = True
        for path, text in raw["files"].items():
            kept = f"{name}.{Path(path).name.removesuffix('.json')}.json" if "/" in path else f"{name}.lock.hcl"
            entry.setdefault("files", {})[path] = kept
            yield kept, plain(text, raw["here"])
        index.append(entry)
    yield INDEX, "[\n" + ",\n".join(json.dumps(entry) for entry in index) + "\n]\n"


class _Plain:
    """Replaces what another machine or moment would have otherwise. Ids are numbered as states name them, and then as
    they come."""

    def __init__(self, raws: list[dict[str, Any]], folder: Path) -> None:
        self._folder = str(folder)
        texts = (text for part in ("state", "out", "err") for raw in raws for text in [raw[part] or ""])
        found = dict.fromkeys(match for text in texts for match in UUID.findall(text))
        self._ids = {known: f"00000000-0000-4000-8000-{number:012d}" for number, known in enumerate(found, 1)}
        deposed = dict.fromkeys(match for raw in raws for match in _DEPOSED.findall(raw["state"] or ""))
        self._deposed = {known: f"{number:08d}" for number, known in enumerate(deposed, 1)}

    def __call__(self, text: str, here: str) -> str:
        text = UUID.sub(lambda match: self._ids.get(match[0], match[0]), text)
        for known, steady in self._deposed.items():
            text = text.replace(known, steady)
        text = text.replace(here, ROOT).replace(self._folder, "/FOLDER")
        text = _CREATED.sub(RECORDED_CREATED, _TIME.sub(RECORDED_AT, text))
        for pattern, steady in _TOOK:
            text = pattern.sub(steady, text)
        return text


def version_of(engine: str) -> str:
    return find_engine(EngineChoice(), engine).version


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", help="all, if none is named")
    parser.add_argument("--engine", action="append", choices=ENGINES)
    asked = parser.parse_args()
    for engine in asked.engine or ENGINES:
        for case in asked.cases or CASES:
            folder = RECORDINGS / version_of(engine) / case
            files = record(engine, case)
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            for name, text in files.items():
                (folder / name).write_text(text)
            print(f"{engine} {case}: {len(files)} files", file=sys.stderr)


if __name__ == "__main__":
    main()
