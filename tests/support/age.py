"""An age key for sops, made for one test. Format: https://age-encryption.org/v1, bech32 as in BIP 173."""

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

_LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def new_age_key() -> tuple[str, str]:
    """(the private key for SOPS_AGE_KEY, the public one to encrypt for)."""
    key = X25519PrivateKey.generate()
    return _bech32("age-secret-key-", key.private_bytes_raw()).upper(), _bech32(
        "age", key.public_key().public_bytes_raw()
    )


def _bech32(prefix: str, content: bytes) -> str:
    words = _five_bits(content)
    expanded = [*(ord(c) >> 5 for c in prefix), 0, *(ord(c) & 31 for c in prefix)]
    checksum = _checksum([*expanded, *words, *[0] * 6]) ^ 1
    words += [(checksum >> 5 * (5 - index)) & 31 for index in range(6)]
    return f"{prefix}1" + "".join(_LETTERS[word] for word in words)


def _five_bits(content: bytes) -> list[int]:
    bits = "".join(f"{byte:08b}" for byte in content)
    return [int(bits[start : start + 5].ljust(5, "0"), 2) for start in range(0, len(bits), 5)]


def _checksum(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for index, part in enumerate(_GENERATOR):
            check ^= part if (top >> index) & 1 else 0
    return check
