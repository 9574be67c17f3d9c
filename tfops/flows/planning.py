"""From content to a plan: what `plan`, `apply`, `rollback` and `destroy` share before anyone is asked."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from tfops.config.modules.moves import declared_moves
from tfops.engine.modules import installed_modules
from tfops.engine.plan import masked_plan
from tfops.engine.stack import SavedPlan
from tfops.errors import EngineFailed
from tfops.flows.cards import in_the_form_of, recorded_state
from tfops.flows.places import require_same_place
from tfops.flows.project import Project
from tfops.flows.stack import Content, EngineOptions, OpenStack, open_stack
from tfops.flows.ui import Ui
from tfops.ledger.card import Card
from tfops.model import Plan, StackState
from tfops.resolve.bridge import Bridge, Past, find_bridge
from tfops.resolve.state import require_engine_for, require_known_state
from tfops.system import failpoint


@dataclass(frozen=True, slots=True)
class Planned:
    """A saved plan, the state that it was made on, the texts in it that are sensitive, and the bridge that it needs."""

    stack: OpenStack
    before: StackState
    hidden: frozenset[str]
    saved: SavedPlan
    bridge: Bridge = field(default_factory=Bridge)

    @property
    def shown(self) -> Plan:
        """The plan as people may see it, and consent to it."""
        return masked_plan(self.saved.plan, self.stack.mask)


def plan_content(
    project: Project,
    content: Content,
    card: Card | None,
    *,
    folder: Path,
    engine: EngineOptions,
    ui: Ui,
    destroy: bool = False,
    past: Past | None = None,
    bridge: Bridge | None = None,
) -> Planned:
    """Render, init where needed, read the state, plan. Changes nothing but tfops' own folders.

    `card` is the environment's latest; a state that isn't the one it speaks of is refused. A `bridge` is planned
    with; over a `past` one is found, where the plan needs it.
    """
    env = content.environment.name
    require_same_place(project, content.rules, env, card)
    stack = open_stack(project, content, folder=folder, options=engine, ui=ui)
    failpoint.reach("rendered")
    ui.phase(f"preparing {env}")
    stack.engine.prepare()
    failpoint.reach("prepared")
    if content.lock is None and (providers := stack.engine.locked_providers()):
        named = ", ".join(f"{name.rpartition('/')[2]} {version}" for name, version in providers.items())
        ui.note(f"the providers of {env} are not locked ({named}): tfops providers lock {env}")
    before, hidden = stack.engine.pull_state()
    failpoint.reach("state-read")
    recorded = recorded_state(card)
    require_known_state(env, recorded, before)
    require_engine_for(recorded, stack.engine.engine.name, stack.engine.engine.version)
    ui.phase(f"planning {env}")
    if bridge is not None:
        planned = Planned(stack, before, hidden, stack.engine.plan_bridged(bridge.blocks()), bridge)
    else:
        planned = Planned(stack, before, hidden, stack.engine.plan(destroy=destroy))
    if past is not None:
        planned = over_a_bridge(planned, past, ui)
    ui.phase("")
    failpoint.reach("planned")
    return planned


def over_a_bridge(planned: Planned, past: Past, ui: Ui) -> Planned:
    """The same plan, but what still exists is kept alive. A bridge that the engine refuses is left out, and said."""
    mask, state = planned.stack.mask, planned.before.inventory
    now = in_the_form_of(past.inventory, {address: mask(known) for address, known in state.items()})
    engine = planned.stack.engine
    declared = declared_moves({module.path: module.folder for module in installed_modules(engine.root)})
    whole = find_bridge(planned.saved.plan, past, now=now, declared=declared)
    for bridge in (whole, Bridge(whole.moves)):
        if bridge.is_empty:
            continue
        try:
            return replace(planned, saved=engine.plan_bridged(bridge.blocks()), bridge=bridge)
        except EngineFailed as error:
            ui.warn(f"the engine refuses a bridge to the old addresses: {error.why.splitlines()[0]}")
    if whole.is_empty:
        return planned
    engine.forget_bridge()
    return replace(planned, saved=engine.plan())
