"""Where the code's own `moved` blocks bring what stands at an address: the engine does that on every way, too."""

from collections.abc import Iterable, Mapping

from tfops.records.addresses import without_keys


def brought(address: str, moves: Mapping[str, str]) -> str:
    """The address in the end. `moves` lead from instances, blocks or modules to where the code has them now."""
    if not moves:  # of most versions: asked for every address of each
        return address
    passed = {address}
    while (after := _moved_once(address, moves)) is not None and after not in passed:
        passed.add(after)
        address = after
    return address


def _moved_once(address: str, moves: Mapping[str, str]) -> str | None:
    ends = (at for at in range(len(address), 0, -1) if at == len(address) or address[at] in ".[")
    return next((moves[address[:at]] + address[at:] for at in ends if _moves(address, at, moves)), None)


def _moves(address: str, at: int, moves: Mapping[str, str]) -> bool:
    """Whether what ends there is moved. What goes to a key came from one instance: of `a.b`, to `a.b["x"]`, no other
    key is meant (https://developer.hashicorp.com/terraform/language/modules/develop/refactoring).
    """
    target = moves.get(address[:at])
    return target is not None and not (target.endswith("]") and address[at : at + 1] == "[")


def relevant_moves(declared: Mapping[str, str], addresses: Iterable[str]) -> dict[str, str]:
    """Source to its end, of moves (`declared`: target to source) that lead to one of the addresses, or to its module.

    Code keeps its `moved` blocks for years; most of them lead nowhere by now.
    """
    forward = {source: target for target, source in declared.items()}
    ends = {source: brought(source, forward) for source in forward}
    alive = {part for address in addresses for part in _parts(without_keys(address))}
    return {source: end for source, end in sorted(ends.items()) if without_keys(end) in alive}


def _parts(address: str) -> Iterable[str]:
    """The address and everything that it stands in."""
    words = address.split(".")
    return (".".join(words[:count]) for count in range(1, len(words) + 1))
