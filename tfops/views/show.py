"""`show`: one version's identity card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from tfops.dataclass import dataclass
from tfops.records.action import ActionState
from tfops.records.addresses import qualified
from tfops.records.commit import Commit
from tfops.records.drill import Drill
from tfops.records.promotion import PromotedVersion
from tfops.records.run import Trouble
from tfops.records.verdict import Judgement
from tfops.records.version import VersionRecord
from tfops.views import draw
from tfops.views.base import View, add_row, flat_outputs, text_report
from tfops.views.words import age, commit_text, drill_words, duration, plural


@dataclass(frozen=True, slots=True)
class ShowResult:
    """The end of `show`. `trouble` comes with the latest version, when a change stopped after it; `promoted` is what
    the version became in other environments; `labels` are those of the checked-out commit, where they were asked
    for."""

    record: VersionRecord
    commit: Commit | None
    card: Mapping[str, Any]
    verdict: Judgement | None = None
    trouble: Trouble | None = None
    drill: Drill | None = None
    promoted: tuple[PromotedVersion, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


@text_report.register(ShowResult)
def _show(result: ShowResult, view: View) -> draw.Renderable:
    record, card = result.record, result.card
    stacks: dict[str, dict[str, Any]] = card["stacks"]
    several = len(stacks) > 1
    rows: list[tuple[str, str]] = [
        ("version", f"{record.version} of {record.env} ({record.tag})"),
        ("what", f"{record.kind}, {record.summary}"),
        ("restores", str(record.restores or "")),
        ("promoted", record.promoted_from and f"from {record.promoted_from}"),
        ("commit", commit_text(result.commit, record.commit)),
        ("author", f"{card['author']['name']} <{card['author']['email']}>"),
        ("applied", f"{record.applied_at:%Y-%m-%d %H:%M:%S} UTC, {age(record.applied_at, view.now)}"),
        ("by", f"{card['applied_by']['name']} <{card['applied_by']['email']}>"),
        ("checked", _checked_words(card.get("checks", []))),
        ("options", _option_words(card)),
        ("approved", ", ".join(dict.fromkeys(f"{item['who']} ({item['how']})" for item in card["approvals"]))),
        ("actions", _action_words(card.get("actions", []))),
        ("took", duration(card["duration_s"])),
        ("run", card["run"]),
        ("branch", card["branch"]),
        ("only", record.only),
        ("switched off", record.off),
        ("partial", record.partial and f"only {', '.join(_targets(stacks))} (--target): the rest wasn't applied"),
        ("held", record.hold),
        ("verified", _verified_words(card.get("verified"))),
        ("hooks", _hook_words(card.get("hooks", ()))),
        ("became", ", ".join(f"{one} ({one.by}, {one.at:%Y-%m-%d})" for one in result.promoted)),
        ("drill", _drill_words(result.drill)),
        ("rehearses", card.get("rehearses", "")),
        ("engine", f"{card['engine']['name']} {card['engine']['version']}"),
        ("aws", card["aws"]["arn"] if card.get("aws") else ""),
        ("providers", ", ".join(f"{name} {version}" for name, version in card["providers"].items())),
        ("modules", ", ".join(f"{name} ({part['source']})" for name, part in card["modules"].items())),
        *((f"state of {name}" if several else "state", _state_words(part)) for name, part in stacks.items()),
    ]
    rows += _verdict_rows(result.verdict)
    table = draw.Table("", "", has_header=False)
    for name, value in rows:
        if value:
            add_row(table, draw.Text(name, style="dim"), value)
    inventory = {
        qualified(name, address): known
        for name, part in stacks.items()
        for address, known in part.get("inventory", {}).items()
    }
    listed = [draw.Text(f"  {address}" + (f"  {known}" if known else "")) for address, known in inventory.items()]
    outputs = [draw.Text(f"  {name} = {value}") for name, value in flat_outputs(card["outputs"])]
    parts: list[draw.Renderable] = [table]
    parts += [draw.Text(f"\n{plural(len(listed), 'resource')}", style="dim"), *listed] if listed else []
    parts += [draw.Text("\noutputs", style="dim"), *outputs] if outputs else []
    if result.trouble is not None:
        from tfops.views.trouble import trouble_lines  # noqa: PLC0415 - most changes end well

        parts += trouble_lines(record.env, result.trouble, view)
    return draw.Group(*parts)


def _option_words(card: Mapping[str, Any]) -> str:
    """What a person said of how it was planned and applied."""
    said = [] if card["plan"].get("refreshed", True) else ["--refresh=false"]
    said += [f"--parallelism {number}"] if (number := card.get("parallelism")) else []
    return ", ".join([*said, *(f"--replace {address}" for address in card.get("replace_requested", ()))])


def _targets(stacks: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return [qualified(name, address) for name, part in stacks.items() for address in part.get("targets", ())]


def _state_words(part: Mapping[str, Any]) -> str:
    return f"{part.get('backend')}, serial {part.get('serial_after')}, lineage {part.get('lineage')}"


def _drill_words(drill: Drill | None) -> str:
    if drill is None:
        return ""
    return f"{drill_words(drill)} in {drill.place}" + (f": {drill.why}" if drill.why else "")


def _action_words(actions: Sequence[Mapping[str, Any]]) -> str:
    """`3 done`, and by name what wasn't: `1 done; module.m.action.a.b: never run`."""
    done = sum(action["result"] == ActionState.DONE for action in actions)
    others = [f"{action['address']}: {action['result']}" for action in actions if action["result"] != ActionState.DONE]
    return "; ".join([*([f"{done} done"] if done else []), *others])


def _checked_words(checks: Sequence[Mapping[str, Any]]) -> str:
    """`policy, checkov (2 findings)`: those of a check that passed didn't fail it."""
    counts = [(check["name"], len(check.get("findings", ())) + check.get("unlisted", 0)) for check in checks]
    return ", ".join(name + (f" ({plural(count, 'finding')})" if count else "") for name, count in counts)


def _verified_words(verified: Mapping[str, Any] | None) -> str:
    """`failed: smoke: exit code 1 (2.0 s); up: passed (0.1 s)`"""
    if not verified:
        return ""
    checks = [
        f"{check['name']}: {check['why'] or check['result']} ({duration(check['duration_s'])})"
        for check in verified["checks"]
    ]
    return f"{verified['result']}: " + "; ".join(checks)


def _hook_words(hooks: Sequence[Mapping[str, Any]]) -> str:
    """`before_apply backup: passed (2.0 s); after_apply tell: exit code 3 (0.1 s)`"""
    return "; ".join(
        f"{hook['at']} {hook['name']}: {hook['why'] or hook['result']} ({duration(hook['duration_s'])})"
        for hook in hooks
    )


def _verdict_rows(judgement: Judgement | None) -> list[tuple[str, str]]:
    """What going back to the version comes to: the verdict, then each reason with what it takes."""
    if judgement is None:
        return []
    notes = [reason.text + (f" ({reason.cure})" if reason.cure else "") for reason in judgement.reasons]
    return [("back to it", judgement.verdict.value), *(("", note) for note in notes)]
