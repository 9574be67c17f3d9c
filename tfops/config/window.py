"""When something may be done without a person: `mon-fri 09:00-17:00 Europe/Paris`."""

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tfops.dataclass import dataclass

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_FORM = re.compile(
    rf"(?P<days>[a-z,-]+) (?P<start>{_CLOCK})-(?P<end>{_CLOCK}|24:00)(?: (?P<zone>[A-Za-z][A-Za-z0-9_+/-]*))?"
)
RULE = "DAYS HH:MM-HH:MM ZONE, for instance: mon-fri 09:00-17:00 Europe/Paris"
_ALWAYS_OPENS_WITHIN_DAYS = 8


@dataclass(frozen=True, slots=True)
class Window:
    """Days (0 is Monday) and minutes of a day in a time zone; `end` is the first minute after it."""

    text: str
    days: frozenset[int]
    start: int
    end: int
    zone: ZoneInfo

    def is_open(self, now: datetime) -> bool:
        local = now.astimezone(self.zone)
        return local.weekday() in self.days and self.start <= local.hour * 60 + local.minute < self.end

    def next_open(self, now: datetime) -> datetime:
        """When it opens next, in UTC; `now` while it is open."""
        if self.is_open(now):
            return now
        today = now.astimezone(self.zone).date()
        starts = (today + timedelta(days=days) for days in range(_ALWAYS_OPENS_WITHIN_DAYS))
        opens = (
            datetime.combine(day, time(self.start // 60, self.start % 60), self.zone).astimezone(UTC)
            for day in starts
            if day.weekday() in self.days
        )
        return next(moment for moment in opens if moment > now)


def parse_window(text: str) -> Window:
    """Raises ValueError with the reason."""
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a window")
    start, end = _minutes(match["start"]), _minutes(match["end"])
    if start >= end:
        raise ValueError("a window ends after it starts, on the same day: write two for a night")
    try:
        zone = ZoneInfo(match["zone"] or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # a folder of the database is an OSError
        raise ValueError(f"{match['zone']!r} is not a time zone that this machine knows") from error
    return Window(text, frozenset(_parse_days(match["days"])), start, end, zone)


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)


def _parse_days(text: str) -> set[int]:
    """`mon-fri`, `sat,sun`, `daily`; a range may run over Sunday."""
    if text == "daily":
        return set(range(7))
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        unknown = [day for day in (first, last or first) if day not in _DAYS]
        if unknown or (dash and not last):
            raise ValueError(f"{(unknown or [part])[0]!r} is not a day: {', '.join(_DAYS)}, daily")
        begin, end = _DAYS.index(first), _DAYS.index(last or first)
        found |= {day % 7 for day in range(begin, end + 1 if end >= begin else end + 8)}
    return found


def next_open(windows: tuple[Window, ...], now: datetime) -> datetime:
    """When one of the windows is open next; `now` when one is, or when there is none to wait for."""
    return min((window.next_open(now) for window in windows), default=now)
