"""What the rehearsals of an environment's versions came to."""

from tfops.change.project import Project
from tfops.ledger.chain import read_present
from tfops.ledger.parts import DrilledPart
from tfops.records.names import EnvName
from tfops.records.version import Version
from tfops.results.facts import DrillFact


def drills_of(project: Project, env: EnvName) -> dict[Version, DrillFact]:
    """The newest drill of each version of an environment."""
    drills = read_present(project.repository, env).drills.drills
    return {Version(int(name.removeprefix("v"))): drill_fact(part) for name, part in drills.items()}


def drill_fact(part: DrilledPart) -> DrillFact:
    return DrillFact(EnvName(part.place), part.by, part.at, part.is_ok, part.why, part.seconds, part.digests)
