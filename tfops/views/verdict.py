"""How the verdict on a way back is shown."""

from tfops.records.verdict import Verdict

VERDICT_STYLES = {
    Verdict.OK: "green",
    Verdict.BRIDGED: "green",
    Verdict.KEEP_PROVIDERS: "yellow",
    Verdict.DATA_LOSS: "bold red",
    Verdict.BLOCKED: "red",
}
