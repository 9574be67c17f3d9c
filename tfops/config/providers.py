"""`providers:` of tfops.yaml and of an environment's file: settings of provider blocks, and aliases (`aws.west`).

What operations say of a provider in tfops.yaml stands; an environment's file says what they leave open.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tfops.config.document import Document, Path
from tfops.config.names import did_you_mean, shown
from tfops.config.values import (
    FormError,
    LocalReference,
    Reference,
    StackReference,
    flat,
    form_complaints,
    is_whole,
    parse_form,
    parsed_forms,
    walk,
)
from tfops.records.complaint import Complaint

_NAME = re.compile(r"(?P<provider>[A-Za-z][A-Za-z0-9_-]*)(\.(?P<alias>[A-Za-z_][A-Za-z0-9_-]*))?")
_RULE = "NAME, or with an alias NAME.ALIAS: aws.west"
# What tfops.yaml says in a line of its own of where in AWS an environment lives, by the settings that come of it.
_OF_PLACE = {"region": "region", "assume_role": "assume_role", "allowed_account_ids": "account"}

Blocks = Mapping[str, Mapping[str, Any]]
"""Provider, or provider and alias with a dot between, to its settings."""


def parsed_blocks(blocks: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The settings with references and secrets in the place of their texts."""
    return {name: {key: parsed_forms(value) for key, value in (block or {}).items()} for name, block in blocks.items()}


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Settings laid over others: mappings merge, everything else is replaced."""
    found = dict(below)
    for key, value in above.items():
        before = found.get(key)
        found[key] = merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return found


def check_providers(document: Document, data: Mapping[str, Any]) -> Iterator[Complaint]:
    """What a schema can't say about `providers:` of tfops.yaml."""
    blocks = data.get("providers")
    for name, block in blocks.items() if isinstance(blocks, dict) else ():
        yield from _name_complaints(document, name, block)
        for path, value in walk(block, ("providers", name)):
            form = _form(value)
            if isinstance(form, FormError):
                yield document.complaint(path, str(form), form.hint)
            elif any(isinstance(one, Reference | StackReference | LocalReference) for one in flat(form)):
                what = "tfops.yaml knows no environment's modules: a reference stands in `providers:` of its own file"
                yield document.complaint(path, what, "environments/ENV.yaml: providers: …")


def provider_complaints(document: Document, rules: Document, env: str) -> Iterator[Complaint]:
    """The same of an environment's file, and of what its modules are given. What `rules`, tfops.yaml, say stands."""
    blocks, of_rules = _mapping(document.data, "providers"), _mapping(rules.data, "providers")
    modules = _mapping(document.data, "modules")
    for name, module in modules.items():
        given = module.get("providers") if isinstance(module, dict) else None
        yield from _call_complaints(document, ("modules", name, "providers"), given, rules)
    place = _mapping(_mapping(rules.data, "environments"), env)
    for name, block in blocks.items():
        where: Path = ("providers", name)
        yield from _name_complaints(document, name, block)
        for path, value in walk(block, where):
            yield from form_complaints(document, path, value, known=list(modules))
        if not isinstance(block, dict):
            continue
        yield from _said_already(document, where, block, of_rules.get(name))
        for key in block.keys() & _OF_PLACE.keys() if name.partition(".")[0] == "aws" else ():
            rule = _OF_PLACE[key]
            if rule in place and not (key == "region" and "." in name):
                what = f"`{key}` is said by tfops.yaml: environments.{env}.{rule}"
                yield document.complaint((*where, key), what, "take it out here")


def _call_complaints(document: Document, where: Path, given: Any, rules: Document) -> Iterator[Complaint]:
    """Each must be one that is configured, or a plain name."""
    known = {*_mapping(document.data, "providers"), *_mapping(rules.data, "providers")}
    known |= {name.partition(".")[0] for name in known}
    for name, provider in given.items() if isinstance(given, dict) else ():
        path = (*where, name)
        if not _NAME.fullmatch(name):
            yield document.complaint(path, f"{shown(name)} is not a provider's name", _RULE)
        elif isinstance(provider, str) and not _NAME.fullmatch(provider):
            yield document.complaint(path, f"{shown(provider)} is not a provider's name", _RULE)
        elif isinstance(provider, str) and "." in provider and provider not in known:
            hint = did_you_mean(provider, known) or "configure it: providers: {" + provider + ": {…}}"
            yield document.complaint(path, f"there is no provider `{provider}`", hint)


def _name_complaints(document: Document, name: str, block: Any) -> Iterator[Complaint]:
    if not _NAME.fullmatch(name):
        yield document.complaint(("providers", name), f"{shown(name)} is not a provider's name", _RULE)
    if isinstance(block, dict) and "alias" in block:
        hint = f"providers: {{{name.partition('.')[0]}.{block['alias']}: {{…}}}}"
        yield document.complaint(("providers", name, "alias"), "an alias stands in the name", hint)


def _said_already(document: Document, where: Path, block: Mapping[str, Any], said: Any) -> Iterator[Complaint]:
    """Everything that tfops.yaml says otherwise."""
    for key, value in block.items() if isinstance(said, dict) else ():
        if key not in said or said[key] == value:
            continue
        before = said[key]
        if isinstance(before, dict) and isinstance(value, dict) and not (is_whole(before) or is_whole(value)):
            yield from _said_already(document, (*where, key), value, before)
        else:
            what = f"`{'.'.join(map(str, (*where, key)))}` is said by tfops.yaml"
            yield document.complaint((*where, key), what, "take it out here, or there")


def _mapping(data: Any, key: str) -> Mapping[str, Any]:
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def _form(value: Any) -> Any:
    try:
        return parse_form(value)
    except FormError as error:
        return error
