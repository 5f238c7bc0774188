"""A small honest client of our own API: what it can do, any program can."""

import http.client
import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from streamsvc.errors import ServiceUnreachable
from streamsvc.uploads.client import Reply, refused

TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Client:
    """Talks to one service as one person."""

    api: str
    """Without a trailing slash."""
    token: str
    language: str = "en"

    def ask(self, method: str, path: str, *, expected: Collection[int] = (200,)) -> Any:
        """
        Exchange JSON. `path` is below the API's address.

        Raises ServiceUnreachable when no answer comes, AnswerUnexpected with the service's own words.
        """
        reply = self._exchange(method, f"{self.api}{path}")
        if reply.status not in expected:
            raise refused(reply)
        return json.loads(reply.body) if reply.body else None

    def _exchange(self, method: str, url: str) -> Reply:
        address = urlsplit(url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=TIMEOUT_S)
        fields = {"Authorization": f"Bearer {self.token}", "Accept-Language": self.language}
        try:
            connection.request(method, address.path, headers=fields)
            response = connection.getresponse()
            return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        except (OSError, http.client.HTTPException) as exc:
            raise ServiceUnreachable(f"{url}: {exc}", url=self.api, reason=str(exc)) from exc
        finally:
            connection.close()
