"""Who may do what: a request without a link's token is the owner's, one with a token has the link's role."""

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, Request
from starlette.types import ASGIApp, Receive, Scope, Send
from visualnn_shared.errors import Forbidden
from visualnn_shared.store import shares
from visualnn_shared.store.database import Database
from visualnn_shared.web import problem_response

Role = Literal["viewer", "commenter", "editor", "owner"]
HEADER = "VisualNN-Share"
_RANK: dict[Role, int] = {"viewer": 0, "commenter": 1, "editor": 2, "owner": 3}
_READ = ("GET", "HEAD")
_ANYWHERE: tuple[tuple[tuple[str, ...], str], ...] = (
    (_READ, r"/api/v1/(layers|formats|zoo|schema)(/.*)?"),
    (("POST",), r"/api/v1/(check|summary|unfold|conversions)"),
)
"""What every link may ask: it has nothing to do with anything stored."""
_OF_THE_MODEL: tuple[tuple[tuple[str, ...], str, Role], ...] = (
    (_READ, r"", "viewer"),
    (_READ, r"/versions(/\d+)?", "viewer"),
    (_READ, r"/(diff|summary|export|room|comments)", "viewer"),
    (("POST",), r"/comments", "commenter"),
    (("POST",), r"/comments/[^/]+/replies", "commenter"),
    (("PATCH",), r"/comments/[^/]+", "commenter"),
    (("DELETE",), r"/comments/[^/]+", "editor"),
    (("PUT",), r"/spec", "editor"),
    (("PATCH",), r"", "editor"),
)


@dataclass(frozen=True)
class Access:
    """The role that a caller has, and the link it came by."""

    role: Role
    share: str | None = None

    def may(self, role: Role) -> bool:
        """Whether this is that role or a greater one."""
        return _RANK[self.role] >= _RANK[role]


OWNER = Access("owner")


class ShareGuard:
    """Answers 403 to whatever a link's role does not allow; what no line above names is allowed to no link."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = HEADER.lower().encode()
        tokens = [value.decode("latin-1") for key, value in scope.get("headers", ()) if key == name]
        if scope["type"] != "http" or not tokens:
            await self.app(scope, receive, send)
            return
        try:
            scope.setdefault("state", {})["access"] = await _allowed(scope, tokens[0])
        except Forbidden as error:
            await problem_response(error)(scope, receive, send)
            return
        await self.app(scope, receive, send)


async def _allowed(scope: Scope, token: str) -> Access:
    """Raises Forbidden."""
    found = await with_token(scope["app"].state.parts.db, token)
    if found is None:
        raise Forbidden(f"{HEADER} must be the token of a link that is not revoked", "another one")
    access, model_id = found
    method, path = scope["method"], scope["path"]
    if any(method in methods and re.fullmatch(pattern, path) for methods, pattern in _ANYWHERE):
        return access
    base = f"/api/v1/models/{model_id}"
    needed = next(
        (
            role
            for methods, pattern, role in _OF_THE_MODEL
            if path.startswith(base) and method in methods and re.fullmatch(pattern, path[len(base) :])
        ),
        None,
    )
    if needed is None:
        raise Forbidden("a link must be used for its own model, within what links allow", f"{method} {path}")
    if not access.may(needed):
        raise Forbidden(f"the link's role must be {needed} or more for {method} {path}", access.role)
    return access


async def with_token(db: Database, token: str) -> tuple[Access, str] | None:
    """The access that a token gives, and to which model."""
    if not re.fullmatch(shares.TOKEN, token):
        return None
    share = await db.read(shares.find, token)
    if share is None:
        return None
    role: Role = share.role  # type: ignore[assignment]  # the table holds no others
    return Access(role, share.id), share.model_id


def access(request: Request) -> Access:
    """What the guard found out; the owner where there was no token."""
    found: Access = getattr(request.state, "access", OWNER)
    return found


Asking = Annotated[Access, Depends(access)]
