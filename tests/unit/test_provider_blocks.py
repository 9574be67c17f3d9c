"""`providers:` of tfops.yaml, of an environment's file, and of a module's call: what is said, and what is rendered."""

import json
from typing import Any

from tests.support.memory_tree import PROJECT, complaints_of, project_tree, rules_and_environment, said
from tfops.config.modules.module import read_interface
from tfops.config.values import Secret
from tfops.records.names import MAIN_STACK, EnvName
from tfops.records.rendered import MAIN_FILE, VALUES_FILE
from tfops.render.providers import provider_secrets, provider_settings, run_value_names
from tfops.render.root import RootSpec, render_root

_RULES = (
    PROJECT
    + """\
providers:
  aws: {region: eu-west-1, default_tags: {tags: {team: web}}}
  aws.dns: {assume_role: {role_arn: "arn:aws:iam::222222222222:role/dns"}}
"""
)
_DEV = """\
providers:
  aws: {default_tags: {tags: {commit: "${git.commit}"}}}
  aws.west: {region: us-west-2}
  k8s: {host: "${module.network.host}", token: {from: "env:K8S"}, note: "a ${text}"}
modules:
  network: {source: network, providers: {aws: aws.west, aws.peer: aws.dns}}
"""


def _main(tfops: str = _RULES, dev: str = _DEV, **more: Any) -> Any:
    rules, environment = rules_and_environment(project_tree(tfops=tfops, dev=dev))
    files = render_root(RootSpec(rules, environment, MAIN_STACK, **more)).files
    return json.loads(files[MAIN_FILE]) | {"values": json.loads(files[VALUES_FILE])}


def test_blocks_of_both_files_are_one_and_an_alias_is_one_more() -> None:
    main = _main(run_values={"git.commit": "c1"}, sources={"k8s": "acme/k8s", "other": "acme/other"})
    plain, dns, west = main["provider"]["aws"]
    tags = {"team": "web", "commit": '${var.run["git.commit"]}'}
    assert plain == {"region": "eu-west-1", "default_tags": {"tags": tags}}
    assert dns == {"alias": "dns", "assume_role": {"role_arn": "arn:aws:iam::222222222222:role/dns"}}
    assert west == {"alias": "west", "region": "us-west-2"}
    [k8s] = main["provider"]["k8s"]
    [secret] = [name for name in main["variable"] if name.startswith("secret_provider_k8s")]
    assert k8s == {"host": "${module.network.host}", "token": f"${{var.{secret}}}", "note": "a $${text}"}
    assert main["variable"][secret] == {"type": "string", "sensitive": True}
    assert main["values"] == {"run": {"git.commit": "c1"}}
    assert main["module"]["network"]["providers"] == {"aws": "aws.west", "aws.peer": "aws.dns"}
    assert main["terraform"]["required_providers"] == {"k8s": {"source": "acme/k8s"}}


def test_what_they_take_is_known_by_name() -> None:
    rules, environment = rules_and_environment(project_tree(tfops=_RULES, dev=_DEV))
    config = environment.stacks[MAIN_STACK]
    assert list(provider_secrets(rules, environment.name, config).values()) == [Secret("env", "K8S")]
    assert run_value_names(rules, environment, MAIN_STACK) == {"git.commit"}


def test_an_alias_lives_where_the_environment_does_unless_operations_gave_it_a_role() -> None:
    place = "account: '111111111111', region: eu-north-1, assume_role: 'arn:aws:iam::111111111111:role/r'"
    rules = _RULES.replace("{branch: develop}", f"{{branch: develop, {place}}}").replace("region: eu-west-1, ", "")
    plain, dns, west = _main(rules)["provider"]["aws"]
    there = {"allowed_account_ids": ["111111111111"], "assume_role": [{"role_arn": "arn:aws:iam::111111111111:role/r"}]}
    assert plain.items() >= ({"region": "eu-north-1"} | there).items()
    assert dns == {"alias": "dns", "assume_role": {"role_arn": "arn:aws:iam::222222222222:role/dns"}}
    assert west == {"alias": "west", "region": "us-west-2"} | there


