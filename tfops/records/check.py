"""What the checks of an environment said."""

from dataclasses import replace

from tfops.dataclass import dataclass
from tfops.records.version import Verified

# What tools call it, worst first. `unknown` is no harmless word: the tool didn't say.
SEVERITIES = ("critical", "high", "error", "unknown", "medium", "warning", "low", "notice", "info")


@dataclass(frozen=True, slots=True)
class CheckFinding:
    """One thing that a policy tool found, in its own words, masked and without control characters.

    `severity` is one of SEVERITIES. `address` is a resource's, or a place in a file (`main.tf:3`); empty where the tool
    names none. What doesn't fail the check (`fails`) is only told.
    """

    severity: str
    rule: str
    address: str
    message: str
    url: str = ""
    fails: bool = True

    @property
    def text(self) -> str:
        """In a line: `high CKV_AWS_24 module.a.aws_security_group.b: Ensure …`."""
        start = " ".join(filter(None, (self.severity, self.rule, self.address)))
        return f"{start}: {self.message}" if self.message else start


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """How one check ended; `why` is in tfops' words, with the last words of a policy tool that can't be understood.

    `findings` are what a policy tool found, worst first, `unlisted` so many more that nobody listed.
    """

    name: str
    result: Verified
    duration_s: float
    why: str = ""
    findings: tuple[CheckFinding, ...] = ()
    unlisted: int = 0

    def at_most(self, count: int) -> "CheckOutcome":
        """With so many findings listed."""
        listed = self.findings[:count]
        return replace(self, findings=listed, unlisted=self.unlisted + len(self.findings) - len(listed))


@dataclass(frozen=True, slots=True)
class Verification:
    """What the checks said about what runs."""

    result: Verified
    checks: tuple[CheckOutcome, ...] = ()
