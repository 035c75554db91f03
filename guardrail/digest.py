"""SHA-256 as Python's own `random` comes by it: `hashlib` loads OpenSSL first, for 3 ms of each start."""

try:
    from _sha2 import sha256  # type: ignore[import-not-found]
except ImportError:
    try:
        from _sha256 import sha256  # type: ignore[import-not-found]
    except ImportError:
        from hashlib import sha256

__all__ = ["sha256"]