def test_what_tfops_itself_asks_aws_for_needs_no_engine() -> None:
    text = PROJECT + "providers: {aws: {region: '${aws.region}', profile: p, token: {from: 'env:T'}}}\n"
    rules, _ = rules_and_environment(project_tree(tfops=text, dev=_DEV.replace("aws.dns", "aws.west")))
    assert provider_settings(rules, EnvName("dev")) == {"aws": {"profile": "p"}}


def _said(dev: str, tfops: str = _RULES) -> list[str]:
    return said(complaints_of(lambda: rules_and_environment(project_tree(tfops=tfops, dev=dev))))


def test_mistakes_of_an_environments_file_have_their_places() -> None:
    module = "modules:\n  network: {source: network, providers: {aws: aws.wset, 'a b': aws}}\n"
    complaints = _said("providers:\n  aws: {region: us-east-1}\n  'a b': {}\n  aws.west: {alias: west}\n" + module)
    assert complaints == [
        "environments/dev.yaml:2:9: `providers.aws.region` is said by tfops.yaml (take it out here, or there)",
        "environments/dev.yaml:3:3: 'a b' is not a provider's name (NAME, or with an alias NAME.ALIAS: aws.west)",
        "environments/dev.yaml:4:14: an alias stands in the name (providers: {aws.west: {…}})",
        "environments/dev.yaml:6:42: there is no provider `aws.wset` (did you mean `aws.west` or `aws.dns`?)",
        "environments/dev.yaml:6:57: 'a b' is not a provider's name (NAME, or with an alias NAME.ALIAS: aws.west)",
    ]
    [complaint] = _said(_DEV.replace("module.network.host", "module.netwrk.host"))
    assert complaint.startswith("environments/dev.yaml:4:9: there is no module `netwrk` in this environment")
    [complaint] = _said(_DEV.replace("env:K8S", "vault:K8S"))
    assert complaint.startswith("environments/dev.yaml:4:41: ")


def test_where_in_aws_an_environment_lives_operations_say() -> None:
    rules = PROJECT.replace("{branch: develop}", "{branch: develop, region: eu-west-1, account: '111111111111'}")
    dev = "providers:\n  aws: {region: us-east-1}\n  aws.b: {region: us-west-2, allowed_account_ids: []}\n"
    assert _said(dev + "modules: {network: {source: network}}\n", rules) == [
        "environments/dev.yaml:2:9: `region` is said by tfops.yaml: environments.dev.region (take it out here)",
        "environments/dev.yaml:3:30: `allowed_account_ids` is said by tfops.yaml: environments.dev.account "
        "(take it out here)",
    ]


def test_tfops_yaml_knows_no_modules() -> None:
    [complaint] = _said(_DEV, _RULES + "  k8s.b: {host: '${module.network.host}'}\n")
    assert complaint.startswith("tfops.yaml:8:11: tfops.yaml knows no environment's modules")
    [complaint] = _said(_DEV, _RULES + "  k8s.b: {x: '${git.sha}'}\n")
    assert complaint.startswith("tfops.yaml:8:11: no run knows a value `git.sha`")


def test_a_module_says_where_its_providers_come_from() -> None:
    text = (
        'terraform {\n  required_providers {\n    demo = { source = "tfops/demo", configuration_aliases = [demo.b] }\n'
    )
    text += '    old = "~> 1.0"\n  }\n}\n'
    other = {"terraform": {"required_providers": {"more": {"source": "acme/more", "version": "1.0"}, "bare": "1.0"}}}
    found = read_interface({"versions.tf": text, "more.tf.json": json.dumps(other)})
    assert found.sources == {"demo": "tfops/demo", "more": "acme/more"}
