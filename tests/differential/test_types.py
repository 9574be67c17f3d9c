"""Our verdict about values against Terraform's: the short form of `make differential`."""

import random
from collections.abc import Sequence
from pathlib import Path

from tests.differential.compare import compare, engine_for_trials
from tests.differential.pairs import Pair, random_pair
from tests.support.engines import require_engine
from tfops.config.modules.module import read_interface
from tfops.engine.environment import base_environment
from tfops.engine.locate import Engine
from tfops.engine.trial import judge
from tfops.render.trial import Call
from tfops.render.trial_batch import render_crowd
from tfops.system.workspace import unpack

SEED = 20260101


def test_nothing_that_terraform_takes_is_refused(tmp_path: Path) -> None:
    result = compare(engine_for_trials(require_engine()), count=600, seed=SEED, folder=tmp_path)
    assert result.false_rejections == []
    assert result.both_accept > 100
    assert result.both_reject > 50
    # What JSON Schema can't say: that all elements of a collection of `any` become one type.
    assert all("any" in pair for pair in result.false_acceptances), result.false_acceptances
    assert len(result.false_acceptances) / result.compared < 0.08


def test_a_crowd_is_right_when_everybody_is_right_alone_and_only_then(tmp_path: Path) -> None:
    engine, dice = engine_for_trials(require_engine()), random.Random(SEED)
    pairs = [random_pair(dice) for _ in range(24)]
    alone = [_are_right(engine, [_call(pair)], tmp_path / f"alone-{number}") for number, pair in enumerate(pairs)]
    right = [_call(pair) for pair, is_right in zip(pairs, alone, strict=True) if is_right]
    wrong = [_call(pair) for pair, is_right in zip(pairs, alone, strict=True) if not is_right]
    assert len(right) > 8
    assert len(wrong) > 3
    assert _are_right(engine, right, tmp_path / "right")
    for number, call in enumerate(wrong[:4]):
        null = (call[0], {"v": None})  # shares the block with the wrong one
        assert not _are_right(engine, [*right[:3], null, call], tmp_path / f"wrong-{number}")


def _call(pair: Pair) -> Call:
    return read_interface({"main.tf": pair.declaration("v")}), {"v": pair.value}


def _are_right(engine: Engine, calls: Sequence[Call], folder: Path) -> bool:
    unpack(folder, render_crowd(calls))
    return not judge(engine, folder, env=base_environment(), wants_values=False).errors
