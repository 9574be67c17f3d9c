"""What a way back needs of providers and engines: today's, because those of then can't read what these wrote."""

from collections.abc import Iterator
from itertools import groupby

from tfops.records.addresses import TERRAFORM_REGISTRY, TOFU_REGISTRY
from tfops.records.verdict import Reason, Verdict
from tfops.resolve.way_back import WayBack, is_older, listed, numbers


def newer_providers(way: WayBack) -> Iterator[Reason]:
    """Types whose objects today the providers of then can't read, or may not know."""
    found: list[tuple[str, str, str]] = []
    for kind, provider in way.today.types.items():
        name = _doubt(kind, provider, way)
        if name:
            found.append((name, provider, kind))
    for (name, provider), group in groupby(sorted(found), key=lambda item: item[:2]):
        kinds = [kind for _, _, kind in group]
        text = _DOUBTS[name].format(
            types=listed(kinds),
            provider=_short(provider),
            now=way.today.stack.providers.get(provider, ""),
            then=way.then.stack.providers.get(provider, ""),
        )
        yield Reason(name, Verdict.KEEP_PROVIDERS, text, tuple(kinds), "--keep-providers")


_DOUBTS = {
    "newer-schema": "{provider} {now} wrote {types} in a form that {then} can't read",
    "unknown-type": "{provider} {then} may not know {types}, in use since (today {now})",
}


def _doubt(kind: str, provider: str, way: WayBack) -> str:
    now_version, then_version = way.today.stack.providers.get(provider, ""), way.then.stack.providers.get(provider, "")
    if not now_version or not then_version:  # for what only the state holds, the lock of what runs is lent
        return ""
    now, was = numbers(now_version), numbers(then_version)
    if now <= was:
        return ""
    written = way.today.stack.schema_versions.get(kind, 0)
    if kind in way.then.types:
        return "newer-schema" if written > way.then.stack.schema_versions.get(kind, 0) else ""
    return "unknown-type" if written or now[:2] > was[:2] else ""


def lower_majors(way: WayBack) -> Iterator[Reason]:
    for provider, version in way.then.stack.providers.items():
        now = way.today.stack.providers.get(provider, "")
        if now and numbers(version)[:1] < numbers(now)[:1]:
            text = f"{_short(provider)} goes from {now} to {version}, a lower major version"
            yield Reason("provider-major", Verdict.OK, text, (provider,), "--keep-providers keeps today's")


def open_lock(way: WayBack) -> Iterator[Reason]:
    if way.then.stack.lock_committed is False and way.then.stack.providers:
        used = ", ".join(f"{_short(name)} {version}" for name, version in sorted(way.then.stack.providers.items()))
        text = f"its provider lock was not committed: other providers may come than {used}"
        yield Reason("no-lock", Verdict.OK, text, tuple(sorted(way.then.stack.providers)))


def other_lock(way: WayBack) -> Iterator[Reason]:
    """A committed lock is taken as it is, and each engine looks for entries of its own registry there."""
    name = way.here[0] or way.today.engine[0]
    own, product = (TOFU_REGISTRY, "OpenTofu") if name == "tofu" else (TERRAFORM_REGISTRY, "Terraform")
    registries = way.then.registries
    if name and way.then.stack.lock_committed and registries and own not in registries:
        text = f"its provider lock is the other engine's: {product} finds none of its own providers in it"
        yield Reason("other-lock", Verdict.KEEP_PROVIDERS, text, cure="--keep-providers")


def other_engine(way: WayBack) -> Iterator[Reason]:
    (name, version), (old_name, old_version) = way.today.engine, way.then.engine
    if old_name != name:
        text = f"was applied with {old_name} {old_version}, today is {name} {version}"
        yield Reason("other-engine", Verdict.OK, text)
    elif is_older(version, than=old_version):
        text = f"was applied with {old_name} {old_version}, newer than today's {version}"
        yield Reason("newer-engine", Verdict.OK, text, cure="if its modules ask for it: --engine PATH")


def _short(provider: str) -> str:
    return provider.rpartition("/")[2]
