"""Literal, reference or secret: a form counts only when it is the whole value."""

from typing import Any

import pytest

from tfops.config.values import (
    FormError,
    Reference,
    Secret,
    StackOutput,
    StackReference,
    escaped,
    is_form,
    meant,
    parse_form,
    walk,
)

_STACK_ADVICE = "not a reference: write `${stack.NAME.OUTPUT}` or `${stack.NAME.MODULE.OUTPUT}`"


@pytest.mark.parametrize(
    "literal",
    [
        "",
        "plain",
        "${foo}",
        "${}",
        "$${module.a.b}",
        "a ${module.network.vpc} b",
        "${module.a.b} ",
        " ${module.a.b}",
        "${module.a.b}${module.c.d}",
        "%{module.a.b}",
        "module.a.b",
        "${moduleX.a.b}",
        "${path.module}",
        "${my.module.x}",
        1,
        1.5,
        True,
        None,
        [],
        {},
        {"from": 1},
        {"from": "env:X", "and": "more"},
        {"From": "env:X"},
        ["${module.a.b}"],
    ],
)
def test_everything_else_is_a_literal(literal: Any) -> None:
    assert parse_form(literal) == literal
    assert not is_form(parse_form(literal))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${module.network.vpc_id}", Reference("network", "vpc_id")),
        ("${module.my-net.subnet-ids}", Reference("my-net", "subnet-ids")),
        ("${module.n.subnets[0].id}", Reference("n", "subnets[0].id")),
        ("${module.n.a.b.c}", Reference("n", "a.b.c")),
    ],
)
def test_a_whole_value_can_refer_to_another_modules_output(text: str, expected: Reference) -> None:
    assert parse_form(text) == expected
    assert is_form(expected)


@pytest.mark.parametrize(
    ("text", "modules", "output", "inside"),
    [
        ("${stack.network.vpc_id}", ["vpc"], StackOutput("network", "", "vpc_id"), ""),
        ("${stack.network.vpc.id}", ["vpc"], StackOutput("network", "vpc", "id"), ""),
        ("${stack.network.vpc.id}", ["other"], StackOutput("network", "", "vpc"), ".id"),
        ("${stack.network.vpc.ids[0].x}", ["vpc"], StackOutput("network", "vpc", "ids"), "[0].x"),
        ("${stack.net-2.ids[0].x}", ["ids"], StackOutput("net-2", "", "ids"), "[0].x"),
        ("${stack.network.vpc}", ["vpc"], StackOutput("network", "", "vpc"), ""),
    ],
)
def test_a_first_word_that_names_a_module_of_the_other_stack_is_that_module(
    text: str, modules: list[str], output: StackOutput, inside: str
) -> None:
    reference = parse_form(text)
    assert isinstance(reference, StackReference)
    assert reference.output(modules) == (output, inside)


