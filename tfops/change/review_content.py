"""What of a plan is kept for who reviews it, and what it is a plan of."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from functools import reduce

from tfops.change.commit_files import reached_digests
from tfops.change.planning import Planned
from tfops.change.review_rules import ReviewRules, review_rules
from tfops.change.run import Run
from tfops.change.stack import OpenStack
from tfops.config.modules.interface import reached_modules
from tfops.config.source import LocalSource
from tfops.engine.digest import COMMIT
from tfops.engine.plan import masked_plan
from tfops.forge.ci import job_address
from tfops.records.plan import Plan
from tfops.records.review import ReviewedPlan
from tfops.render.root import digest_of
from tfops.render.run_values import without_run_values
from tfops.resolve.agreement import told_prints
from tfops.system import clock
from tfops.system.module_digest import ModuleDigests
from tfops.system.root_tree import RootTree


def plan_to_keep(run: Run, planned: Planned) -> Plan:
    """The plan as it may be kept: nothing in it is secret, the keys of addresses neither."""

    commits = {commit for one in planned.stacks if (commit := one.stack.engine.layout.commit)}

    def mask(text: str) -> str:
        text = run.ui.mask(run.mask(text))
        return reduce(lambda found, commit: found.replace(commit, COMMIT), commits, text)

    plan = planned.plan
    return replace(masked_plan(plan, mask), prints=told_prints(plan, mask))


def content_digest(planned: Planned, rules: ReviewRules) -> str:
    """The sha256 over what the engine is given: the rendered root of each stack with its provider lock, and all that it
    reads of the repository's modules. The same after a squash or a rebase, another for other code with the same plan,
    and where less review would be asked for from then on: nobody agreed to that who agreed to the plan.
    """
    stacks = [one.stack for one in planned.stacks]
    parts = sorted((one.name, digest_of(without_run_values(one.rendered.files)), _modules(one)) for one in stacks)
    lowered = [asdict(rules.own)] if rules.before is not None else []
    return hashlib.sha256(json.dumps([*parts, *lowered]).encode()).hexdigest()


def code_digest(stacks: Iterable[OpenStack]) -> str:
    """The same of stacks alone, whatever review is asked for, and with what only this run knows."""
    parts = sorted((one.name, one.rendered.digest, _modules(one)) for one in stacks)
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def reviewed_plan(run: Run, planned: Planned) -> ReviewedPlan:
    """What is to be kept of a plan of HEAD."""
    facts, plan = run.facts, plan_to_keep(run, planned)
    rules = review_rules(run.project, facts.place, facts.listing)
    authors, committers = facts.project.repository.people_of(facts.head)
    return ReviewedPlan(
        env=facts.env,
        digest=plan.digest,
        content=content_digest(planned, rules),
        commits=(facts.head,),
        at=clock.now(),
        by=facts.person,
        authors=tuple(authors),
        committers=tuple(committers),
        run=job_address(),
        plan=plan,
    )


def _modules(stack: OpenStack) -> list[tuple[str, str]]:
    content = stack.content
    sources = [source.path for source in content.environment.sources if isinstance(source, LocalSource)]
    digests = ModuleDigests(content.tree)
    if isinstance(content.tree, RootTree):
        return sorted(reached_digests(content.tree, digests).items())
    return [(path, digests.of(path)) for path in sorted(reached_modules(stack.modules, sources))]
