"""Every command of tfops, in the order in which `tfops --help` shows them: its name, a line, and where it is."""

from typing import NamedTuple


class Row(NamedTuple):
    """`where` is `module:name` below `tfops.cli`: a function, or for commands that have commands a `typer.Typer`.

    `takes` is what its first arguments name, as far as completion can say it early: `ENVS` any number, up to the end.
    """

    name: str
    line: str
    where: str
    is_group: bool = False
    takes: str = ""


TABLE = (
    Row("init", "Start a project.", "starting:init"),
    Row("adopt", "Take Terraform folders over as environments.", "adopting:adopt"),
    Row("replicate", "Make a new environment from a version.", "copying:replicate", takes="ENV"),
    Row("doctor", "Check this machine and this project.", "looking:doctor"),
    Row("validate", "Check every environment's file against the modules.", "checking:validate"),
    Row("fmt", "Bring the YAML files into one layout.", "checking:fmt"),
    Row("explain", "Show what a module takes and gives.", "checking:explain"),
    Row("outdated", "Show which modules and providers are behind.", "elsewhere:outdated", takes="ENVS"),
    Row("vendor", "Copy modules from elsewhere into the project.", "elsewhere:vendor"),
    Row("schema", "Make JSON Schemas for editors.", "checking:schema"),
    Row("check", "Name the one-way doors of a change under review.", "checking:check", takes="ENV"),
    Row("affected", "Show which environments a commit touches, and why.", "checking:affected"),
    Row("review", "Plan and check what a commit touches.", "checking:review"),
    Row("plan", "Show what applying the commit would do.", "looking:plan", takes="ENV"),
    Row("apply", "Make the commit the running environment.", "changing:apply", takes="ENV"),
    Row("promote", "Apply what runs in one environment to the next.", "promoting:promote", takes="SOURCE ENV"),
    Row("patch", "Bring one module's change everywhere, in waves.", "promoting:patch"),
    Row("rollback", "Bring an earlier version back, as a new version.", "changing:rollback", takes="ENV VERSION"),
    Row("destroy", "Destroy everything that the current version made.", "changing:destroy", takes="ENV"),
    Row("hold", "Keep an environment at its version.", "freezing:hold", takes="ENV"),
    Row("resume", "Finish what stopped half-way, or end a hold.", "changing:resume", takes="ENV"),
    Row("invoke", "Run actions by hand.", "invoke:invoke", takes="ENV"),
    Row("drill", "Rehearse the way back in another environment.", "changing:drill", takes="ENV VERSION"),
    Row("bisect", "Find the version that broke it.", "copying:bisect", takes="ENV"),
    Row("recover", "Repair an environment after an interrupted run.", "changing:recover", takes="ENV"),
    Row("reconcile", "Make every environment what its branch says.", "reconciling:reconcile", takes="ENVS"),
    Row("agent", "Watch the remote and reconcile continuously.", "reconciling:agent"),
    Row("approve", "Approve a held-back plan.", "reconciling:approve", takes="ENV"),
    Row("prune", "List or destroy expired previews and orphans.", "reconciling:prune", takes="ENVS"),
    Row("drift", "Show what differs in the real world.", "reconciling:drift", takes="ENVS"),
    Row("lock", "Freeze an environment, everywhere.", "freezing:lock", takes="ENV"),
    Row("unlock", "Remove a lock.", "freezing:unlock", takes="ENV"),
    Row("status", "Show every environment at a glance.", "looking:status", takes="ENVS"),
    Row("history", "Show the versions; --verdict: the ways back.", "looking:history", takes="ENV"),
    Row("show", "Show a version's identity card.", "looking:show", takes="ENV VERSION"),
    Row("log", "Show every event of an environment.", "looking:log", takes="ENV"),
    Row("logs", "Show what the engine printed in a run.", "versions:logs", takes="ENV VERSION"),
    Row("diff", "Show what differs, why, and by whom.", "versions:diff", takes="ENV"),
    Row("blame", "Show who made a resource what it is.", "versions:blame", takes="ENV"),
    Row("output", "Show what the applied version gave.", "versions:output", takes="ENV"),
    Row("graph", "Show who uses which module.", "versions:graph", takes="ENVS"),
    Row("engine", "Run a command of the engine itself.", "engine:engine", takes="ENV"),
    Row("inventory", "Show what an environment is made of.", "looking:inventory", takes="ENV"),
    Row("restore", "Bring all back from a bare repository.", "copying:restore", takes="ENVS"),
    Row("verify", "Check an environment's ledger and tags.", "looking:verify", takes="ENV"),
    Row("render", "Show the root module that a commit becomes.", "looking:render", takes="ENV"),
    Row("docs", "Show the documents that came with tfops.", "about:docs"),
    Row("help", "Show the help of a command.", "about:help_"),
    Row("version", "Print the version, and where it came from.", "about:version"),
    Row("config", "Show what an environment's files come to.", "config:config", is_group=True),
    Row("new", "Write a new environment's or a new module's files.", "new:new", is_group=True),
    Row("backend", "Where states are kept: make and check the bucket, move a state.", "backend:backend", is_group=True),
    Row("providers", "Lock an environment's providers.", "providers:providers", is_group=True),
    Row("state", "Look into a state, change it, bring an earlier one back.", "states:state", is_group=True),
)
ROWS = {row.name: row for row in TABLE}
