"""Where an HTTP action may connect to. A name is resolved once, its addresses are judged, and the connection goes to
those and no others, so that a name which answers differently the second time changes nothing.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from aiohttp.abc import AbstractResolver, ResolveResult

from domain.action import HttpCall

Address = IPv4Address | IPv6Address

METADATA = frozenset(
    ip_address(address)
    for address in (
        "169.254.169.254",
        "169.254.170.2",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd20:ce::254",
    )
)
"""Hosts that hand out credentials of the machine, wherever they are."""

_TRANSLATED = IPv6Network("64:ff9b::/96")


class ForbiddenAddress(Exception):
    """The address may not be connected to; the text says why and what would allow it."""


def judge(host: str, call: HttpCall) -> None:
    """Raises ForbiddenAddress for an IP address that the call may not use. `host` may have a zone (`fe80::1%eth0`)."""
    address = _unwrap(ip_address(host.partition("%")[0]))
    if address in METADATA or address.is_link_local:
        if not call.allow_link_local:
            raise ForbiddenAddress(
                "it leads to a link-local or metadata host (`allow_link_local` would allow it)"
            )
    elif address.is_multicast or address.is_unspecified:
        raise ForbiddenAddress("it leads to no single host")
    elif not address.is_global and not call.allow_private:
        raise ForbiddenAddress(
            "it leads to this machine or a private network (`allow_private` would allow it)"
        )


def judge_literal(host: str, call: HttpCall) -> None:
    """Judge a host that is an IP address itself; a name is judged when it is resolved."""
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return
    judge(host, call)


def _unwrap(address: Address) -> Address:
    """The IPv4 address within an IPv6 one."""
    if isinstance(address, IPv4Address):
        return address
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


class GuardedResolver(AbstractResolver):
    """Resolves through `inner`, and refuses a name as a whole when one of its addresses is refused."""

    def __init__(self, inner: AbstractResolver, call: HttpCall) -> None:
        self._inner, self._call = inner, call

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a name. Raises ForbiddenAddress, or OSError where there is none."""
        found = await self._inner.resolve(host, port, family)
        for each in found:
            judge(each["host"], self._call)
        return found

    async def close(self) -> None:
        """Nothing of its own to close."""
