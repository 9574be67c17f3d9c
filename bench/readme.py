"""Put what was really printed and measured into the README: the demo's session, the bench's first tables.

`make readme` runs it. A test compares the README's session with a fresh one, so it can't grow stale.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

from bench import targets
from bench.results import results

TOP = Path(__file__).parent.parent
# The rest of bench/results.md is for who asks.
_QUOTED = (targets.TITLE, "Apply", "Rollback", "Lock and record")
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def demo_session() -> str:
    """What docs/demo.sh prints, as an indented block, from the first apply on."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {name: value for name, value in os.environ.items() if not name.startswith("TF_")} | {"PATH": path}
    done = subprocess.run(
        ["bash", str(TOP / "docs/demo.sh")],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )
    return _ESCAPES.sub("", done.stdout).strip()


def normalized(session: str) -> list[str]:
    """The session without what differs from run to run: ids, commits, times, days, the order of parallel work."""
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\b[0-9a-f]{64}\b|\b[0-9a-f]{8}\b", "ID", session)
    text = re.sub(r"\b\d+(\.\d+)? (s|min)\b", "TIME", text)
    text = re.sub(r"\b\d{4}-\d\d-\d\d\b", "DATE", text)
    return sorted(re.sub(r" +", " ", line.strip()) for line in text.splitlines() if line.strip())


def block(text: str, name: str) -> str:
    """What stands between `<!-- name -->` and `<!-- /name -->`."""
    return text.partition(f"<!-- {name} -->\n")[2].partition(f"<!-- /{name} -->")[0]


def with_block(text: str, name: str, content: str) -> str:
    before, start, rest = text.partition(f"<!-- {name} -->\n")
    return before + start + content + f"<!-- /{name} -->" + rest.partition(f"<!-- /{name} -->")[2]


def measured() -> str:
    """What the README quotes of bench/results.md: where it was measured, and some of the sections."""
    texts = results()
    return "\n\n".join([texts[""].partition("\n\n")[2], *(texts[title] for title in _QUOTED if title in texts)])


def main() -> None:
    readme = TOP / "README.md"
    session = "".join(f"    {line}".rstrip() + "\n" for line in demo_session().splitlines())
    text = with_block(readme.read_text(), "demo", f"\n{session}\n")
    readme.write_text(with_block(text, "bench", f"\n{measured()}\n\n"))


if __name__ == "__main__":
    main()
