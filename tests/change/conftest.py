"""Shared with tests/commands: see tests/support/recorded_fixtures.py."""

from tests.support.recorded_fixtures import alone, beginnings, play, shared, shop

__all__ = ["alone", "beginnings", "play", "shared", "shop"]
