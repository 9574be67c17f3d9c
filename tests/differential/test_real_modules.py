"""Variables of public modules, where someone has put some: parsed without loss, judged as Terraform does."""

import os
from pathlib import Path

import pytest

from tests.differential.compare import engine_for_trials
from tests.differential.real import HOW, VARIABLE, compare_repository
from tests.support.engines import require_engine


@pytest.mark.timeout(3600)
def test_real_modules_are_read_without_loss_and_judged_alike(tmp_path: Path) -> None:
    place = os.environ.get(VARIABLE)
    if not place:
        pytest.skip(HOW)
    engine = engine_for_trials(require_engine())
    for repository in sorted(path for path in Path(place).iterdir() if path.is_dir()):
        reading = compare_repository(engine, repository, seed=1, scratch=tmp_path)
        assert reading.losses == []
        assert reading.comparison.false_rejections == []
