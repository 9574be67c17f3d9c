"""The ways to install tfops that the documents show, typed as written in an empty environment.

They download what tfops needs, so they run where CI is set, or TFOPS_TEST_INSTALL.
"""

import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

TOP = Path(__file__).parent.parent.parent
INSTALL = TOP / "docs/how-to/install.md"
_ADDRESS = "https://git.example.com/ops/tfops.git"
_BIN = Path(sys.executable).parent
_GITHUB = {"GITHUB_ACTIONS": "true", "GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "main"}
_INSTALLERS = ("uv", "uvx", "pipx")

pytestmark = pytest.mark.skipif(
    not (os.environ.get("CI") or os.environ.get("TFOPS_TEST_INSTALL")),
    reason="needs CI or TFOPS_TEST_INSTALL: downloads",
)


@dataclass(frozen=True, slots=True)
class Machine:
    """A user on an empty machine, who finds this repository under the documents' address."""

    home: Path
    env: Mapping[str, str]

    def run(self, *lines: str, folder: Path | None = None, env: Mapping[str, str] | None = None) -> str:
        """Type the lines; fails the test when one of them fails."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", "\n".join(lines)],
            cwd=folder or self.home, env={**self.env, **(env or {})}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, "\n".join((*lines, done.stdout[-3000:], done.stderr[-3000:]))
        return done.stdout

    def with_python(self, name: str) -> dict[str, str]:
        """An empty virtual environment, as `setup-python` and the image `python:3.12` give: `pip` means this one."""
        venv.create(self.home / name, with_pip=True)
        return {"PATH": f"{self.home / name / 'bin'}{os.pathsep}{self.env['PATH']}"}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What lies here, as a repository with one commit: the files under test, committed or not."""
    folder = tmp_path_factory.mktemp("source")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=TOP, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (TOP / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(TOP / name, folder / name)
    identity = ("-c", "user.name=ann", "-c", "user.email=ann@example.com")
    for argv in (("init", "-q", "-b", "main"), ("add", "-A"), (*identity, "commit", "-qm", "Everything")):
        subprocess.run(["git", *argv], cwd=folder, check=True)
    return folder


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory, source: Path) -> Machine:
    home = tmp_path_factory.mktemp("home")
    programs = home / "programs"
    programs.mkdir()
    for name in _INSTALLERS:
        (programs / name).symlink_to(_BIN / name)
    (home / ".gitconfig").write_text(
        "[user]\n\tname = ann\n\temail = ann@example.com\n[init]\n\tdefaultBranch = main\n"
        f'[url "{source.as_uri()}"]\n\tinsteadOf = {_ADDRESS}\n[protocol "file"]\n\tallow = always\n'
    )
    # The tested versions: new releases of others can't turn this red, and pip needn't search for a set that fits.
    pins = re.sub(r" \\\n( +--hash=\S+( \\)?\n)+", "\n", (TOP / "requirements.lock").read_text())
    (home / "constraints.txt").write_text(pins)
    ours = ("TFOPS_", "TF_", "VIRTUAL_ENV", "PYTHON", "GIT_", "XDG_", "PIPX_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=source, capture_output=True, text=True, check=True)
    path = [part for part in os.environ["PATH"].split(os.pathsep) if Path(part) != _BIN]
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Machine(home, {
        **env,
        "HOME": str(home), "PATH": os.pathsep.join([str(home / ".local/bin"), str(programs), *path]), "LANG": "C.UTF-8",
        "XDG_CACHE_HOME": cache, "UV_PYTHON": sys.executable, "PIPX_DEFAULT_PYTHON": sys.executable,
        "UV_PYTHON_DOWNLOADS": "never",
        "PIP_CONSTRAINT": str(home / "constraints.txt"), "UV_CONSTRAINT": str(home / "constraints.txt"),
        "TFOPS_COMMIT": commit.stdout.strip(), "NO_COLOR": "1",
    })  # fmt: skip


@pytest.fixture(scope="module")
def checkout(machine: Machine) -> Path:
    """After the page's first block: a clone, and `make dist` in it. The tests' own environment builds."""
    block = next(found for found in _blocks(INSTALL) if "make dist" in found)
    build = f"make -s -o {_BIN.parent}/.installed VENV={_BIN.parent} dist"
    machine.run(*(line.replace("make dist", build) for line in block))
    return machine.home / "tfops"


def _blocks(page: Path) -> Iterator[list[str]]:
    """What is typed in each console block of a page."""
    for found in re.findall(r"^```console\n(.*?)^```", page.read_text(), flags=re.MULTILINE | re.DOTALL):
        lines = [line[2:] for line in found.splitlines() if line.startswith(("$ ", "# "))]
        if lines:
            yield lines


def _block_with(text: str, page: Path = INSTALL) -> list[str]:
    return next(lines for lines in _blocks(page) if any(text in line for line in lines))


def test_the_same_commit_gives_the_same_wheel_and_its_documents_come_along(machine: Machine, checkout: Path) -> None:
    first = {path.name: path.read_bytes() for path in (checkout / "dist").iterdir()}
    assert sorted(first) == ["SHA256SUMS", "tfops_cli-0.1.0-py3-none-any.whl", "tfops_cli-0.1.0.tar.gz"]
    (checkout / "tfops/not_committed.py").write_text("")
    machine.run(
        f"make -s -o {_BIN.parent}/.installed VENV={_BIN.parent} dist", folder=checkout, env={"TZ": "Asia/Tokyo"}
    )
    assert {path.name: path.read_bytes() for path in (checkout / "dist").iterdir()} == first
    machine.run(*_block_with("sha256sum --check"), folder=checkout)
    names = machine.run("unzip -Z1 dist/*.whl || python3 -m zipfile -l dist/*.whl", folder=checkout)
    assert "tfops/documents/how-to/install.md" in names
    assert "not_committed" not in names


@pytest.mark.parametrize(
    ("typed", "tfops", "said"),
    [
        ("uv tool install 'dist", "tfops", "by uv tool from file://"),
        ("pipx install", "tfops", "by pipx from file://"),
        ("bin/pip install", "~/tfops-venv/bin/tfops", "by pip from file://"),
        ("uv tool install \"tfops-cli", "tfops", "by uv tool from git+"),
    ],
)  # fmt: skip
def test_the_page_on_installing_is_typed_as_written(
    machine: Machine, checkout: Path, *, typed: str, tfops: str, said: str
) -> None:
    machine.run("rm -rf ~/.local", *_block_with(typed), folder=checkout)
    assert said in machine.run(f"{tfops} version")
    assert "Go back to an earlier version" in machine.run(f"{tfops} docs go-back")
    assert "embedded" in machine.run(f"{tfops} doctor -o json --engine embedded || true", folder=checkout)


def test_without_installing_anything(machine: Machine, checkout: Path) -> None:
    assert "tfops 0.1.0" in machine.run(*_block_with("uvx --from"), folder=checkout)


def test_the_recipes_for_ci_install_and_apply(machine: Machine, tmp_path: Path) -> None:
    steps = [step["run"] for step in _recipe("## GitHub Actions")["jobs"]["apply"]["steps"] if "run" in step]
    job = _recipe("## GitLab CI")["apply"]
    assert steps[0] == job["before_script"][0], "they install alike: once is enough here"
    env = machine.with_python("job") | {"CI": "true"}
    machine.run(steps[0], env=env)
    assert f"at {machine.env['TFOPS_COMMIT'][:12]}" in machine.run("tfops version", env=env)

    clone = _project(machine, tmp_path / "github", env)
    for step in steps[1:]:
        machine.run(step, folder=clone, env={**env, **_GITHUB})
    assert "tfops/dev/v1" in machine.run("git ls-remote origin", folder=clone)

    env |= {"CI_COMMIT_BRANCH": "main", "CI_SERVER_HOST": "git.example.com", "CI_PROJECT_PATH": "shop"}
    clone, remote = _project(machine, tmp_path / "gitlab", env), (tmp_path / "gitlab/shop.git").as_uri()
    machine.run(f'git config --global url."{remote}".insteadOf "https://deploy:t0ken@git.example.com/shop.git"')
    machine.run(*job["before_script"][1:], *job["script"], folder=clone, env={**env, "TFOPS_PUSH_TOKEN": "t0ken"})
    assert "tfops/dev/v1" in machine.run(f"git ls-remote {remote}")


def test_the_pipeline_that_init_writes_and_the_action_install_and_apply(
    machine: Machine, source: Path, tmp_path: Path
) -> None:
    env = machine.with_python("written") | {"CI": "true", "GITHUB_ACTION_PATH": str(source), "EXTRAS": "terraform"}
    action = YAML(typ="safe").load(TOP / "action.yml")
    install, run = (step["run"] for step in action["runs"]["steps"] if "run" in step)
    machine.run(install, env=env)
    clone = _project(machine, tmp_path / "written", env)
    machine.run(run, folder=clone, env={**env, "COMMAND": "init --ci github"})

    machine.run("pip uninstall -q -y tfops-cli", env=env)  # what it needs stays: that is the slow part
    env |= {"TFOPS_SOURCE": _ADDRESS, "ENV": "dev"}
    job = YAML(typ="safe").load(clone / ".github/workflows/tfops-apply-main.yml")["jobs"]["apply"]
    for step in (step["run"] for step in job["steps"] if "run" in step):
        machine.run(step, folder=clone, env={**env, **_GITHUB})
    assert "by pip from git+" in machine.run("tfops version", env=env)
    assert "tfops/dev/v1" in machine.run("git ls-remote origin", folder=clone)


def test_the_image_is_built_and_started_as_its_file_says(machine: Machine, source: Path, tmp_path: Path) -> None:
    """Without a container: the build stage's lines in a folder that has what it copies, then the entry point."""
    dockerfile = (source / "deploy/Dockerfile").read_text().replace("\\\n", " ")
    stage = dockerfile.split("\nFROM ")[1]
    opt, var, folder = tmp_path / "opt", tmp_path / "var", tmp_path / "src"
    folder.mkdir()
    lines = [line.partition(" ")[2] for line in stage.splitlines() if line.startswith("RUN ")]
    for line in stage.splitlines():
        if line.startswith("COPY "):
            *names, goal = line.split()[1:]
            machine.run(*(f"cp -r {source / name} {folder / goal}" for name in names))
    machine.run(*(line.replace("/opt/tfops", str(opt)) for line in lines), folder=folder)
    env = {"PATH": f"{opt / 'bin'}{os.pathsep}{machine.env['PATH']}"}
    assert machine.run("command -v tfops", env=env).startswith(str(opt))
    machine.run("tfops init shop", folder=tmp_path, env=env)
    entry = (source / "deploy/entrypoint.sh").read_text().replace("/var/lib/tfops", str(var))
    (tmp_path / "entrypoint.sh").write_text(entry)
    var.mkdir()
    started = machine.run(
        f"sh {tmp_path}/entrypoint.sh --help",
        env={**env, "TFOPS_REPOSITORY": (tmp_path / "shop").as_uri(), "HOME": str(var / "home"), **_safe_git(machine)},
    )
    assert "tfops agent" in started
    assert (var / "project/tfops.yaml").is_file()


def test_the_service_is_installed_as_written(machine: Machine, tmp_path: Path) -> None:
    lines = [line for line in _block_with("/opt/tfops", TOP / "docs/how-to/agent.md") if "/opt/tfops" in line]
    machine.run(*(line.replace("/opt/tfops", str(tmp_path / "opt")) for line in lines))
    assert "by pip from git+" in machine.run(f"{tmp_path}/opt/bin/tfops version")


def _recipe(heading: str) -> Any:
    text = (TOP / "docs/how-to/run-in-ci.md").read_text().partition(heading)[2]
    return YAML(typ="safe").load(text.partition("```yaml\n")[2].partition("```")[0])


def _project(machine: Machine, folder: Path, env: Mapping[str, str]) -> Path:
    """A project with a remote, `shop.git`, and the clone that a job gets: of a commit, not of a branch."""
    folder.mkdir()
    machine.run(
        "tfops init shop && git clone -q --bare shop shop.git && git clone -q shop.git job", folder=folder, env=env
    )
    machine.run("git checkout -q --detach", folder=folder / "job")
    return folder / "job"


def _safe_git(machine: Machine) -> dict[str, str]:
    return {"GIT_CONFIG_GLOBAL": str(machine.home / ".gitconfig")}
