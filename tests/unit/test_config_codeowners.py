"""CODEOWNERS as GitHub, GitLab and Gitea read it: the examples of their documentation, and what differs."""

import pytest

from tests.support.memory_tree import MemoryTree
from tfops.config.codeowners import gitea, github, gitlab
from tfops.config.codeowners.dialects import DIALECTS, dialect_in, dialect_of, owners_of
from tfops.config.codeowners.owned import Unreadable
from tfops.config.project import Owners
from tfops.forge.known import FORGES

_GITHUB = """\
# everything
*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/*  docs@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octologs
/apps/github
a\\ b/?.c @blank
/deep/**/x @deep
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("README.md", "global-owner1 global-owner2"),
        ("web/app.js", "js-owner"),
        ("x.go", "docs@example.com"),
        ("a/b/c.txt", "octo-org/octocats"),
        ("build/logs/x/y", "octologs"),
        ("other/build/logs2/x", "global-owner1 global-owner2"),
        ("sub/apps/x", "octocat"),
        ("apps/main/x", "octocat"),
        ("apps/github", ""),
        ("apps/github/deep/x.js", ""),
        ("docs/a.md", "doctocat"),
        ("logs/x", "octologs"),
        ("web/logs/x", "octologs"),
        ("a b/x.c", "blank"),
        ("deep/x", "deep"),
        ("deep/1/2/x/y", "deep"),
    ],
)
def test_github_takes_the_last_line_that_fits(path: str, owners: str) -> None:
    assert " ".join(github.read(_GITHUB)(path)) == owners


def test_on_github_a_star_behind_a_slash_stays_in_its_folder() -> None:
    owned = github.read("docs/* @docs\nenvironments/*.yaml @env")
    assert (list(owned("docs/a")), list(owned("docs/a/b")), list(owned("x/docs/a"))) == (["docs"], [], [])
    assert list(owned("environments/prod.yaml")) == ["env"]


_GITLAB = """\
* @default
\\#strange @hash

[Environments]
environments/ @ops
/environments/prod.yaml @prod-team @group/sub janedoe@gitlab.com  # and @commented

^[Optional] @somebody
*.yaml

[Docs][2] @docs-team
docs/
README.md @lead @@maintainers
!docs/internal/

[DOCS]
docs/special.md @special
docs/internal/open.md @nobody
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("main.tf", "default"),
        ("#strange", "hash"),
        ("environments/dev.yaml", "default ops"),
        ("x/environments/dev.yaml", "default ops"),
        ("environments/prod.yaml", "default janedoe@gitlab.com prod-team group/sub commented"),
        ("docs/a/b.md", "default docs-team"),
        ("sub/README.md", "default lead @maintainer"),
        ("docs/special.md", "default special"),
        ("docs/internal/open.md", "default"),
    ],
)
def test_gitlab_takes_the_last_line_of_each_section(path: str, owners: str) -> None:
    assert " ".join(gitlab.read(_GITLAB)(path)) == owners


def test_on_gitlab_a_name_is_no_folder_and_stars_do_not_cross_slashes() -> None:
    owned = gitlab.read("/environments @a\n/modules/*.tf @b\n/modules/**/x.tf @c\na\\ b/ @d")
    assert list(owned("environments/dev.yaml")) == []
    assert (list(owned("modules/main.tf")), list(owned("modules/net/main.tf"))) == (["b"], [])
    assert (list(owned("modules/x.tf")), list(owned("modules/net/x.tf"))) == (["c"], ["c"])
    assert list(owned("a b/c")) == ["d"]


