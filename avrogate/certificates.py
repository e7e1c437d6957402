"""What to do about a server's certificate that is not trusted."""

from __future__ import annotations

# OpenSSL's numbers for a certificate of another host, and for one that was good once
ANOTHER_NAME, EXPIRED = {62, 64}, 10


def untrusted_hint(code: int, server: str, address: str, authority: str) -> str:
    """The hint for OpenSSL's verification code, 0 if it is not known.

    `address` and `authority` are the settings of the server's address and of the file with its authority.
    """
    if code in ANOTHER_NAME:
        return f"{address} must name the host as the certificate does"
    if code == EXPIRED:
        return f"the {server} needs a new certificate; look at this machine's clock, too"
    return f"set {authority} to a PEM file of the authority that signed it"
