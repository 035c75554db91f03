"""Connections over HTTP, for the few commands that make any.

urllib3 is the client: maintained by the people who maintain requests and botocore, which rest on it and bring it along
where boto3 is installed; it verifies certificates, and asks for nothing else. It is imported by whoever calls, never
on the way of a check. Retrying is left to the callers: what may be asked twice, only they know.
"""

from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.util import Timeout

CONNECT_S = 10.0


def pool(url: str, *, read_s: float = 60.0) -> urllib3.PoolManager:
    """Connections to ``url``, through the proxy that the environment names for it (HTTPS_PROXY, NO_PROXY).

    ``read_s`` is how long a server may be silent.
    """
    scheme, _, rest = url.partition("://")
    host = rest.partition("/")[0]
    proxy = getproxies().get(scheme)
    timeout = Timeout(connect=CONNECT_S, read=read_s)
    if proxy and not proxy_bypass(host):
        return urllib3.ProxyManager(proxy if "://" in proxy else f"http://{proxy}", timeout=timeout)
    return urllib3.PoolManager(timeout=timeout)
