from datetime import timedelta
from pathlib import Path

from adapters.clock import VirtualClock
from adapters.store import Retention
from config.site.file import StoreFile
from config.station.database import store_of
from tests.support.builders import NOW
from v2g.session import EndedVisit


def test_the_files_defaults_are_the_stores() -> None:
    file, default = StoreFile(), Retention()
    days = timedelta(days=file.ticks_days), timedelta(days=file.history_days)
    assert days == (default.ticks, default.history)
    assert (file.wishes_days, file.visits_days) == (default.wishes.days, default.visits.days)


async def test_things_are_kept_as_long_as_the_file_says(tmp_path: Path) -> None:
    file = StoreFile(url=f"sqlite:///{tmp_path / 's.db'}", spill=str(tmp_path / "elsewhere"), visits_days=2)
    visits = [EndedVisit(driver="", plugged_in_at=at, left_at=at) for at in (NOW - timedelta(days=3), NOW)]
    async with store_of(file, VirtualClock(NOW)) as store:
        for visit in visits:
            await store.keep(visit)
        assert await store.visits() == (visits[1],)
