"""The doors to where secrets are kept. Each takes names and says for each one what it holds, or why it can't be had.

Values stay in memory. No message quotes one, nor what a program said on its way to one.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfops.dataclass import dataclass
from tfops.errors import ProjectError
from tfops.system import environ, process
from tfops.system.aws import Access, AwsRefused, ask

if TYPE_CHECKING:
    from mypy_boto3_ssm.type_defs import GetParametersResultTypeDef

_PARAMETERS_AT_ONCE = 10  # https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html
_TIMEOUT_S = 60.0
_MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Why a secret can't be had, and what to do about it."""

    why: str
    hint: str = ""


# The content of a secret: one text, or a mapping of keys.
Found = str | Mapping[str, Any] | Unavailable


def parsed(text: str) -> Any:
    """What JSON holds, with numbers as texts, as they are written. Raises ValueError."""
    return json.loads(text, parse_int=str, parse_float=str, parse_constant=str)


def read_variables(names: Sequence[str]) -> dict[str, Found]:
    """Environment variables of our own process; an empty one counts as set."""
    return {
        name: environ.variable(name) if environ.is_set(name) else Unavailable("not set", f"export {name}=…")
        for name in names
    }


# (pattern over AWS' code, what it means)
_AWS_REASONS = (
    (r"NotFound", "not found"),
    (r"InvalidRequest", "can't be read: it has no value, or is marked for deletion"),
    (r"AccessDenied|Unauthorized|Forbidden", "access denied"),
    (r"Throttl|TooManyRequests|RequestLimit|SlowDown", "AWS is throttling, also after several tries"),
    (r"NoCredentials|PartialCredentials|CredentialRetrieval|SSO|Token|ProfileNotFound", "no valid credentials"),
    (r"UnrecognizedClient|InvalidClientTokenId|SignatureDoesNotMatch|InvalidSignature", "no valid credentials"),
    (r"NoRegion", "no AWS region is known"),
    (r"Decryption|KMS|InvalidKeyId", "can't be decrypted with its KMS key"),
    (r"Endpoint|Timeout|Connection", "AWS does not answer"),
)
_HINTS = {
    "not found": "create it, or look for a typing mistake, the region and the account",
    "no AWS region is known": "set AWS_REGION, or name it in tfops.yaml: providers.aws.region or secrets.aws.region",
    "can't be decrypted with its KMS key": "the identity needs kms:Decrypt on that key",
}


def _explained(error: AwsRefused) -> Unavailable:
    meaning = next((text for pattern, text in _AWS_REASONS if re.search(pattern, error.code)), "")
    return Unavailable(f"{meaning or 'AWS refuses'} ({error.why})", _HINTS.get(meaning) or error.hint)


def read_parameters(access: Access, names: Sequence[str]) -> dict[str, Found]:
    """Parameters of SSM's Parameter Store, decrypted, ten per request."""
    found: dict[str, Found] = {}
    for start in range(0, len(names), _PARAMETERS_AT_ONCE):
        found |= _read_batch(access, names[start : start + _PARAMETERS_AT_ONCE])
    return found


def _read_batch(access: Access, names: Sequence[str]) -> dict[str, Found]:
    try:
        answer = ask("read parameters", lambda: access.ssm().get_parameters(Names=list(names), WithDecryption=True))
    except AwsRefused as error:
        if len(names) > 1 and re.search("AccessDenied|KMS|InvalidKeyId", error.code):
            # One that is denied spoils the whole batch: ask for each, to know which one it is.
            return {name: _read_batch(access, [name])[name] for name in names}
        return dict.fromkeys(names, _explained(error))
    assert answer is not None
    values = {item.get("Name", "") + item.get("Selector", ""): item.get("Value", "") for item in answer["Parameters"]}
    silent = {name.partition(":")[0] for name in names if ":" in name and name not in values} & values.keys()
    return {
        name: _alone(access, name, names, answer)
        if name.partition(":")[0] in silent
        else values.get(name, Unavailable("not found", _HINTS["not found"]))
        for name in names
    }


