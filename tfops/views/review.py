"""The comment on a merge request, in Markdown: a table of environments, then the changes of each.

It must fit into what a forge takes. What is worst comes first, everywhere; what doesn't fit is left out from the end of
each kind (reasons, deletes and replacements, other changes, attributes), and the comment says how much.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field

from tfops.dataclass import dataclass
from tfops.records.check import CheckOutcome
from tfops.records.plan import Action, Plan, ResourceChange
from tfops.records.version import Verified
from tfops.views.environment_review import EnvironmentReview
from tfops.views.markdown import code, cut, fence_for, link, shortened
from tfops.views.review_table import badness, table_lines
from tfops.views.words import plain, plural

# What a line begins with: forges colour `-`, `+` and `!` in a difference.
_SIGNS = {Action.DELETE: "-", Action.REPLACE: "-/+", Action.DETACH: "-/+", Action.UPDATE: "!", Action.CREATE: "+"}
_ORDER = {action: place for place, action in enumerate(Action)}  # worst first
_LONGEST_VALUE = 160
_MOST_FINDINGS = 20  # of each check

# The parts of a comment that the table's rows, and these with the frames of all environments, may take.
_TABLE_PART, _FRAME_PART = 0.4, 0.7
_ATTRIBUTES = 3  # the last kind of lines
_RESERVE = 400  # bytes for the sentences about what was left out


@dataclass(slots=True)
class _Section:
    """What is to be said about one environment, in lines by kind: `counts` of them, of which `kinds` are the first,
    as many as could ever have room, and `shown` those that have it.
    """

    review: EnvironmentReview
    kinds: tuple[list[str], ...]
    counts: tuple[int, ...]
    shown: list[int] = field(default_factory=list)

    @property
    def attributes(self) -> list[str]:
        return self.kinds[-1]

    @property
    def frame(self) -> str:
        """Everything but the lines."""
        return "\n".join(_framed(self, [""], self.attributes[:1] and [""]))

    def left_out(self, kind: int) -> int:
        return self.counts[kind] - self.shown[kind]


def review_comment(
    reviews: Sequence[EnvironmentReview], *, commit: str, most_bytes: int, first_line: str = "", job: str = ""
) -> str:
    """The whole comment, at most `most_bytes` of UTF-8, which must be some thousands.

    `first_line` finds it again, `job` is the address of the job that has everything in full. The plans' values are
    masked by then.
    """
    ordered = sorted(reviews, key=badness)
    title = f"### tfops: {plural(len(reviews), 'environment')} at {code(commit[:8])}"
    head = "\n".join(filter(None, (first_line, title)))
    room = most_bytes - _size(head) - _RESERVE - _size(job)
    table = list(table_lines(ordered))
    rows = _fitting(table[2:], int(room * _TABLE_PART))
    room -= sum(_size(line) for line in (*table[:2], *table[2 : 2 + rows]))
    sections = [section for section in (_section(one, room) for one in ordered) if any(section.kinds)]
    told = sections[: _fitting((section.frame for section in sections), room - int(most_bytes * (1 - _FRAME_PART)))]
    _share(told, room - sum(_size(section.frame) for section in told))
    lines = [head, "", *table[: 2 + rows], "", *(line for section in told for line in _told(section))]
    return "\n".join([*lines, *_foot(len(ordered) - rows, sections, len(told), job)])


def _size(text: str) -> int:
    """In bytes, with its line end: whatever a forge counts, it isn't more."""
    return len(text.encode("utf-8", "replace")) + 1


def _fitting(texts: Iterable[str], room: int) -> int:
    """How many of them fit, from the first on."""
    count = 0
    for text in texts:
        room -= _size(text)
        if room < 0:
            break
        count += 1
    return count


def _share(sections: Sequence[_Section], room: int) -> None:
    """Give the room to the lines, kind by kind, and within a kind alike to all environments: those with few lines
    leave theirs to the others. Where a kind has no room for all, the next ones get none.
    """
    for section in sections:
        section.shown = [0] * len(section.kinds)
    for kind in range(_ATTRIBUTES + 1):
        room = _fill(sections, kind, room)
        if any(section.left_out(kind) for section in sections):
            return


def _fill(sections: Sequence[_Section], kind: int, room: int) -> int:
    """The room that is left."""
    waiting = sorted(sections, key=lambda section: sum(map(_size, section.kinds[kind])), reverse=True)
    while waiting:
        section, share = waiting[-1], room // len(waiting)
        fitting = _fitting(section.kinds[kind], share)
        section.shown[kind] = fitting
        room -= sum(map(_size, section.kinds[kind][:fitting]))
        waiting.pop()
    return room


def _section(review: EnvironmentReview, room: int) -> _Section:
    plan, reasons = review.plan, list(_reason_lines(review))
    if plan is None:
        return _Section(review, (reasons, [], [], []), (len(reasons), 0, 0, 0))
    work = sorted(plan.work, key=lambda change: _ORDER[change.action])
    losing = [_change_line(change) for change in work if change.loses_data]
    others = [_change_line(change) for change in work if not change.loses_data]
    others += _further_lines(plan)
    changed = [change for change in work if change.attributes]
    lines = (line for change in changed for line in _attribute_lines(change))
    count = sum(1 + len(change.attributes) for change in changed)
    kinds = (reasons, losing, others, _up_to(room, lines))
    return _Section(review, kinds, (len(reasons), len(losing), len(others), count))


