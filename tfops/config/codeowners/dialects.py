"""Who owns files by CODEOWNERS, on which forge."""

from collections.abc import Callable, Sequence

from tfops.config.codeowners import gitea, github, gitlab
from tfops.config.codeowners.owned import Owned, Unreadable, is_address
from tfops.config.project import Owners
from tfops.dataclass import dataclass
from tfops.system.trees import Tree

_NAME = "CODEOWNERS"
_MOST_CHARACTERS = 3_000_000  # GitHub's limit


@dataclass(frozen=True, slots=True)
class Dialect:
    """`places` are looked at in this order. `parts_teams`: an account and a team can be told apart by their names."""

    title: str
    places: tuple[str, ...]
    read: Callable[[str], Owned]
    parts_teams: bool = True


DIALECTS = {
    "github": Dialect("GitHub", (f".github/{_NAME}", _NAME, f"docs/{_NAME}"), github.read),
    "gitlab": Dialect("GitLab", (_NAME, f"docs/{_NAME}", f".gitlab/{_NAME}"), gitlab.read, parts_teams=False),
    "gitea": Dialect("Gitea", (_NAME, f"docs/{_NAME}", f".gitea/{_NAME}", f".forgejo/{_NAME}"), gitea.read),
}
_FOLDERS = {".github": "github", ".gitlab": "gitlab", ".gitea": "gitea", ".forgejo": "gitea"}


def dialect_of(host: str) -> str:
    """The dialect by the name of a server, empty where that doesn't say it."""
    parts = host.casefold().replace("-", ".").split(".")
    words = {**{name: name for name in DIALECTS}, "forgejo": "gitea", "codeberg": "gitea"}
    return next((words[part] for part in parts if part in words), "")


def dialect_in(tree: Tree) -> str:
    """The dialect whose own folder has the file, empty for none, or several."""
    found = {name for folder, name in _FOLDERS.items() if tree.digest(f"{folder}/{_NAME}")}
    return found.pop() if len(found) == 1 else ""


def owners_of(tree: Tree, name: str, paths: Sequence[str]) -> Owners:
    """Who owns any of the files, by the CODEOWNERS of a tree in that dialect, empty where it isn't known."""
    if not name:
        folders = ", ".join(sorted(_FOLDERS))
        return Owners(problem=f"nothing says which forge's {_NAME} it is: put it into the forge's folder ({folders})")
    dialect = DIALECTS[name]
    place = next((place for place in dialect.places if tree.digest(place)), "")
    if not place:
        return Owners(problem=f"there is no {_NAME} where {dialect.title} looks: {', '.join(dialect.places)}")
    text = tree.read(place)
    if text is None or len(text) > _MOST_CHARACTERS:
        return Owners(problem=f"{place} is no file, or too large")
    try:
        owned = dialect.read(text)
    except Unreadable as error:
        return Owners(problem=f"{place}:{error.line}: {error}")
    found = dict.fromkeys(owner for path in paths for owner in owned(path))
    if not found:
        return Owners(problem=f"{place} names nobody for {', '.join(paths[:3])}")
    return _sorted_out(list(found), dialect)


def _sorted_out(owners: Sequence[str], dialect: Dialect) -> Owners:
    teams = [one for one in owners if not is_address(one) and (_is_team(one) or not dialect.parts_teams)]
    return Owners(tuple(one for one in owners if not _is_team(one)), tuple(teams))


def _is_team(owner: str) -> bool:
    return "/" in owner or owner.startswith("@")
