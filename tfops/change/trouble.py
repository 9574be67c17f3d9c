"""A change that stopped half-way, as a report shows it."""

from tfops.ledger.parts import TroublePart
from tfops.results.facts import ActionFact, TroubleFact


def trouble_fact(trouble: TroublePart | None) -> TroubleFact | None:
    if trouble is None:
        return None
    return TroubleFact(
        kind=trouble.kind,
        commit=trouble.commit,
        by=trouble.by,
        at=trouble.at,
        receipt=trouble.receipt,
        why=trouble.why,
        done=tuple(trouble.done),
        failed=tuple(trouble.failed),
        in_doubt=tuple(trouble.in_doubt),
        never_started=tuple(trouble.never_started),
        actions=tuple(ActionFact(action.address, action.result) for action in trouble.actions),
    )
