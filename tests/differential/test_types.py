"""Our verdict about values against Terraform's: the short form of `make differential`."""

from pathlib import Path

from tests.differential.compare import compare, engine_for_trials
from tests.support.engines import require_engine

SEED = 20260101


def test_nothing_that_terraform_takes_is_refused(tmp_path: Path) -> None:
    result = compare(engine_for_trials(require_engine()), count=600, seed=SEED, folder=tmp_path)
    assert result.false_rejections == []
    assert result.both_accept > 100
    assert result.both_reject > 50
    # What JSON Schema can't say: that all elements of a collection of `any` become one type.
    assert all("any" in pair for pair in result.false_acceptances), result.false_acceptances
    assert len(result.false_acceptances) / result.compared < 0.08