def test_a_reference_becomes_the_expression_that_was_written() -> None:
    assert Reference("network", "subnets[0].id").expression == "module.network.subnets[0].id"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${module.network}", "not a reference: write `${module.NAME.OUTPUT}`"),
        ("${module.network.}", "not a reference: write `${module.NAME.OUTPUT}`"),
        ("${ module.network.vpc }", "not a reference: write `${module.NAME.OUTPUT}`"),
        ("${modules.network.vpc}", "not a reference: write `${module.NAME.OUTPUT}`"),
        ("${module.n.list[*].id}", "not a reference: write `${module.NAME.OUTPUT}`"),
        ('${module.n["x"]}', "not a reference: write `${module.NAME.OUTPUT}`"),
        ("${module.n.vpc + 1}", "not a reference: write `${module.NAME.OUTPUT}`"),
        ("${module.n.x\n}", "not a reference: write `${module.NAME.OUTPUT}`"),
        ("${stacks.network.vpc}", _STACK_ADVICE),
        ("${stack.network}", _STACK_ADVICE),
        ("${stack.my_net.vpc}", _STACK_ADVICE),
        ("${stack.network.vpc + 1}", _STACK_ADVICE),
    ],
)
def test_what_looks_like_a_reference_but_is_none_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_form(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("env:DB_PASSWORD", Secret("env", "DB_PASSWORD")),
        ("ssm:/shop/dev/db", Secret("ssm", "/shop/dev/db")),
        ("ssm:/shop/dev/db:3", Secret("ssm", "/shop/dev/db:3")),
        ("secretsmanager:shop/dev", Secret("secretsmanager", "shop/dev")),
        ("secretsmanager:shop/dev#db.password", Secret("secretsmanager", "shop/dev", "db.password")),
        (
            "secretsmanager:arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop-AbCdEf#password",
            Secret("secretsmanager", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop-AbCdEf", "password"),
        ),
        ("sops:secrets/dev.yaml#db.password", Secret("sops", "secrets/dev.yaml", "db.password")),
        ("sops:secrets/key.pem", Secret("sops", "secrets/key.pem")),
        ("vault:secret/shop/dev#password", Secret("vault", "secret/shop/dev", "password")),
        ("exec:keychain", Secret("exec", "keychain")),
        ("exec:keychain#a#b", Secret("exec", "keychain", "a#b")),
    ],
)
def test_a_secret_names_where_it_is_kept(text: str, expected: Secret) -> None:
    assert parse_form({"from": text}) == expected
    assert expected.text == text


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("hunter2", "not a secret: write `{from: env:NAME}`", "or another kind: env, ssm, secretsmanager"),
        ("", "not a secret: write `{from: env:NAME}`", "or another kind"),
        ("env:", "not a secret: write `{from: env:NAME}`", "or another kind"),
        (":NAME", "not a secret: write `{from: env:NAME}`", "or another kind"),
        ("ENV:NAME", "there are no secrets of the kind `ENV:`", "there is: `env`, `exec`"),
        ("secretmanager:x", "there are no secrets of the kind `secretmanager:`", "did you mean `secretsmanager`?"),
        ("http://x", "there are no secrets of the kind `http:`", "there is: "),
        ("env:A B", "not the name of an environment variable: 'A B'", "for instance: env:DB_PASSWORD"),
        ("env:1A", "not the name of an environment variable: '1A'", "for instance: env:DB_PASSWORD"),
        ("env:A=B", "not the name of an environment variable: 'A=B'", "for instance: env:DB_PASSWORD"),
        ("env:é", "not the name of an environment variable: '\\xe9'", "for instance: env:DB_PASSWORD"),
        ("env:A#b", "`env:A` is one value: it has no keys", "for instance: env:DB_PASSWORD"),
        ("ssm:/a//b", "not the name of a parameter: '/a//b'", "for instance: ssm:/shop/dev/db"),
        ("ssm:/a#b", "`ssm:/a` is one value: it has no keys", "for instance: ssm:/shop/dev/db"),
        ("ssm:/a#", "`ssm:/a` is one value: it has no keys", "for instance: ssm:/shop/dev/db"),
        ("secretsmanager:a b", "not the name of a secret: 'a b'", "for instance: secretsmanager:shop/dev#password"),
        ("secretsmanager:a#", "`secretsmanager:a` holds several values: which one?", "for instance: secretsmanager:"),
        ("sops:../x.yaml#a", "not a file of the repository: '../x.yaml'", "for instance: sops:secrets/dev.yaml#"),
        ("sops:/etc/x.yaml#a", "not a file of the repository: '/etc/x.yaml'", "for instance: sops:secrets/dev.yaml#"),
        ("sops:dev.yaml", "`sops:dev.yaml` holds several values: which one?", "for instance: sops:secrets/dev.yaml#"),
        ("sops:key.pem#a", "`sops:key.pem` is one value: it has no keys", "write: sops:key.pem"),
        ("vault:secret#a", "not a path with its mount: 'secret'", "for instance: vault:secret/shop/dev#password"),
        ("vault:a/b", "`vault:a/b` holds several values: which one?", "for instance: vault:secret/shop/dev#password"),
        ("vault:a/../b#c", "not a path with its mount: 'a/../b'", "for instance: vault:secret/shop/dev#password"),
        ("exec:rm -rf", "not the name of a command of tfops.yaml: 'rm -rf'", "for instance: exec:NAME#key"),
        ("exec:a#b\nc", "a key has no control characters", "for instance: exec:NAME#key"),
    ],
)
def test_a_secret_that_cannot_be_found_is_refused(text: str, message: str, hint: str) -> None:
    with pytest.raises(FormError) as caught:
        parse_form({"from": text})
    assert str(caught.value) == message
    assert caught.value.hint.startswith(hint)


def test_walking_visits_every_value_with_its_path() -> None:
    assert list(walk({"a": [1, {"b": 2}]})) == [
        ((), {"a": [1, {"b": 2}]}),
        (("a",), [1, {"b": 2}]),
        (("a", 0), 1),
        (("a", 1), {"b": 2}),
        (("a", 1, "b"), 2),
    ]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("$${module.a.b}", "${module.a.b}"),
        ("$$${stack.a.b}", "$${stack.a.b}"),
        ("$${modules.a}", "${modules.a}"),
        ("$${other}", "$${other}"),
        ("a $${module.a.b}", "a $${module.a.b}"),
        ({"literal": {"from": "env:X"}}, {"from": "env:X"}),
        ({"literal": {"literal": 1}}, {"literal": 1}),
        ({"literal": ["${module.a.b}", "$${module.a.b}"]}, ["${module.a.b}", "$${module.a.b}"]),
        ({"a": [{"literal": "${module.a.b}"}], "b": "$${module.a.b}"}, {"a": ["${module.a.b}"], "b": "${module.a.b}"}),
        ({"literal": 1, "more": 2}, {"literal": 1, "more": 2}),
    ],
)
def test_what_would_be_a_form_can_be_written_as_a_value(written: Any, value: Any) -> None:
    assert meant(written) == value
    assert not any(is_form(parse_form(item)) for _, item in walk(written))
    assert meant(escaped(value)) == value


@pytest.mark.parametrize(
    "value", [{"from": "x"}, {"from": 1}, "${module.a}", "$$${stacks.x}", [{"a": {"from": "env:X"}}]]
)
def test_any_value_can_be_written(value: Any) -> None:
    assert meant(escaped(value)) == value
    assert not any(is_form(parse_form(item)) for _, item in walk(escaped(value)))
