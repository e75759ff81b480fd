"""The installation's own key: an Ed25519 pair in the state folder, made at the first seal, for its owner only (RFC 8032, RFC 8410).

It says which installation sealed something. Whoever holds it can seal anew: only a time stamp from outside, the register, or the witness
code that somebody else noted stands against that (evidence.md §6).
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from evidence.errors import EvidenceError

KEY_FILE = "seal-key.pem"
_DAMAGED = f"{KEY_FILE} in the state folder is damaged: restore it from a backup; without it new evidence would carry another key"


@dataclass(frozen=True)
class SealKey:
    """The key that seals."""

    private: Ed25519PrivateKey

    @classmethod
    def open(cls, folder: Path) -> SealKey:
        """Return the installation's key, made when there is none; raises EvidenceError for one that is damaged or cannot be written."""
        path = folder / KEY_FILE
        try:
            if not path.exists():
                _make(path)
            found = load_pem_private_key(path.read_bytes(), password=None)
        except OSError as error:
            raise EvidenceError(f"the key that seals evidence cannot be read or made ({error.strerror}); check the state folder") from error
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise EvidenceError(_DAMAGED) from error
        if not isinstance(found, Ed25519PrivateKey):
            raise EvidenceError(_DAMAGED)
        return cls(found)

    @classmethod
    def of_seed(cls, seed: bytes) -> SealKey:
        """Return the key of 32 bytes: for tests, whose seals shall be the same each time."""
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def public_pem(self) -> bytes:
        """The half that may be given to anybody, as PEM (SubjectPublicKeyInfo)."""
        return self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    @property
    def id(self) -> str:
        """Return the SHA-256 of the public half (its 32 raw bytes), in hexadecimal."""
        return key_id(self.private.public_key())

    def sign(self, content: bytes) -> bytes:
        """Return the signature, 64 bytes."""
        return self.private.sign(content)


def key_id(public: Ed25519PublicKey) -> str:
    """Return the fingerprint of a public key: the SHA-256 of its 32 raw bytes."""
    return sha256(public.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()


def public_key(pem: bytes) -> Ed25519PublicKey | None:
    """Return the key in a PEM, or None for anything else; a spelling of ours only, so that no byte of the file is free."""
    try:
        found = load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    if not isinstance(found, Ed25519PublicKey) or found.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo) != pem:
        return None
    return found


def is_signed(public: Ed25519PublicKey, signature: bytes, content: bytes) -> bool:
    """Whether this signature of this content is by this key."""
    try:
        public.verify(signature, content)
    except InvalidSignature:
        return False
    return True


def _make(path: Path) -> None:
    """Write a new key, whole or not at all; the first of two processes wins."""
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        return  # another process was quicker; its key counts
    finally:
        draft.unlink()
