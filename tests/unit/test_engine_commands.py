"""What the engine is started with: exact argument lists, and an environment that nothing inherited steers."""

import os
from pathlib import Path

import pytest

from tfops.engine.commands import CommandLine, EngineFlags
from tfops.engine.environment import base_environment, cli_config, engine_environment, memory_use, missing_cli_config
from tfops.records.names import StackName
from tfops.system.environ import free_memory

COMMANDS = CommandLine("/opt/terraform")


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (COMMANDS.init(), ["init", "-input=false", "-no-color", "-reconfigure"]),
        (COMMANDS.providers(), ["providers", "-no-color"]),
        (
            COMMANDS.plan(out="/r/plan.bin", values=["v.json"], destroy=False, lock_timeout_s=20),
            [
                "plan",
                "-input=false",
                "-json",
                "-detailed-exitcode",
                "-out=/r/plan.bin",
                "-var-file=v.json",
                "-lock-timeout=20s",
            ],
        ),
        (
            COMMANDS.plan(out="/r/plan.bin", values=["v.json"], destroy=True, lock_timeout_s=0),
            [
                "plan",
                "-input=false",
                "-json",
                "-detailed-exitcode",
                "-out=/r/plan.bin",
                "-var-file=v.json",
                "-destroy",
                "-lock-timeout=0s",
            ],
        ),
        (
            COMMANDS.plan(out="p", values=["v.json"], destroy=False, lock_timeout_s=None),
            ["plan", "-input=false", "-json", "-detailed-exitcode", "-out=p", "-var-file=v.json", "-lock=false"],
        ),
        (
            COMMANDS.apply("/r/plan.bin"),
            ["apply", "-input=false", "-json", "-lock-timeout=20s", "/r/plan.bin"],
        ),
        (
            COMMANDS.apply("p", may_leave=True),
            ["apply", "-input=false", "-json", "-suppress-forget-errors", "-lock-timeout=20s", "p"],
        ),
        (COMMANDS.show_plan("/r/plan.bin"), ["show", "-json", "/r/plan.bin"]),
        (COMMANDS.get(), ["get", "-no-color"]),
        (COMMANDS.pull_state(), ["state", "pull", "-no-color"]),
        (COMMANDS.version(), ["version"]),
    ],
)
def test_each_command_is_exactly_this_list(argv: list[str], expected: list[str]) -> None:
    assert argv == ["/opt/terraform", *expected]


