"""What an environment's file switches off: `enabled: false`."""

from tfops.dataclass import dataclass
from tfops.records.addresses import qualified, split, without_keys
from tfops.records.complaint import Mark
from tfops.records.names import StackName


@dataclass(frozen=True, slots=True)
class SwitchedOff:
    """A module, or without one its whole stack; `mark` is where that stands."""

    stack: StackName
    module: str
    mark: Mark

    @property
    def name(self) -> str:
        """`module.app`, `data/module.app` with several stacks, `stack data`."""
        return qualified(self.stack, f"module.{self.module}") if self.module else f"stack {self.stack}"

    def has(self, address: str) -> bool:
        """Whether a resource, by its address in the whole environment, is a part of it."""
        stack, own = split(address)
        return stack == self.stack and (not self.module or without_keys(own).startswith(f"module.{self.module}."))

    @property
    def text(self) -> str:
        """With its place, for people."""
        return f"{self.name} ({self.mark.path}:{self.mark.line})"


def stack_of(name: str) -> StackName:
    """The stack that a name is about, as a card has it."""
    return StackName(name.removeprefix("stack ")) if name.startswith("stack ") else split(name)[0]
