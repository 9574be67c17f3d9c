"""What to do about the errors that people really meet, by the engine's own summary."""

import re
from collections.abc import Iterable

from tfops.records.engine_events import Diagnostic

OWN_LOCK = "the state's lock was this run's own"

# The engine's own words where its last request was lost or refused; ours where it died.
LOCK_IS_LEFT = "Error releasing the state lock"

# What the engine says of a lock that is no JSON.
_DAMAGED_LOCK = r"unexpected end of JSON input|unmarshal JSON|unable to json parse the lock info|invalid character '"

# (pattern over "summary: detail", advice)
_ADVICE = (
    (OWN_LOCK, "nothing is locked any more: run it again"),
    (
        rf"Error acquiring the state lock[\s\S]*(?:{_DAMAGED_LOCK})",
        "the lock is empty or damaged and has no ID: when nobody works with the state: aws s3 rm s3://BUCKET/KEY.tflock",
    ),
    (
        r"Error acquiring the state lock",
        "someone else holds the state's lock; if its holder is gone for good: tfops engine ENV -- force-unlock ID",
    ),
    (
        r"match\s+(configured|the\s+updated)\s+version\s+constraint|must\s+use\s+(terraform|tofu)\s+init\s+-upgrade",
        "the modules ask for another release than the one that is locked: tfops providers update ENV, then commit",
    ),
    (
        r"dependency lock file",
        "the committed provider lock doesn't fit the modules: tfops providers lock ENV, then commit",
    ),
    (
        r"Failed to (query available|download) provider|Failed to install provider|could not connect to \S+registry",
        "a provider can't be downloaded: check the network, or name a mirror in the file of TF_CLI_CONFIG_FILE",
    ),
    (
        r"Error accessing remote module registry|Failed to download module|Error resolving version for module",
        "a module can't be downloaded: check its address and version, the network, and the credentials for its host",
    ),
    (
        r"failed to request discovery document|Error while installing \S+ v|does not provide a \w+ registry",
        "a registry doesn't answer as it should: check its host's name, the network, and HTTPS_PROXY",
    ),
    (r"S3 bucket \"[^\"]*\"\s+does\s+not\s+exist|NoSuchBucket", "the state's bucket isn't there: tfops backend check"),
    (
        r"No valid credential sources|no EC2 IMDS role found|ExpiredToken|InvalidClientTokenId",
        "no valid credentials: log in, or set the cloud's environment variables",
    ),
    (
        r"requested bucket from|PermanentRedirect|AuthorizationHeaderMalformed",
        "the state's bucket is in another region than tfops.yaml says: tfops backend check",
    ),
    (
        r"AccessDenied|Forbidden|UnauthorizedOperation",
        "the identity lacks this permission, or it is another account's: tfops docs aws",
    ),
    (r"SlowDown|Throttling|RequestLimitExceeded", "the cloud is throttling: wait a minute and run it again"),
    (
        r"request send failed|dial tcp|context deadline exceeded|InternalError|ServiceUnavailable",
        "the cloud doesn't answer as it should: check the network, then run it again",
    ),
    (
        r"Missing required argument|Unsupported argument|Extraneous JSON object property",
        "compare the inputs in the environment's file with the module's variables",
    ),
    (
        r"Resource instance managed by newer provider version|no schema available for",
        "a newer provider wrote this state: lock that one (tfops providers update), or go back with --keep-providers",
    ),
    (
        r"Sensitive\s+values,\s+or\s+values\s+derived",
        "count and for_each take nothing sensitive: give another output, or take the mark off in the module",
    ),
    (
        r"Action specification must start with|action \S+ does not exist in the configuration",
        "an action's address is module.NAME.action.TYPE.NAME: tfops help invoke",
    ),
    (r"Unsupported attribute", "compare the reference with the module's outputs"),
    (
        r"Instance cannot be destroyed|prevent_destroy",
        "the module protects it: remove `prevent_destroy` in a reviewed change; on a way back: --allow-destroy ADDRESS",
    ),
    (
        r"state\s+file\s+is\s+encrypted|does\s+not\s+have\s+a\s+\"version\"\s+attribute",
        "the state is encrypted: use OpenTofu with its keys (TF_ENCRYPTION, or `encryption` in tfops.yaml)",
    ),
    (
        r"decryption\s+failed|Given\s+payload\s+is\s+not\s+a\s+state|unencrypted\s+payload\s+without",
        "these keys don't fit the state: use its own; for one in clear, or with older keys, give `state` a `fallback`",
    ),
    (
        r"Unsupported state file format",
        "a newer engine wrote this state: use that one (tfops show says which), with --engine PATH",
    ),
    (r"Unsupported Terraform Core version", "use an engine that the modules and tfops.yaml allow (tfops doctor)"),
    (r"no space left on device", "the disk is full: make room and run the same command again"),
)


def advice_for(diagnostics: Iterable[Diagnostic]) -> str:
    """The first advice that fits, empty when none does."""
    for diagnostic in diagnostics:
        for pattern, advice in _ADVICE:
            if re.search(pattern, diagnostic.text, re.IGNORECASE):
                return advice
    return ""


# What `init` says of a package, and every other command of one that it installed.
_OTHER_BUILD = r"(doesn't|does\s+not)\s+match\s+any\s+of\s+the\s+checksums"


def is_other_build(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether a provider has the locked version and none of the locked checksums."""
    return any(re.search(_OTHER_BUILD, diagnostic.text) for diagnostic in diagnostics)


# Errors after which `init` in the same folder is the cure.
_WANTS_INIT = (
    r"Inconsistent dependency lock file"
    r"|Module not installed|Module source has changed|Required plugins are not installed|Missing required provider"
    r"|Backend initialization required|Initialization required|run \"?(terraform|tofu) init"
)


# Errors about values and words that are known already. What a plan doesn't know yet is in none of them: an unknown
# value passes every rule until it is known.
_SENSITIVE = r"Sensitive\s+values,\s+or\s+values\s+derived\s+from\s+sensitive\s+values,\s+cannot\s+be\s+used"
_SETTLED = (
    rf"{_SENSITIVE}|supports maps and sets of strings, but you have provided"
    r"|^(Invalid value for (input )?variable|Invalid value for module argument|Missing required argument"
    r"|Unsupported (argument|attribute)|Reference to undeclared|Inconsistent conditional result types)"
)


def is_about_sensitive(text: str) -> bool:
    """Whether the engine says that something sensitive decides how many of something there are."""
    return re.search(_SENSITIVE, text) is not None


def is_settled(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether one of the errors stays, whatever else is applied first."""
    return any(re.search(_SETTLED, " ".join(diagnostic.text.split())) for diagnostic in diagnostics)


def is_state_locked(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether the engine gave up because another run holds the state's own lock."""
    return any("Error acquiring the state lock" in diagnostic.summary for diagnostic in diagnostics)


def is_release_refused(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether the engine could not give the state's own lock back."""
    return any(LOCK_IS_LEFT in diagnostic.summary for diagnostic in diagnostics)


def is_lock_damaged(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether somebody's lock is in the way that doesn't say whose: a writer was stopped in the middle of it."""
    return any(is_state_locked([one]) and re.search(_DAMAGED_LOCK, one.detail) for one in diagnostics)


def wants_init(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether the engine refused because its folder isn't initialized for this root."""
    return any(re.search(_WANTS_INIT, diagnostic.text, re.IGNORECASE) for diagnostic in diagnostics)
