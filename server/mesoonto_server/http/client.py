"""Who asks: the peer, or the one whom a trusted proxy names. Nothing else understands X-Forwarded-*."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

#: Bits of an IPv6 address that tell one customer from another (RFC 6177).
_SITE = 64


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from."""

    client: str  #: the address for limits and the log; of IPv6 only the site
    scheme: str  #: http or https
    local: bool  #: whether it comes from this machine, and not through a proxy that nobody named


def origin_of(
    peer: str, scheme: str, forwarded_for: str, forwarded_proto: str, proxy: str, *, forwarded: bool = False
) -> Origin:
    """Where a request comes from whose connection is that of *peer* and has *scheme*.

    *forwarded_for* and *forwarded_proto* are its headers X-Forwarded-For and -Proto, which are believed when
    the trusted *proxy* has sent them; *forwarded* tells of a header Forwarded, which nobody is trusted with.
    """
    if proxy and peer == proxy:
        address = forwarded_for.rsplit(",", 1)[-1].strip() if forwarded_for else peer
        if forwarded_proto:
            scheme = "https" if forwarded_proto.rsplit(",", 1)[-1].strip().lower() == "https" else "http"
        return Origin(site_of(address), scheme, is_loopback(address))
    # A proxy that is not trusted may stand on this machine while its clients do not.
    local = is_loopback(peer) and not forwarded_for and not forwarded
    return Origin(site_of(peer), scheme, local)


def site_of(address: str) -> str:
    """*address*, or the network of the customer whose IPv6 address it is; "unknown" for nonsense."""
    if ":" not in address:
        return address
    try:
        return str(ipaddress.ip_network((address.partition("%")[0], _SITE), strict=False))
    except ValueError:
        return "unknown"


def is_loopback(address: str) -> bool:
    """Whether *address* is on this machine."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return (mapped or parsed).is_loopback
