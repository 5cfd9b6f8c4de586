"""The key that contracts are signed with: Ed25519, in a file for its owner's eyes, made where it is missing.

The file holds one key or several, in PEM: the first one signs, all of them are published, so that what an earlier key
signed can be verified for good.
"""

import base64
import hashlib
import os
from functools import cache
from pathlib import Path
from typing import Any

import jwt
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from django.conf import settings

from marketplace.core.key_files import write_whole

ALGORITHM = "EdDSA"
TYPE = "walras-contract+jwt"
END = b"-----END PRIVATE KEY-----"


class ForgedError(Exception):
    """No key of ours signed these very words."""


def signed(claims: dict[str, Any]) -> str:
    """The claims as a JWS in compact form."""
    key = _keys()[0]
    headers = {"kid": key_id(key.public_key()), "typ": TYPE}
    return jwt.encode(claims, key, algorithm=ALGORITHM, headers=headers)


def verified(token: str) -> dict[str, Any]:
    """What a JWS of ours says; raises ForgedError for any other."""
    try:
        wanted = str(jwt.get_unverified_header(token).get("kid"))
        key = {key_id(each.public_key()): each for each in _keys()}[wanted]
        options: Any = {"verify_exp": False, "verify_aud": False, "verify_iat": False}
        claims: dict[str, Any] = jwt.decode(token, key.public_key(), algorithms=[ALGORITHM], options=options)
    except (jwt.InvalidTokenError, KeyError, ValueError) as error:
        raise ForgedError(str(error)) from error
    return claims


def published_keys() -> dict[str, Any]:
    """The JSON Web Key Set by which anybody verifies a contract without us."""
    return {"keys": [_jwk(key.public_key()) for key in _keys()]}


def key_id(key: Ed25519PublicKey) -> str:
    """The thumbprint of a key (RFC 7638)."""
    parts: Any = {"crv": "Ed25519", "kty": "OKP", "x": _x(key)}
    return _base64(hashlib.sha256(rfc8785.dumps(parts)).digest())


def _jwk(key: Ed25519PublicKey) -> dict[str, str]:
    return {"kty": "OKP", "crv": "Ed25519", "x": _x(key), "kid": key_id(key), "alg": ALGORITHM, "use": "sig"}


def _x(key: Ed25519PublicKey) -> str:
    return _base64(key.public_bytes(Encoding.Raw, PublicFormat.Raw))


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _keys() -> list[Ed25519PrivateKey]:
    file = Path(settings.CONTRACT_KEY_FILE)
    if not file.exists():
        _make(file)
    return _read(file, os.stat(file).st_mtime_ns)


@cache
def _read(file: Path, changed: int) -> list[Ed25519PrivateKey]:
    parts = file.read_bytes().split(END)[:-1]
    found = [load_pem_private_key(part + END, None) for part in parts]
    return [key for key in found if isinstance(key, Ed25519PrivateKey)]


def _make(file: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        write_whole(file, pem.decode().strip(), 0o600)
    except FileExistsError:  # another process was first
        return
