"""What another tool's units become, as files: pure, for every form that a unit can have."""

from typing import Any

from tfops.commands.peer_draft import DraftRules, PeerDraft, draft, project_text
from tfops.commands.peer_units import HiddenValue, Unit, UnitBackend, UnitOutput
from tfops.config.document import read_document
from tfops.config.modules.module import Variable

RULES = DraftRules("main", ("taken",), "shop", "terragrunt")
AWS = {"aws": {"region": "eu-west-1", "default_tags": {"tags": {"team": "ops"}}}}


def unit(path: str, **more: Any) -> Unit:
    name = path.rpartition("/")[2]
    return Unit(path, more.pop("source", f"modules/{name}"), **({"providers": AWS} | more))


def s3(path: str, **more: Any) -> UnitBackend:
    return UnitBackend("s3", {"bucket": "b", "region": "eu-west-1", "key": f"{path}/terraform.tfstate", **more})


def drafted(*units: Unit, **variables: Any) -> PeerDraft:
    return draft(units, variables, RULES)


def lines(found: PeerDraft) -> dict[str, Any]:
    return {one.env: dict(one.line) for one in found.environments}


def left(found: PeerDraft) -> list[str]:
    return [str(one) for one in found.not_taken]


def test_units_of_a_folder_are_the_stacks_of_an_environment() -> None:
    output = UnitOutput("live/prod/vpc", "ids[0]", "subnet-1")
    found = drafted(
        unit("live/prod/vpc", inputs={"cidr": "10.0.0.0/16"}),
        unit("live/prod/app", inputs={"subnet": output, "all": [{"one": output}]}, dependencies=("live/prod/vpc",)),
        unit("live/dev/app", inputs={"text": "${module.x.y}"}),
    )
    assert lines(found) == {"prod": {"branch": "main"}, "dev": {"branch": "main"}}
    assert list(found.files) == ["environments/prod/vpc.yaml", "environments/prod/app.yaml", "environments/dev.yaml"]
    read = {path: read_document(path, text).data["modules"] for path, text in found.files.items()}
    assert read["environments/prod/app.yaml"]["app"]["inputs"] == {
        "subnet": "${stack.vpc.vpc.ids[0]}",
        "all": [{"one": "${stack.vpc.vpc.ids[0]}"}],
    }
    assert read["environments/dev.yaml"] == {"app": {"source": "app", "inputs": {"text": "$${module.x.y}"}}}
    assert found.providers == AWS and left(found) == []


def test_sources_keep_their_versions() -> None:
    git = "git::https://example.com/m.git//vpc?ref=v1.2.3"
    found = drafted(
        unit("a/vpc", source="terraform-aws-modules/vpc/aws", version="5.1.0", is_local=False),
        unit("b/vpc", source=git, is_local=False),
    )
    read = [read_document("", text).data["modules"]["vpc"] for text in found.files.values()]
    assert read == [{"source": "terraform-aws-modules/vpc/aws", "version": "5.1.0"}, {"source": git}]


def test_code_that_needs_no_generated_block_is_a_root_as_it_is() -> None:
    output = UnitOutput("live/prod/z-vpc", "id", "vpc-1")
    found = drafted(
        unit(
            "live/prod/app", source="code/app", providers={}, inputs={"vpc": output}, dependencies=("live/prod/z-vpc",)
        ),
        unit("live/prod/z-vpc", source="live/prod/z-vpc", providers=AWS),
        unit("live/one", source="code/one", providers={}, inputs={"n": 1}, workspace="blue"),
    )
    assert lines(found) == {
        "live-prod": {
            "branch": "main",
            "roots": [
                {"path": "live/prod/z-vpc", "name": "z-vpc"},
                {"path": "code/app", "name": "app", "inputs": {"vpc": "${stack.z-vpc.id}"}},
            ],
        },
        "live": {"branch": "main", "workspace": "blue", "root": "code/one", "inputs": {"n": 1}},
    }
    assert found.files == {} and found.providers == {}
    found = drafted(unit("live/prod/app", source="code/app"))
    assert left(found) == [
        "live/prod/app: its code in `code/app` needs provider blocks that are generated: move it below modules/"
    ]
    assert lines(found) == {}


def test_both_kinds_in_one_folder_are_two_environments() -> None:
    found = drafted(unit("live/prod/vpc"), unit("live/prod/app", source="code/app", providers={}), unit("live/dev/vpc"))
    assert list(lines(found)) == ["prod-roots", "prod", "dev"]


