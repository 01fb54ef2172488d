"""When a job is due by the clock: five fields of cron, in a time zone."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from dataclasses import dataclass
from typing import Any, Final

from headway.errors import UsageError

UTC: Final = "UTC"
_HOUR: Final = 1
"""Place of the field."""

_RANDOM: Final = re.compile(r"(^|[\s,])[hr]([\s,/(]|$)", re.IGNORECASE)
"""croniter makes a number of these, another one in each process."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Ticks, as cron has them.

    A time that the clock leaps over in spring is due when it has leapt. One that comes twice in autumn is due the first
    time; both times where the hour field begins with ``*``: every half hour is every half hour.

    Attributes:
        cron: ``minute hour day month weekday``.
        timezone: Whose clock is meant: ``Europe/Berlin``.
    """

    cron: str
    timezone: str = UTC

    @staticmethod
    def parse(cron: str, timezone: str = UTC) -> Schedule:
        """Read five fields and a time zone.

        Raises:
            UsageError: they are none, there is no such zone, or the package that reads them is not installed.
        """
        croniter = _croniter()
        if len(cron.split()) != 5 or _RANDOM.search(cron) or not croniter.is_valid(cron):
            raise UsageError(
                f"the schedule {cron!r} is not one",
                hint="write five fields: minute hour day month weekday, as 0 7 * * 1-5 for seven o'clock on weekdays",
            )
        try:
            _zone(timezone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise UsageError(f"there is no time zone {timezone!r}", hint="write it as Europe/Berlin, or UTC") from error
        schedule = Schedule(" ".join(cron.split()), timezone)
        try:
            schedule.after(0)
        except _never_due() as error:
            raise UsageError(f"the schedule {cron!r} is never due", hint="see its day and month") from error
        return schedule

    def before(self, now_ms: int) -> int:
        """Return the last tick up to and with a time, both in milliseconds since the epoch."""
        ticks = self._ticks(now_ms // 1000 + 1)
        while self._is_second(tick_s := int(ticks.get_prev(float))):
            pass
        return tick_s * 1000

    def after(self, now_ms: int) -> int:
        """Return the next tick after a time."""
        ticks = self._ticks(now_ms // 1000)
        while self._is_second(tick_s := int(ticks.get_next(float))):
            pass
        return tick_s * 1000

    def _ticks(self, start_s: int) -> Any:
        return _croniter()(self.cron, self._local(start_s))

    def _local(self, time_s: int) -> dt.datetime:
        return dt.datetime.fromtimestamp(time_s, _zone(self.timezone))

    def _is_second(self, tick_s: int) -> bool:
        """Tell whether this time of day was there an hour before already, and once is enough."""
        return bool(self._local(tick_s).fold) and not self.cron.split()[_HOUR].startswith("*")

    def __str__(self) -> str:
        return f"{self.cron} {self.timezone}"


def _zone(name: str) -> dt.tzinfo:
    return dt.UTC if name == UTC else zoneinfo.ZoneInfo(name)


def _croniter() -> Any:
    try:
        from croniter import croniter
    except ImportError as error:
        raise UsageError(
            "a schedule needs croniter, which is not installed", hint="pip install 'headway[schedule]'"
        ) from error
    return croniter


def _never_due() -> type[Exception]:
    """Return what croniter raises where there is no tick."""
    from croniter import CroniterBadDateError

    error: type[Exception] = CroniterBadDateError
    return error
