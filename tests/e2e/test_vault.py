"""HashiCorp Vault and OpenBao, over HTTP and TLS: what is read, what is not, and what is said then."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.certificates import Authority, new_authority
from tests.support.vault import TOKEN, Raw, serve_vault
from tfops.change.secret_values import value_in
from tfops.contacts import VaultLogin
from tfops.system.secret_stores import Unavailable
from tfops.system.vault import read_vault

NO_TLS = "no TLS connection to Vault"
PI = "3.14159265358979323846"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever the machine is set to doesn't count; nobody is logged in."""
    for name in [name for name in os.environ if name.startswith(("VAULT_", "BAO_", "SSL_CERT", "REQUESTS_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


def read(env: Mapping[str, str], path: str, key: str, **allowed: Any) -> str:
    """The value, or why there is none."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in env.items():
            patch.setenv(name, value)
        found = value_in(read_vault([path], **allowed)[path], key)
    return f"{found.why} | {found.hint}" if isinstance(found, Unavailable) else found


def test_key_value_stores_are_read_and_no_other_mount_unless_operations_name_it() -> None:
    with serve_vault() as vault:
        vault.secrets = {
            "secret/shop": {"a": "new"},
            "old/shop": {"a": "old"},
            "database/creds/app": {"a": "lease"},
            "auth/token/lookup-self": {"id": TOKEN},
            "cubbyhole/x": {"a": "own"},
            "sys/health": {"a": "up"},
        }
        assert read(vault.env, "secret/shop", "a") == "new"
        assert read(vault.env, "old/shop", "a") == "old"
        for path in ("database/creds/app", "auth/token/lookup-self", "cubbyhole/x", "sys/health"):
            said = read(vault.env, path, "a")
            assert "not a key-value store" in said and "secrets.vault.mounts" in said, path
            assert path not in vault.asked
        assert read(vault.env, "database/creds/app", "a", mounts={"database"}) == "lease"
        assert TOKEN not in read(vault.env, "auth/token/lookup-self", "id", mounts={"database"})


def test_each_reason_has_its_own_sentence() -> None:
    with serve_vault() as vault:
        vault.secrets = {
            "secret/gone": None,
            "secret/odd": Raw("{}"),
            "secret/html": Raw("<html>"),
            "secret/s": {"a": 1},
        }
        vault.secrets |= {"old/odd": Raw('{"data": null}'), "secret/list": Raw('{"data": {"data": []}}')}
        vault.denied = {"secret/denied"}

        def why(path: str, env: Mapping[str, str] | None = None) -> str:
            return read(vault.env | dict(env or {}), path, "a").partition(" | ")[0]

        assert why("secret/missing") == "not found"
        assert why("secret/gone") == "its current version is deleted"
        assert why("secret/data/s") == "not found: `data/` is a part of the API's paths, not of a secret's"
        assert read(vault.env, "secret/data/s", "a").endswith("vault:secret/s")
        assert why("nowhere/s") == "there is no such mount, or the token may read nothing below it"
        assert why("secret/denied") == "access denied, or the token has expired"
        for path in ("secret/odd", "secret/html", "secret/list", "old/odd"):
            assert why(path) == "the answer is not that of a key-value store", path
        broken = {"VAULT_TOKEN": f"{TOKEN}\n"}
        assert "VAULT_TOKEN has a line end" in why("secret/s", broken)
        assert why("secret/s", {"VAULT_TOKEN": ""}) == "access denied: there is no token"
        assert why("secret/s", {"VAULT_ADDR": "vault:8200"}) == "VAULT_ADDR is not an address"
        assert why("secret/s", {"VAULT_ADDR": ""}) == "VAULT_ADDR is not set"
        assert why("secret/s", {"VAULT_NAMESPACE": "a\nb"}).startswith("VAULT_NAMESPACE holds a line end")


def test_values_are_as_they_are_written() -> None:
    with serve_vault() as vault:
        body = f'{{"pi": {PI}, "money": 1.50, "big": 1e400, "int": 12345678901234567890, "yes": true, "none": null}}'
        vault.secrets = {
            "secret/n": Raw(f'{{"data": {{"data": {body}, "metadata": {{}}}}}}'),
            "old/n": Raw(f'{{"data": {body}}}'),
            "secret/k8s": {"data": {"tls.crt": "a certificate", "a": {"b.c": {"d": "deep"}}}, "x.y": "plain"},
            "secret/half": Raw('{"data": {"data": {"a": "\\ud800"}}}'),
        }
        for path in ("secret/n", "old/n"):
            values = [read(vault.env, path, key) for key in ("pi", "money", "big", "int", "yes")]
            assert values == [PI, "1.50", "1e400", "12345678901234567890", "true"]
            assert read(vault.env, path, "none").startswith("the value of `none` is null")
        assert read(vault.env, "secret/k8s", 'data."tls.crt"') == "a certificate"
        assert read(vault.env, "secret/k8s", 'data.a."b.c".d') == "deep"
        assert read(vault.env, "secret/k8s", "x.y") == "plain"
        assert read(vault.env, "secret/k8s", "data.tls.crt").endswith('is written in quotes: data."tls.crt"')
        assert read(vault.env, "secret/half", "a").startswith("it is not Unicode text")


def test_openbaos_variables_count_where_vaults_are_not_set() -> None:
    with serve_vault() as vault:
        vault.secrets = {"secret/s": {"a": "x"}}
        assert read({"BAO_ADDR": vault.address, "BAO_TOKEN": TOKEN}, "secret/s", "a") == "x"
        assert read({"BAO_ADDR": "http://127.0.0.1:1", "BAO_TOKEN": "no"} | vault.env, "secret/s", "a") == "x"


def test_a_run_without_a_token_logs_in_as_operations_said() -> None:
    jwt = VaultLogin("jwt", "gitlab", {"token": "VAULT_ID_TOKEN"}, role="ci")
    approle = VaultLogin("approle", "approle", {"role_id": "ROLE", "secret_id": "SECRET"})
    with serve_vault() as vault:
        vault.secrets = {"secret/s": {"a": "x"}}
        vault.logins = {
            "auth/gitlab/login": {"role": "ci", "jwt": "signed"},
            "auth/approle/login": {"role_id": "r", "secret_id": "s"},
        }
        bare = {"VAULT_ADDR": vault.address}
        assert read(bare | {"VAULT_ID_TOKEN": "signed"}, "secret/s", "a", login=jwt) == "x"
        assert read(bare | {"ROLE": "r", "SECRET": "s"}, "secret/s", "a", login=approle) == "x"
        refused = read(bare | {"VAULT_ID_TOKEN": "forged"}, "secret/s", "a", login=jwt)
        assert refused.startswith("the login at auth/gitlab is refused (InvalidRequest) | check VAULT_ID_TOKEN")
        missing = read(bare | {"ROLE": "r"}, "secret/s", "a", login=approle)
        assert missing.startswith("there is no token, and nothing to log in with: SECRET is not set")
        asked = len(vault.asked)
        assert read(vault.env | {"VAULT_ID_TOKEN": "signed"}, "secret/s", "a", login=jwt) == "x"
        assert not any("login" in path for path in vault.asked[asked:]), "a token that is there is taken"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return new_authority(tmp_path_factory.mktemp("authority"))


def test_a_server_is_trusted_as_vaults_variables_say(authority: Authority, tmp_path: Path) -> None:
    with serve_vault(authority.server("127.0.0.1")) as vault:
        vault.secrets = {"secret/s": {"a": "x"}}

        def said(**env: str) -> str:
            return read(vault.env | env, "secret/s", "a").partition(" | ")[0]

        unknown = (
            "no TLS connection to Vault: its certificate is signed by nobody known here (VAULT_CACERT, VAULT_CAPATH)"
        )
        assert said() == unknown
        assert said(VAULT_CACERT=str(authority.certificate)) == "x"
        assert said(BAO_CACERT=str(authority.certificate)) == "x"
        assert said(SSL_CERT_FILE=str(authority.certificate)) == "x"
        assert said(VAULT_SKIP_VERIFY="true") == "x"
        assert said(VAULT_SKIP_VERIFY="false") == unknown
        assert said(VAULT_SKIP_VERIFY="perhaps") == "VAULT_SKIP_VERIFY is neither true nor false"
        other = new_authority(tmp_path / "other")
        assert said(VAULT_CACERT=str(other.certificate)) == unknown
        assert said(BAO_CACERT=str(other.certificate)).endswith("(BAO_CACERT, VAULT_CAPATH)")
        assert said(VAULT_CACERT="/not/there.pem") == "VAULT_CACERT names what is not there: /not/there.pem"
        (tmp_path / "empty.pem").write_text("")
        assert "VAULT_CACERT" in said(VAULT_CACERT=str(tmp_path / "empty.pem"))
        assert said(VAULT_ADDR=vault.address.replace("https", "http")).startswith("Vault does not answer")


def test_a_folder_of_authorities_and_another_server_name(authority: Authority, tmp_path: Path) -> None:
    folder = tmp_path / "authorities"
    folder.mkdir()
    (folder / "our-own.crt").write_text(authority.certificate.read_text())
    (folder / "README").write_text("what else lies there")
    with serve_vault(authority.server("vault.internal")) as vault:
        vault.secrets = {"secret/s": {"a": "x"}}
        trusted = vault.env | {"VAULT_CAPATH": str(folder)}
        wrong = read(trusted, "secret/s", "a")
        assert wrong.startswith(f"{NO_TLS}: its certificate is for another name (VAULT_TLS_SERVER_NAME)")
        assert read(trusted | {"VAULT_TLS_SERVER_NAME": "vault.internal"}, "secret/s", "a") == "x"
        named = trusted | {"VAULT_TLS_SERVER_NAME": "vault.internal", "VAULT_SKIP_VERIFY": "1"}
        assert read(named, "secret/s", "a") == "x"
        (folder / "our-own.crt").unlink()
        assert read(trusted, "secret/s", "a").startswith("VAULT_CAPATH holds no certificate")
        (folder / "other.pem").write_text(new_authority(tmp_path / "other").certificate.read_text())
        unknown = read(trusted | {"VAULT_TLS_SERVER_NAME": "vault.internal"}, "secret/s", "a")
        assert unknown.startswith(f"{NO_TLS}: its certificate is signed by nobody known here")


def test_a_server_that_asks_for_a_certificate_gets_ours(authority: Authority) -> None:
    certificate, key = authority.signed("client")
    with serve_vault(authority.server("127.0.0.1", asks_clients=True)) as vault:
        vault.secrets = {"secret/s": {"a": "x"}}
        trusted = vault.env | {"VAULT_CACERT": str(authority.certificate)}
        without = read(trusted, "secret/s", "a")
        assert without.startswith(NO_TLS), without
        assert "VAULT_CLIENT_CERT, VAULT_CLIENT_KEY" in without
        ours = {"VAULT_CLIENT_CERT": str(certificate), "VAULT_CLIENT_KEY": str(key)}
        assert read(trusted | ours, "secret/s", "a") == "x"
        missing = read(trusted | ours | {"VAULT_CLIENT_KEY": "/no.key"}, "secret/s", "a")
        assert missing.startswith("VAULT_CLIENT_KEY names what is not there")


def test_a_server_without_tls_is_named() -> None:
    with serve_vault() as plain:
        said = read(plain.env | {"VAULT_ADDR": plain.address.replace("http:", "https:")}, "secret/s", "a")
    assert said.startswith(f"{NO_TLS}: it does not speak TLS (VAULT_ADDR)"), said