_GITEA = r"""
.*\\.go @user1 @user2 # This is comment
frontend/src/.*\\.js @org1/team1 @org1/team2 user3
!frontend/src/.* @org1/team3 @user5
docs/(aws|google|azure)/[^/]*\\.(md|txt) @user8 @org1/team4
dir/with\#hashtag @hash
path\ with\ space @blank
environments/|modules @either
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("x/main.go", "user1 user2 org1/team3 user5"),
        ("frontend/src/a.js", "org1/team1 org1/team2 user3"),
        ("docs/aws/a.md", "org1/team3 user5 user8 org1/team4"),
        ("docs/aws/sub/a.md", "org1/team3 user5"),
        ("dir/with#hashtag", "org1/team3 user5 hash"),
        ("path with space", "org1/team3 user5 blank"),
        ("environments/prod.yaml", "org1/team3 user5 either"),
        ("x/modules", "org1/team3 user5 either"),
        ("modules/x", "org1/team3 user5"),
    ],
)
def test_gitea_takes_all_lines_that_fit_as_regular_expressions(path: str, owners: str) -> None:
    assert " ".join(gitea.read(_GITEA)(path)) == owners


@pytest.mark.parametrize(
    ("read", "line", "why"),
    [
        (github.read, "!x @a", "doesn't know"),
        (github.read, "[ab].tf @a", "doesn't know"),
        (github.read, r"\#x @a", "doesn't know"),
        (github.read, "/ @a", "'/' names no file"),
        (github.read, "**/** @a", "names no file"),
        (github.read, "x ann", "'ann' is no account, team or address"),
        (gitlab.read, "x[ab].tf @a", "`\\[ \\]`"),
        (gitea.read, "(?i)x @a", "may not read alike"),
        (gitea.read, r"\\d+ @a", "may not read alike"),
        (gitea.read, "(a|b)* @a", "may not read alike"),
        (gitea.read, "a++ @a", "may not read alike"),
        (gitea.read, "a|| @a", "may not read alike"),
        (gitea.read, "a\u00a0@eve @bob", "may not read alike"),
        (gitea.read, "(a @a", "no regular expression"),
        (gitea.read, "a" * 301 + " @a", "may not read alike"),
    ],
)
def test_what_might_be_read_otherwise_is_refused_by_its_line(read: object, line: str, why: str) -> None:
    assert callable(read)
    with pytest.raises(Unreadable, match=why) as refused:
        read(f"# first\n{line}\n")
    assert refused.value.line == 2


_ANYWHERE = {".github/CODEOWNERS": "* @hub", "CODEOWNERS": "* @root\n.* @root", "docs/CODEOWNERS": ".* @docs"}


@pytest.mark.parametrize(("name", "owner"), [("github", "hub"), ("gitlab", "root"), ("gitea", "root")])
def test_each_forge_looks_at_its_places_in_its_order(name: str, owner: str) -> None:
    files = _ANYWHERE if name != "gitea" else _ANYWHERE | {"CODEOWNERS": ".* @root"}
    assert owners_of(MemoryTree(files), name, ["environments/dev.yaml"]).people[0] == owner


def _owners(name: str, files: dict[str, str | None]) -> Owners:
    return owners_of(MemoryTree(files), name, ["environments/prod.yaml", "modules/net/main.tf"])


def test_names_are_accounts_addresses_and_teams() -> None:
    text = "environments/ @ann bob@example.com @ops/team\nmodules/ @ann @eve"
    assert _owners("github", {"CODEOWNERS": text}) == Owners(("ann", "bob@example.com", "eve"), ("ops/team",))
    found = _owners("gitlab", {"CODEOWNERS": "* @ann @ops/team @@owner bob@example.com"})
    assert found == Owners(("bob@example.com", "ann"), ("ann", "ops/team", "@owner")), "ann may be a group"


@pytest.mark.parametrize(
    ("name", "files", "problem"),
    [
        ("", {}, "nothing says which forge's CODEOWNERS it is"),
        ("github", {".gitlab/CODEOWNERS": "* @a"}, "there is no CODEOWNERS where GitHub looks"),
        ("github", {"CODEOWNERS": None}, "CODEOWNERS is no file"),
        ("github", {".github/CODEOWNERS": "/docs/ @a"}, "names nobody for environments/prod.yaml, modules/net/main.tf"),
        ("github", {".github/CODEOWNERS": "* @a\n!x @b"}, ".github/CODEOWNERS:2: a pattern with `!`"),
    ],
)
def test_nobody_is_an_owner_where_something_is_wrong(name: str, files: dict[str, str | None], problem: str) -> None:
    found = _owners(name, files)
    assert problem in found.problem and (found.people, found.teams) == ((), ())


def test_off_a_forge_the_servers_name_or_the_folder_says_whose_file_it_is() -> None:
    hosts = ("github.com", "gitlab.example.com", "codeberg.org", "my-gitea.local", "git.example.com", "")
    assert [dialect_of(host) for host in hosts] == ["github", "gitlab", "gitea", "gitea", "", ""]
    assert dialect_in(MemoryTree({".forgejo/CODEOWNERS": ""})) == "gitea"
    assert dialect_in(MemoryTree({"CODEOWNERS": ""})) == ""
    assert dialect_in(MemoryTree({".github/CODEOWNERS": "", ".gitlab/CODEOWNERS": ""})) == ""


def test_every_forge_has_its_dialect() -> None:
    assert {forge.name for forge in FORGES} == set(DIALECTS)
