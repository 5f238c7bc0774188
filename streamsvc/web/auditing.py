"""Who a request comes from, as the audit log writes it."""

from aiohttp import web

from catalog import audit_who
from streamsvc.web.addresses import client_address
from streamsvc.web.requests import viewer


def who(request: web.Request) -> audit_who.Who:
    """The signed-in person, with the network they came from. Raises TokenRefused when nobody is signed in."""
    acting = viewer(request)
    return audit_who.person(acting.person_id, acting.login, address=client_address(request))
