"""The receipt of a stopped change: which list each address of the plan ends up in."""

from tfops.change.receipt import Receipt, receipt_of
from tfops.engine.events import Progress
from tfops.records.engine_events import ResourceEvent, Step
from tfops.records.plan import Action, ResourceChange

WORK = tuple(
    ResourceChange(f"a.{name}", "a", action)
    for name, action in (
        ("made", Action.CREATE),
        ("swapped", Action.REPLACE),
        ("half", Action.REPLACE),
        ("broken", Action.UPDATE),
        ("under_way", Action.CREATE),
        ("waiting", Action.CREATE),
    )
)


def told(*steps: tuple[str, str, Step]) -> Progress:
    progress = Progress()
    for name, action, step in steps:
        progress.add(ResourceEvent(step, f"a.{name}", action, f"id-{name}"))
    return progress


def test_each_address_is_in_the_list_that_says_how_far_it_got() -> None:
    progress = told(
        ("made", "create", Step.COMPLETED),
        ("swapped", "delete", Step.COMPLETED),
        ("swapped", "create", Step.COMPLETED),
        ("half", "delete", Step.COMPLETED),
        ("broken", "update", Step.STARTED),
        ("broken", "update", Step.ERRORED),
        ("under_way", "create", Step.STARTED),
    )
    receipt = receipt_of(progress, WORK)
    assert receipt == Receipt(
        count_done=2,
        total=6,
        done=("a.made", "a.swapped"),
        failed=("a.broken",),
        in_doubt=("a.under_way",),
        never_started=("a.half", "a.waiting"),
    )
    assert receipt.text == (
        "Stopped part-way: 2 of 6 changes done. In doubt (started, no answer): a.under_way.\n"
        "  done: a.made, a.swapped\n  failed: a.broken\n  never started: a.half, a.waiting"
    )


def test_a_long_list_is_cut_in_the_message_only() -> None:
    many = tuple(f"a.b{number:02}" for number in range(25))
    receipt = Receipt(count_done=0, total=25, never_started=many)
    assert receipt.text.endswith("a.b09 and 15 more")
    assert receipt.never_started == many
