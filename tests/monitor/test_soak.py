from __future__ import annotations

import pytest
from soak import soak


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_minute_at_full_speed_with_settings_that_change() -> None:
    found = soak(60.0, 20.0, seed=1)
    assert found.errors == []
    assert (found.silent_deadlines, found.records_lost) == (0, 0)
    assert found.growth_mb < 20.0
    assert found.frames > 300
    assert found.changes > 30