def test_states_stay_where_they_are() -> None:
    one, two = "live/prod/vpc", "live/prod/app"
    found = drafted(unit(one, backend=s3(one)), unit(two, backend=s3(two)), unit("live/dev/app", backend=s3("dev-app")))
    assert found.backend == {
        "s3": {"bucket": "b", "region": "eu-west-1", "key": "{env}/{stack}/terraform.tfstate", "lock": "native"}
    }
    assert {env: line["backend"] for env, line in lines(found).items()} == {
        "prod": {"key": "live/prod/{stack}/terraform.tfstate"},
        "dev": {"key": "dev-app/terraform.tfstate"},
    }
    text = project_text(found, "shop", ["prod: {branch: main}"])
    assert read_document("", text).data["backend"] == found.backend
    found = drafted(unit(one, backend=s3("x", dynamodb_table="locks")), unit(two, backend=s3("y")))
    assert {env: line["backend"]["key"] for env, line in lines(found).items()} == {
        "vpc": "x/terraform.tfstate",
        "app": "y/terraform.tfstate",
    }, "no one line says where both are, so that each is an environment"


def test_backends_of_another_kind_are_left_out() -> None:
    gcs = UnitBackend("gcs", {"bucket": "b", "prefix": "x"})
    found = drafted(unit("a/x", backend=s3("a")), unit("a/y", backend=s3("b")), unit("a/z", backend=gcs))
    assert left(found) == ["a/z: its backend is `gcs`, that of most is `s3`: a project has one"]


def test_providers_are_those_of_all_and_what_aws_has_by_environment() -> None:
    elsewhere = {"aws": {**AWS["aws"], "region": "us-east-1", "allowed_account_ids": ["012345678901"]}}
    odd = {"aws": {**AWS["aws"], "max_retries": 3}}
    found = drafted(unit("a/x"), unit("b/x", providers=elsewhere), unit("c/x", providers=odd))
    assert found.providers == {"aws": {"default_tags": {"tags": {"team": "ops"}}}}
    assert lines(found) == {
        "a": {"branch": "main", "region": "eu-west-1"},
        "b": {"branch": "main", "region": "us-east-1", "account": "012345678901"},
        "c": {"branch": "main", "region": "eu-west-1"},
    }
    assert left(found) == ["c/x: provider aws: `max_retries` is another one than elsewhere; tfops.yaml has one for all"]


def test_inputs_are_what_the_code_has_and_no_secret_is_written() -> None:
    secret = UnitOutput("other/db", "password", "hunter2", is_sensitive=True)
    inputs = {
        "size": 3,
        "unknown": True,
        "token": "hunter2",
        "made": HiddenValue(),
        "password": secret,
        "host": UnitOutput("other/db", "host", "db.example.com"),
    }
    variables = {name: Variable(name, sensitive=name == "token") for name in inputs if name != "unknown"}
    found = drafted(unit("live/app", inputs=inputs), **{"live/app": variables})
    [text] = found.files.values()
    assert "hunter2" not in text
    assert read_document("", text).data["modules"]["app"]["inputs"] == {
        "size": 3,
        "token": {"from": "env:TOKEN"},
        "made": {"from": "env:MADE"},
        "password": {"from": "env:PASSWORD"},
        "host": "db.example.com",
    }
    assert found.secrets == {"TOKEN", "MADE", "PASSWORD"}
    assert left(found) == [
        "live/app: input `host` is `host` of `other/db`, another environment: its value of today is taken"
    ]


def test_an_order_that_cannot_be_said_is_said_to_be_lost() -> None:
    found = drafted(unit("a/x"), unit("a/y", dependencies=("a/x", "b/z")))
    assert left(found) == [
        "a/y: it comes after `a/x` and takes nothing of it: stacks of modules have no other order",
        "a/y: it comes after `b/z`, another environment: apply that one first",
    ]


def test_one_lock_of_all_or_none() -> None:
    def lock(*providers: str, version: str = "1.0.0") -> str:
        blocks = (
            f'provider "registry.terraform.io/hashicorp/{one}" {{\n  version = "{version}"\n}}\n' for one in providers
        )
        return "# made by init\n" + "".join(blocks)

    found = drafted(unit("a/x", lock=lock("aws", "null")), unit("a/y", lock=lock("aws")))
    assert found.files["environments/a.lock.hcl"].count("provider ") == 2
    found = drafted(unit("a/x", lock=lock("aws")), unit("a/y"), unit("b/z", lock=lock("aws")))
    assert [path for path in found.files if path.endswith(".hcl")] == ["environments/b.lock.hcl"]
    found = drafted(unit("a/x", lock=lock("aws")), unit("a/y", lock=lock("aws", version="2.0.0")))
    [said] = left(found)
    assert said.startswith("a/y: its lock has `registry.terraform.io/hashicorp/aws` otherwise")
