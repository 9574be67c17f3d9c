"""`backend create` and `backend check`: the buckets that tfops.yaml names, made and looked at."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tfops.buckets import BucketFacts, StateBucket
from tfops.change.project import Project
from tfops.change.ui import Ui
from tfops.config.project import ProjectConfig
from tfops.dataclass import dataclass
from tfops.errors import NotApproved, Refused
from tfops.ledger.chain import read_present
from tfops.records.finding import Finding
from tfops.records.names import MAIN_STACK, EnvName, StackName
from tfops.render.backend import backend_replica, backend_settings
from tfops.resolve.bucket import Means, Step, findings_of, lifecycle_with_ours, missing_steps, policy_with_ours
from tfops.system import failpoint, signals
from tfops.system.aws import Access, AwsRefused, access_of
from tfops.system.bucket import BucketClient
from tfops.views.backend import BackendResult, BucketReport


@dataclass(frozen=True, slots=True)
class _Place:
    """A bucket with the environments that use it, and the keys of their states by what `lock of …` calls them."""

    wanted: StateBucket
    door: BucketClient
    envs: tuple[EnvName, ...]
    keys: Mapping[str, str]

    @property
    def address(self) -> str:
        return f"s3://{self.wanted.name}"


def create(project: Project, *, yes: bool, ui: Ui) -> BackendResult:
    """Make every bucket what it should be. Shows the steps and asks first; raises NotApproved."""
    work = list(_work(_places(project)))
    for place, facts, steps in work:
        _require_workable(place, facts)
        ui.note(f"{place.address} in {place.wanted.region}, for {', '.join(place.envs)}")
        for step in steps:
            ui.note(f"  + {step.text}")
    count = sum(len(steps) for _, _, steps in work)
    if count:
        _obtain_consent(count, yes=yes, ui=ui)
    _take(work, count)
    return BackendResult(tuple(_done(place, steps) for place, _, steps in work), is_check=False)


_Work = tuple[_Place, BucketFacts, tuple[Step, ...]]


def _work(places: list[_Place]) -> Iterator[_Work]:
    """What each bucket lacks; a table that several share is made with the first."""
    tables: set[tuple[str, str]] = set()
    for place in places:
        facts = place.door.facts()
        table = (place.wanted.region, place.wanted.table)
        steps = missing_steps(place.wanted, facts)
        yield place, facts, tuple(step for step in steps if step.means != "lock table" or table not in tables)
        tables.add(table)


def _take(work: list[_Work], count: int) -> None:
    """Take the steps in order, each whole. Whatever stops it, the message says how many were taken."""
    taken = 0
    with signals.deferred() as arrived:
        for place, facts, steps in work:
            for step in steps:
                if arrived:
                    return
                try:
                    _means(place, facts)[step.means]()
                    failpoint.reach("step-taken")
                except AwsRefused as error:
                    error.state = _so_far(taken, count)
                    raise
                taken += 1
                signals.tell_if_interrupted(_so_far(taken, count))


def _so_far(taken: int, count: int) -> str:
    if taken == count:
        return "All steps were taken first."
    return f"{taken} of {count} steps were taken; the next run goes on from there."


def _done(place: _Place, steps: tuple[Step, ...]) -> BucketReport:
    return BucketReport(place.address, place.envs, done=tuple(step.text for step in steps))


def _obtain_consent(count: int, *, yes: bool, ui: Ui) -> None:
    if yes:
        return
    if not ui.is_interactive:
        raise NotApproved(
            "there is no terminal to ask on", hint="look at the steps above, then run it again with --yes"
        )
    if not ui.confirm(f"Take {'this step' if count == 1 else f'these {count} steps'}?"):
        raise NotApproved("the steps were not approved")


def _require_workable(place: _Place, facts: BucketFacts) -> None:
    """Raises Refused where a step would work on the wrong bucket, or on half of what is known."""
    if facts.exists and facts.region and facts.region != place.wanted.region:
        raise Refused(
            "bucket-region",
            f"the bucket {place.wanted.name} is in {facts.region}, tfops.yaml says {place.wanted.region}",
            hint=f"in tfops.yaml: region: {facts.region}, or another bucket",
        )
    if facts.unreadable:
        topic, why = next(iter(facts.unreadable.items()))
        raise Refused("aws", f"{topic} of {place.wanted.name} can't be read", why=why, hint="tfops backend check")


def _means(place: _Place, facts: BucketFacts) -> dict[Means, Callable[[], None]]:
    door, wanted = place.door, place.wanted
    return {
        "bucket": door.create,
        "versioning": door.keep_versions,
        "encryption": door.encrypt,
        "public access": door.block_public_access,
        "policy": lambda: door.put_policy(policy_with_ours(wanted, facts.policy, has_tls=facts.has_tls)),
        "lifecycle": lambda: door.put_lifecycle(lifecycle_with_ours(facts.lifecycle)),
        "lock table": door.create_table,
        "replication": door.replicate,
    }


def check(project: Project) -> BackendResult:
    """Look at everything; what AWS refuses to tell is a finding."""
    reports = [BucketReport(place.address, place.envs, findings=tuple(_findings(place))) for place in _places(project)]
    return BackendResult(tuple(reports), is_check=True)


def _findings(place: _Place) -> Iterator[Finding]:
    try:
        facts = place.door.facts()
    except AwsRefused as error:
        yield _problem("bucket", error)
        return
    yield from findings_of(place.wanted, facts)
    if facts.exists:
        yield from _locks(place, facts)


def _locks(place: _Place, facts: BucketFacts) -> Iterator[Finding]:
    key = next(iter(place.keys.values()))
    if place.wanted.has_native_lock:
        yield _proof("native lock", lambda: place.door.excludes_natively(key))
    if place.wanted.table and facts.table_key:
        yield _proof("table lock", lambda: place.door.excludes_by_table(key))
    for name, state in place.keys.items():
        try:
            held = place.door.held_lock(state)
        except AwsRefused as error:
            yield _problem(f"lock of {name}", error)
            continue
        if held:
            text = f"held by {held.get('Who', '?')} since {held.get('Created', '?')} ({held.get('Operation', '?')})"
            env = name.partition("/")[0]
            yield Finding(f"lock of {name}", text, hint=f"if that run is gone: tfops recover {env}")


def _proof(topic: str, excludes: Callable[[], bool]) -> Finding:
    try:
        if excludes():
            return Finding(topic, "taken twice: the second time was refused, as it must be")
    except AwsRefused as error:
        return _problem(topic, error)
    text = "taken twice at once: this store ignores conditional writes, two applies would not see each other"
    return Finding(topic, text, is_problem=True, hint="in tfops.yaml: lock: {dynamodb: TABLE}")


def _problem(topic: str, error: AwsRefused) -> Finding:
    return Finding(topic, f"{error.what}: {error.why}", is_problem=True, hint=error.hint)


def _places(project: Project) -> list[_Place]:
    """The buckets of the checked-out tfops.yaml, each once. Raises Refused for other backends."""
    rules = project.config_at(project.repository.head)
    _require_s3(rules.backend.kind)
    found: dict[tuple[StateBucket, str], tuple[Access, list[EnvName], dict[str, str]]] = {}
    for env in rules.environments:
        settings = backend_settings(rules, env, MAIN_STACK)
        access = access_of(settings)
        _, envs, keys = found.setdefault((_wanted(rules, env, settings), str(access)), (access, [], {}))
        envs.append(env)
        for stack in _stacks(project, env):
            keys[env if stack == MAIN_STACK else f"{env}/{stack}"] = backend_settings(rules, env, stack)["key"]
    return [
        _Place(wanted, BucketClient(wanted, access), tuple(envs), keys)
        for (wanted, _), (access, envs, keys) in found.items()
    ]


def _stacks(project: Project, env: EnvName) -> list[StackName]:
    """Those of the latest version as this clone knows it; before the first one that of a single file."""
    stacks = read_present(project.repository, env).card.get("stacks")
    return [StackName(name) for name in stacks] if isinstance(stacks, dict) and stacks else [MAIN_STACK]


def _require_s3(kind: str) -> None:
    if kind != "s3":
        raise Refused(
            "not-s3",
            f"the backend is `{kind}`: there is no bucket",
            hint="tfops docs share-state says what each backend needs",
        )


def _wanted(rules: ProjectConfig, env: EnvName, settings: Mapping[str, Any]) -> StateBucket:
    for needed in ("bucket", "region"):
        if not settings.get(needed):
            raise Refused("not-s3", f"the backend of {env} names no {needed}", hint=f"in tfops.yaml: {needed}: …")
    replica = backend_replica(rules, env, MAIN_STACK)
    return StateBucket(
        name=settings["bucket"],
        region=settings["region"],
        kms_key_id=settings.get("kms_key_id", ""),
        table=settings.get("dynamodb_table", ""),
        has_native_lock=bool(settings.get("use_lockfile")),
        replica=replica.get("bucket", ""),
        replica_role=replica.get("role", ""),
    )


def state_place(rules: ProjectConfig, env: EnvName, stack: StackName = MAIN_STACK) -> tuple[BucketClient, str, str]:
    """The door to an environment's bucket, the key of a stack's state, and both as an address."""
    _require_s3(rules.backend_of(env, stack).kind)
    if workspace := rules.workspace_of(env):
        raise Refused(
            "workspace",
            f"the state of {env} is in the workspace `{workspace}`: its object is not known here",
            hint="look at the bucket itself: env:/WORKSPACE/KEY   (tfops docs roots)",
        )
    settings = backend_settings(rules, env, stack)
    wanted, key = _wanted(rules, env, settings), str(settings["key"])
    return BucketClient(wanted, access_of(settings)), key, f"s3://{wanted.name}/{key}"