def _up_to(room: int, lines: Iterable[str]) -> list[str]:
    """Those that may have room, and one more."""
    taken = []
    for line in lines:
        taken.append(line)
        room -= len(line)
        if room < 0:
            break
    return taken


def _reason_lines(review: EnvironmentReview) -> Iterator[str]:
    for reason in review.reasons:
        yield f"# {cut(reason)}"
    if review.plan is None:
        yield f"! no plan: {cut(review.why_no_plan)}"
    for check in review.checks:
        if check.result is Verified.FAILED:
            yield f"! check {cut(check.name)} failed: {cut(check.why)}"
        yield from _finding_lines(check)
    for door in review.doors:
        yield f"! one-way door, {door.verdict}: {cut(door.text)}"


def _finding_lines(check: CheckOutcome) -> Iterator[str]:
    """What a policy tool found, worst first. Of a check that passed that is only told: its name stands before it."""
    is_failed = check.result is Verified.FAILED
    told = check.at_most(_MOST_FINDINGS)
    for finding in told.findings:
        sign = "!  " if finding.fails else "#  "
        yield f"{sign} {'' if is_failed else cut(check.name) + ': '}{cut(finding.text)}"
    if told.unlisted:
        yield f"#   and {told.unlisted:,} more of {cut(check.name)}"


def _change_line(change: ResourceChange) -> str:
    origin = f"from {cut(change.previous_address)}" if change.previous_address else ""
    twice = "a second one: the one let go still exists" if change.is_duplicate else ""
    against = "in spite of `destroy = false`" if change.against_keep else ""
    remark = ", ".join(filter(None, (origin, twice, cut(change.reason), against)))
    line = f"{_SIGNS.get(change.action, '#'):<3} {change.action:<8} {cut(change.label)}"
    return f"{line}  ({remark})" if remark else line


def _further_lines(plan: Plan) -> Iterator[str]:
    """What is no resource's change: actions, outputs, stacks that wait, and what somebody changed by hand."""
    for action in plan.actions:
        yield f"#   run      {cut(action.address)}" + (f"  ({cut(action.event)})" if action.event else "")
    if plan.changed_outputs:
        yield f"#   outputs  {cut(', '.join(plan.changed_outputs))}"
    for wait in plan.waiting:
        yield f"#   later    {cut(wait.stack)}: planned again after {cut(' and '.join(wait.upstream))} is applied"
    if plan.drift:
        yield f"#   drift    {plural(len(plan.drift), 'thing')} changed outside of tfops since the last apply"


def _attribute_lines(change: ResourceChange) -> Iterator[str]:
    yield f"# {cut(change.label)}"
    for attribute in change.attributes:
        texts = (attribute.path, attribute.before, attribute.after)
        path, before, after = (shortened(text, _LONGEST_VALUE) for text in texts)
        forces = "  (forces replacement)" if attribute.forces_replacement else ""
        yield plain(f"!   {path}: {before} -> {after}{forces}")


def _told(section: _Section) -> Iterator[str]:
    changes = [line for kind in range(_ATTRIBUTES) for line in section.kinds[kind][: section.shown[kind]]]
    yield from _framed(section, changes, section.attributes[: section.shown[_ATTRIBUTES]])


def _framed(section: _Section, changes: list[str], attributes: list[str]) -> Iterator[str]:
    """Delimiters are as long as all of its lines may need, whichever have room."""
    plan = section.review.plan
    yield f"#### {code(section.review.env)}" + (f", plan {code(plan.digest[:12])}" if plan else "")
    yield ""
    if changes:
        yield from (*_fenced(changes, fence_for([line for kind in section.kinds[:_ATTRIBUTES] for line in kind])), "")
    if attributes:
        fence = fence_for(section.attributes)
        yield from ("<details><summary>Attributes</summary>", "", *_fenced(attributes, fence), "", "</details>", "")


def _fenced(lines: Sequence[str], fence: str) -> Iterator[str]:
    yield from (f"{fence}diff", *lines, fence)


def _foot(rows: int, sections: Sequence[_Section], told: int, job: str) -> Iterator[str]:
    """What isn't shown, in numbers, and where it is."""
    hidden = sections[told:]
    changes = sum(section.left_out(kind) for section in sections[:told] for kind in range(_ATTRIBUTES))
    changes += sum(sum(section.counts[:_ATTRIBUTES]) for section in hidden)
    attributes = sum(section.left_out(_ATTRIBUTES) for section in sections[:told])
    attributes += sum(section.counts[_ATTRIBUTES] for section in hidden)
    missing = [(rows, "environment"), (len(hidden), "environment's section"), (changes, "change")]
    missing += [(attributes, "line of attributes")]
    words = [_more(count, noun) for count, noun in missing if count]
    where = link("the job", job) if job else "the job"
    if words:
        yield f"**Not shown, for lack of room:** {', '.join(words)}. All of it is in {where}."
    elif job:
        yield f"In full in {where}."


def _more(count: int, noun: str) -> str:
    plurals = {"environment's section": "sections of environments", "line of attributes": "lines of attributes"}
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {plurals.get(noun, noun + 's')}"
