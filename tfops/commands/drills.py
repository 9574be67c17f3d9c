"""What the rehearsals of an environment's versions came to."""

from tfops.change.project import Project
from tfops.ledger.chain import read_present
from tfops.records.drill import Drill
from tfops.records.names import EnvName
from tfops.records.version import Version


def drills_of(project: Project, env: EnvName) -> dict[Version, Drill]:
    """The newest drill of each version of an environment."""
    drills = read_present(project.repository, env).drills.drills
    return {Version.read(name): drill for name, drill in drills.items()}
