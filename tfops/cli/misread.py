"""What somebody may have meant who typed something else: the hint of a usage error."""

import difflib
import re
import sys
from typing import Any

from typer.exceptions import TyperException

# What people type who come from Terraform, Git, Kubernetes or Pulumi, and what does it here.
MEANT = {
    "cancel": "tfops recover ENV",
    "clone": "tfops replicate ENV COPY",
    "console": "tfops engine ENV -- console",
    "copy": "tfops replicate ENV COPY",
    "deploy": "tfops apply ENV",
    "down": "tfops destroy ENV",
    "env": "tfops status",
    "environments": "tfops status",
    "fmt": "terraform fmt -recursive modules",
    "force-unlock": "tfops unlock ENV --force",
    "freeze": "tfops lock ENV, or tfops hold ENV --reason TEXT",
    "get": "tfops status",
    "import": "tfops state import ENV ADDRESS ID, or a whole folder: tfops adopt FOLDER --env ENV",
    "list": "tfops status",
    "ls": "tfops status",
    "migrate": "tfops backend move ENV",
    "outputs": "tfops output ENV",
    "preview": "tfops plan ENV",
    "ps": "tfops status",
    "refresh": "tfops drift ENV, or tfops apply ENV --refresh-only",
    "revert": "tfops rollback ENV",
    "secret": "tfops docs secrets",
    "secrets": "tfops docs secrets",
    "run": "tfops apply ENV",
    "stacks": "tfops inventory ENV",
    "state ls": "tfops state list ENV",
    "state move": "tfops state mv ENV FROM TO",
    "state remove": "tfops state rm ENV ADDRESS",
    "state replace-provider": "tfops engine ENV -- state replace-provider FROM TO",
    "sync": "tfops reconcile",
    "taint": "tfops apply ENV --replace ADDRESS",
    "test": "tfops validate --deep",
    "terraform": "tfops engine ENV -- ARGS",
    "tofu": "tfops engine ENV -- ARGS",
    "undo": "tfops rollback ENV",
    "unhold": "tfops resume ENV",
    "up": "tfops apply ENV",
    "versions": "tfops history ENV",
    "watch": "tfops status --watch",
    "workspace": "tfops status",
}


def command_of(error: TyperException) -> str:
    """The command that wasn't understood, without `tfops`, as far as it was found."""
    words: list[str] = []
    found = getattr(error, "ctx", None)
    while found is not None and found.parent is not None:
        words.insert(0, found.info_name)
        found = found.parent
    return " ".join(words)


def said(error: TyperException) -> str:
    """What is wrong with the command line, in a sentence; the library's own without its names for things."""
    param = getattr(error, "param", None)
    if _is_missing(error) and param is not None:
        return f"`{_as_typed(param)}` is missing"
    if unknown := _unknown_command(error):
        return f"there is no command `{unknown}`"
    text = error.format_message().replace("Value error, ", "").replace("argument(s)", "argument")
    text = re.sub(r"Input should be ([^,]+).*", r"it must be \1", text)
    return text[:1].lower() + text[1:].rstrip(".")


def next_step(error: TyperException, command: str) -> str:
    """The next thing to type: the whole command, what does it here, where the option belongs, or the command's help."""
    unknown, typed, ctx = _unknown_command(error), f"tfops {command}".strip(), getattr(error, "ctx", None)
    if meant := MEANT.get(f"{command} {unknown}".strip()):
        return meant
    if unknown:
        return _alike(error, typed, unknown)
    if _is_missing(error) and ctx is not None:
        needed = (_as_typed(param) for param in ctx.command.params if param.required)
        return " ".join((typed, *needed))
    if as_here := _of_terraform(error, typed):
        return as_here
    option = getattr(error, "option_name", None)
    following = _command_behind() if option and not command else ""
    if following:
        return f"options of a command stand behind it: tfops {following} {option} …   (tfops {following} --help)"
    return f"{typed} --help"


def _of_terraform(error: TyperException, typed: str) -> str:
    """What is written otherwise here than in Terraform: options with one dash, a plan's file without an option."""
    ctx = getattr(error, "ctx", None)
    options = {one for param in ctx.command.params for one in param.opts} if ctx is not None else set[str]()
    if option := _with_two_dashes(options):
        return f"{typed} {option}"
    if typed == "tfops apply" and "extra argument" in error.format_message():
        return "a plan in a file: tfops apply ENV --plan FILE; several environments: --env NAME for each"
    return ""


def _with_two_dashes(options: set[str]) -> str:
    """`--target=module.app` for who typed `-target=module.app`, as Terraform has it."""
    single = (f"-{word}" for word in sys.argv[1:] if re.match(r"-[a-z][a-z-]+", word))
    return next((word for word in single if word.partition("=")[0] in options), "")


def _is_missing(error: TyperException) -> bool:
    """The library keeps its class for a missing argument or option to itself; only that one has this attribute."""
    return hasattr(error, "param_type")


def _as_typed(param: Any) -> str:
    """`ENV`, `--reason TEXT`."""
    metavar = (getattr(param, "metavar", None) or (param.name or "")).upper()
    return f"{param.opts[0]} {metavar}" if param.param_type_name == "option" else metavar


def _alike(error: TyperException, typed: str, unknown: str) -> str:
    ctx = getattr(error, "ctx", None)
    names = ctx.command.list_commands(ctx) if ctx is not None else []
    close = difflib.get_close_matches(unknown, names, n=3, cutoff=0.6)
    return ", or ".join(f"{typed} {name}" for name in close) or f"{typed} --help"


def _unknown_command(error: TyperException) -> str:
    """The word that isn't a command; the exception names it in its text only."""
    start, word, _ = (*error.format_message().split("'", 2), "", "")[:3]
    return word if start == "No such command " else ""


def _command_behind() -> str:
    """The first word of the command line that is a command."""
    from tfops.cli.rows import TABLE

    known = {row.name for row in TABLE}
    return next((word for word in sys.argv[1:] if word in known), "")
