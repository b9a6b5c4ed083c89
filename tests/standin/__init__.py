"""A stand-in for every server that akshare asks here: a loopback proxy that ends HTTPS itself and speaks their formats.

Set by environment only (`Upstream.env()`), so the real akshare runs unpatched, in this process or in a child.
The certificate authority is made when the server starts; nothing of it stays. Prices come from a folder of prices
(see README, "a folder of prices"). A host that is not played answers 599.
"""

from __future__ import annotations

from tests.standin.faults import FAULTS, Fault
from tests.standin.server import Request, Upstream

__all__ = ["FAULTS", "Fault", "Request", "Upstream"]
