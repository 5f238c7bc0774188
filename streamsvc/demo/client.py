"""A small honest client of our own API: what it can do, any program can."""

import http.client
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from streamsvc.errors import AnswerUnexpected, ServiceUnreachable

TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, read whole."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Client:
    """Talks to one service as one person. Raises ServiceUnreachable when no answer comes."""

    base_url: str
    token: str
    language: str = "en"

    def send(
        self,
        method: str,
        address: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | Iterable[bytes] | None = None,
    ) -> Answer:
        """One request on a connection of its own. `address` may be relative to the service."""
        url = urlsplit(urljoin(f"{self.base_url}/", address))
        connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=TIMEOUT_S)
        fields = {"Authorization": f"Bearer {self.token}", "Accept-Language": self.language, **(headers or {})}
        target = url.path + (f"?{url.query}" if url.query else "")
        try:
            connection.request(method, target, body=body, headers=fields)
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        except (OSError, http.client.HTTPException) as exc:
            raise ServiceUnreachable(f"{url.geturl()}: {exc}", url=self.base_url, reason=str(exc)) from exc
        finally:
            connection.close()

    def ask(self, method: str, address: str, *, value: object = None, expected: Iterable[int] = (200, 201)) -> Any:
        """Exchange JSON. Raises AnswerUnexpected with the service's own words."""
        body = None if value is None else json.dumps(value).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        answer = self.send(method, address, headers=headers, body=body)
        if answer.status not in expected:
            raise refused(answer)
        return answer.json() if answer.body else None


def refused(answer: Answer) -> AnswerUnexpected:
    """The error that a refusal becomes; its reason is the problem's `detail`, meant for people (RFC 9457)."""
    try:
        problem = answer.json()
        reason, code = str(problem["detail"]), str(problem["code"])
    except (ValueError, KeyError, TypeError):
        reason, code = answer.body[:200].decode("utf-8", "replace"), ""
    return AnswerUnexpected(f"{answer.status}: {reason}", status=answer.status, reason=reason, refusal=code)