def _alone(access: Access, name: str, names: Sequence[str], answer: "GetParametersResultTypeDef") -> Found:
    """A parameter of which a version or label was wanted, where the answer doesn't say which one it is.

    `Selector` is optional in AWS' interface; whoever leaves it out is asked for each one by itself.
    """
    if len(names) > 1:
        return _read_batch(access, [name])[name]
    [item] = answer["Parameters"]
    selector = name.partition(":")[2]
    if selector.isdecimal() and item.get("Version") not in (None, int(selector)):
        return Unavailable(f"the answer is version {item.get('Version')}", "this store knows no versions of parameters")
    return item.get("Value", "")


def read_managed_secrets(access: Access, names: Sequence[str]) -> dict[str, Found]:
    """Secrets of AWS Secrets Manager, their current versions."""
    return {name: _read_managed_secret(access, name) for name in names}


def _read_managed_secret(access: Access, name: str) -> Found:
    try:
        answer = ask("read a secret", lambda: access.secretsmanager().get_secret_value(SecretId=name))
    except AwsRefused as error:
        return _explained(error)
    assert answer is not None
    return answer.get("SecretString") or _as_text(answer.get("SecretBinary") or b"")


def _as_text(content: bytes) -> str | Unavailable:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return Unavailable("it is not text", "store it base64-encoded, and decode it in the module")


# (what sops says, what it means)
_SOPS_REASONS = (
    (
        r"data key|no identity matched|no matching",
        "no key here decrypts it",
        "see that the key is there: SOPS_AGE_KEY_FILE, GPG, cloud KMS",
    ),
    (r"MAC mismatch", "it was changed since it was encrypted (MAC mismatch)", "encrypt it anew: sops edit {path}"),
    (r"metadata not found", "it is not encrypted by sops", "encrypt it: sops encrypt -i {path}"),
)


def decrypt_file(path: str, text: str, *, as_mapping: bool, env: Mapping[str, str]) -> Found:
    """What a file holds that sops encrypted. Decrypted from memory to memory."""
    argv = ["sops", "decrypt", "--filename-override", path, *(["--output-type", "json"] if as_mapping else [])]
    content = text.encode("utf-8", "surrogateescape")
    try:
        done = process.ask(argv, env=env, cwd=Path("/"), timeout_s=_TIMEOUT_S, most_bytes=_MOST_BYTES, stdin=content)
    except ProjectError as error:
        return Unavailable(f"sops can't be run: {error.why}", "install sops: https://getsops.io")
    if done.code != 0:
        for pattern, why, hint in _SOPS_REASONS:
            if re.search(pattern, done.stderr):
                return Unavailable(why, hint.replace("{path}", path))
        return Unavailable(f"sops ended with exit code {done.code}", f"see what it says: sops decrypt {path}")
    return _mapping(done.text) if as_mapping else _as_text(done.stdout)


def _mapping(text: str) -> Found:
    try:
        found = parsed(text)
    except ValueError:
        return Unavailable("sops' answer is not JSON")
    return found if isinstance(found, dict) else Unavailable("it holds no keys")


def run_command(argv: Sequence[str], *, env: Mapping[str, str]) -> Found:
    """What a command prints, without the newline at its end."""
    try:
        done = process.ask(argv, env=env, cwd=Path("/"), timeout_s=_TIMEOUT_S, most_bytes=_MOST_BYTES)
    except ProjectError as error:
        return Unavailable(f"its command can't be run: {error.why}", f"install `{argv[0]}`, or correct secrets.exec")
    if done.code == process.TOO_LATE:
        return Unavailable(f"its command took longer than {_TIMEOUT_S:.0f} s, or printed more than 1 MB")
    if done.code != 0:
        return Unavailable(f"its command ended with exit code {done.code}", "run it by hand to see why")
    if not done.stdout.strip():
        return Unavailable("its command printed nothing", "run it by hand to see why")
    found = _as_text(done.stdout)
    return found.removesuffix("\n").removesuffix("\r") if isinstance(found, str) else found


def each(names: Sequence[str], read: Callable[[str], Found]) -> dict[str, Found]:
    """One question per name."""
    return {name: read(name) for name in names}