def test_odd_characters_in_a_path_stay_one_argument() -> None:
    path = "/a b/$(x); 'y' \"z\"/plan.bin"
    assert COMMANDS.show_plan(path)[-1] == path
    assert f"-out={path}" in COMMANDS.plan(out=path, values=["v"], destroy=False, lock_timeout_s=1)
    assert CommandLine("/a b/terraform").pull_state()[0] == "/a b/terraform"


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An empty environment to fill."""
    for name in list(os.environ):
        monkeypatch.delenv(name)
    return monkeypatch


ALWAYS = {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1"}


def passed_on(bare: pytest.MonkeyPatch, *names: str, more: tuple[str, ...] = ()) -> set[str]:
    for name in names:
        bare.setenv(name, "x")
    return set(base_environment(more)) - set(ALWAYS)


def test_an_empty_environment_gets_what_the_engine_always_needs(bare: pytest.MonkeyPatch) -> None:
    assert base_environment() == ALWAYS


@pytest.mark.parametrize(
    "name",
    [
        "PATH",
        "HOME",
        "TMPDIR",
        "LC_ALL",
        "HTTPS_PROXY",
        "no_proxy",
        "SSL_CERT_FILE",
        "SSH_AUTH_SOCK",
        "XDG_CONFIG_HOME",
        "AWS_PROFILE",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_ENDPOINT_URL_S3",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "ARM_CLIENT_SECRET",
        "AZURE_CONFIG_DIR",
        "KUBECONFIG",
        "KUBE_CONFIG_PATH",
        "VAULT_ADDR",
        "CONSUL_HTTP_TOKEN",
        "GITHUB_TOKEN",
        "PG_CONN_STR",
        "TF_TOKEN_app_terraform_io",
        "TF_HTTP_PASSWORD",
    ],
)
def test_credentials_and_what_every_program_needs_are_passed_on(bare: pytest.MonkeyPatch, name: str) -> None:
    assert passed_on(bare, name) == {name}


@pytest.mark.parametrize(
    "name",
    [
        "TF_VAR_x",
        "TF_CLI_ARGS",
        "TF_CLI_ARGS_plan",
        "TF_CLI_ARGS_apply",
        "TF_LOG",
        "TF_LOG_PATH",
        "TF_DATA_DIR",
        "TF_WORKSPACE",
        "TF_PLUGIN_CACHE_DIR",
        "TF_REATTACH_PROVIDERS",
        "TF_ENCRYPTION",
        "GIT_DIR",
        "GIT_SSH_COMMAND",
        "LD_PRELOAD",
        "PYTHONPATH",
        "BASH_ENV",
        "DB_PASSWORD",
        "PATHX",
        "aws_profile",
    ],
)
def test_what_could_steer_a_plan_is_dropped(bare: pytest.MonkeyPatch, name: str) -> None:
    assert passed_on(bare, name) == set()


@pytest.mark.parametrize(
    ("more", "kept"),
    [
        (("DATADOG_API_KEY",), {"DATADOG_API_KEY"}),
        (("DATADOG_*",), {"DATADOG_API_KEY", "DATADOG_APP_KEY"}),
        (("DATADOG_API_KEY", "OTHER"), {"DATADOG_API_KEY", "OTHER"}),
        (("datadog_*",), set()),
        (("DATADOG_API",), set()),
    ],
)
def test_tfops_yaml_can_let_more_through(bare: pytest.MonkeyPatch, more: tuple[str, ...], kept: set[str]) -> None:
    assert passed_on(bare, "DATADOG_API_KEY", "DATADOG_APP_KEY", "OTHER", more=more) == kept


def test_inherited_values_do_not_beat_what_is_always_set(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("TF_INPUT", "1")
    assert base_environment(("TF_INPUT",))["TF_INPUT"] == "0"


def test_a_cli_config_is_passed_on_only_when_it_is_there(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "terraformrc"
    assert (cli_config(), missing_cli_config()) == ({}, "")
    bare.setenv("TF_CLI_CONFIG_FILE", str(file))
    assert (cli_config(), missing_cli_config()) == ({}, str(file))
    file.write_text("", encoding="utf-8")
    assert (cli_config(), missing_cli_config()) == ({"TF_CLI_CONFIG_FILE": str(file)}, "")
    assert base_environment()["TF_CLI_CONFIG_FILE"] == str(file)


def test_secrets_reach_the_engine_as_variables_and_nowhere_else(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("GOGC", "100")
    env = engine_environment(more=(), secrets={"secret_db_1": "hunter2"}, plugin_cache=Path("/cache"))
    assert env == ALWAYS | {"GOGC": "100", "TF_PLUGIN_CACHE_DIR": "/cache", "TF_VAR_secret_db_1": "hunter2"}


def test_providers_are_locked_without_a_backend_and_for_every_platform() -> None:
    commands = CommandLine("tf")
    init = commands.init_providers(upgrade=True)
    assert init == ["tf", "init", "-input=false", "-no-color", "-backend=false", "-upgrade"]
    both = ["linux_amd64", "darwin_arm64"]
    folder = commands.lock_providers(both, mirror="/mirror")
    assert folder[1:3] == ["providers", "lock"]
    assert {"-platform=linux_amd64", "-platform=darwin_arm64", "-fs-mirror=/mirror"} <= set(folder)
    assert "-net-mirror=https://mirror/" in commands.lock_providers(both, mirror="https://mirror/")


def test_go_tidies_up_less_where_there_is_room_and_the_user_said_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GOGC", "GOMEMLIMIT"):
        monkeypatch.delenv(name, raising=False)
    assert memory_use(8 << 30) == {"GOGC": "400", "GOMEMLIMIT": str(2 << 30)}
    assert memory_use(1 << 30) == memory_use(None) == {}
    monkeypatch.setenv("TFOPS_SIDE_BY_SIDE", "16")
    assert memory_use(32 << 30) == {"GOGC": "400", "GOMEMLIMIT": str(2 << 30)}, "each of many has its share"
    assert memory_use(8 << 30) == {}, "and tidies up where that is small"
    monkeypatch.setenv("GOGC", "50")
    assert memory_use(8 << 30) == {"GOGC": "50"}
    free = free_memory()
    assert free is None or free > 0


def test_what_a_person_says_of_a_plan_is_on_its_command_line_and_nowhere_else() -> None:
    flags = EngineFlags(replace=("one/a.b", "two/c.d"), targets=("one/e.f",), refresh=False, parallelism=3)
    commands = CommandLine("/opt/terraform", flags.of_stack(StackName("one")))
    planned = commands.plan(out="p", values=[], destroy=False, lock_timeout_s=None)
    assert {"-replace=a.b", "-target=e.f", "-refresh=false", "-parallelism=3"} <= set(planned)
    assert "-replace=c.d" not in planned
    own = commands.plan(out="p", values=[], destroy=False, lock_timeout_s=None, targets=["g.h"])
    assert "-target=g.h" in own and "-target=e.f" not in own
    assert "-parallelism=3" in commands.apply("p") and not any("target" in word for word in commands.apply("p"))
    assert flags.plain() == EngineFlags(parallelism=3)
