"""What an engine that failed is told as."""

from collections.abc import Collection, Iterable

from tfops.engine.advice import advice_for, is_other_build, is_settled, is_state_locked
from tfops.engine.statelock import clarified
from tfops.errors import EngineFailed, Locked, Refused, TfopsError
from tfops.records.addresses import provider_of
from tfops.records.engine_events import Diagnostic


def engine_error(what: str, errors: tuple[Diagnostic, ...]) -> TfopsError:
    """The error for an engine that failed before it changed anything."""
    why = "\n".join(_line(clarified(diagnostic)) for diagnostic in errors)
    if is_other_build(errors):
        return other_build(why)
    kind = Locked if is_state_locked(errors) else EngineFailed
    error = kind(what, why=why, hint=advice_for(errors))
    if isinstance(error, EngineFailed):
        error.is_settled = is_settled(errors)
    return error


def _line(diagnostic: Diagnostic) -> str:
    place = f" ({diagnostic.where})" if diagnostic.where else ""
    return diagnostic.text + place


def other_build(why: str) -> Refused:
    """An alarm. That nobody locked a provider for this platform yet looks the same to the engine."""
    return Refused(
        "provider-build",
        "a provider is another build than the one that is locked",
        why=why,
        hint="find out where it comes from, and don't lock it anew: a release is never built twice. Only if the lock "
        "was never made for this machine's platform, name that under platforms: in tfops.yaml, and run tfops providers "
        "lock ENV on a machine whose platform it has",
    )


def _of_the_other_engine(providers: Iterable[str], locked: Iterable[str]) -> str:
    """Why a lock lacks what it seems to have: each engine has entries of a registry of its own."""
    known = {provider_of(address) for address in locked}
    if not all(provider_of(address) in known for address in providers):
        return ""
    return "it was made with the other engine; locking with this one adds its entries, and keeps those"


def unlocked(providers: list[str], *, is_used: bool, locked: Collection[str] = ()) -> Refused:
    """What is needed, and no lock has; `locked` are the addresses that the lock has."""
    names = ", ".join(name.partition("/")[2] for name in providers)
    if is_used:
        what, hint = f"the provider lock lacks {names}, which the modules use", "tfops providers lock ENV, then commit"
        return Refused("unlocked-provider", what, why=_of_the_other_engine(providers, locked), hint=hint)
    return Refused(
        "unlocked-provider",
        f"the provider lock lacks {names}, which resources in the state still need",
        why="no module uses it any more, and the ledger doesn't know with which release it ran",
        hint="require it in a module until they are destroyed: tfops providers lock ENV, then commit",
    )
