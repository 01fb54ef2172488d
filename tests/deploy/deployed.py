"""An application as it is deployed: behind a proxy there is no loopback peer, so it has to know its users."""

from starlette.requests import HTTPConnection

from headway import Headway, Principal


async def authenticate(connection: HTTPConnection) -> Principal | None:
    """Know one user."""
    return Principal("ada") if connection.headers.get("authorization") == "Bearer ada" else None


hw = Headway(authenticate=authenticate)
