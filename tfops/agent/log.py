"""What happens, one line each on stderr: for people, or as JSON for machines."""

import json
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import TextIO

from tfops.dataclass import dataclass
from tfops.system import clock
from tfops.views.words import plain

Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Log:
    """`say("ended", "is now v3", {"env": "dev"})`. Nothing secret gets here: what children answer is masked."""

    is_json: bool = False
    stream: TextIO = sys.stderr

    def say(
        self,
        event: str,
        text: str = "",
        fields: Mapping[str, Value] = MappingProxyType({}),
        *,
        is_warning: bool = False,
    ) -> None:
        at = clock.now().isoformat().replace("+00:00", "Z")
        if self.is_json:
            level = "warning" if is_warning else "info"
            line = json.dumps({"at": at, "level": level, "event": event, "text": text, **fields}, ensure_ascii=False)
        else:
            named = " ".join(f"{name}={value}" for name, value in fields.items() if value not in (None, ""))
            line = " ".join(filter(None, (at, "!" if is_warning else "", event, named, text)))
        self.stream.write(plain(line) + "\n")
        self.stream.flush()
