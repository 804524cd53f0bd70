"""Links to a model: a token that nobody can guess, of which only the sha256 is kept."""

import hashlib
import secrets

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from visualnn_shared.errors import Conflict, NotFound
from visualnn_shared.ids import new_id
from visualnn_shared.store import models
from visualnn_shared.store.tables import Share

TOKEN = r"^[A-Za-z0-9_-]{43}$"  # noqa: S105 - the form of tokens
"""256 bits in base 64 for addresses."""
MOST = 100
"""Links of one model."""


def create(s: Session, owner: str, model_id: str, role: str, label: str) -> tuple[Share, str]:
    """A new link and its token, which nobody can read again. Raises NotFound, Conflict."""
    models.lock(s, owner, model_id)
    count = s.scalar(select(func.count()).where(Share.model_id == model_id)) or 0
    if count >= MOST:
        raise Conflict(f"a model must have at most {MOST} links", count)
    token = secrets.token_urlsafe(32)
    share = Share(id=new_id("share"), model_id=model_id, role=role, label=label, token_sha256=_digest(token))
    s.add(share)
    s.flush()
    return share, token


def every(s: Session, owner: str, model_id: str) -> list[Share]:
    """The links of a model, the newest first. Raises NotFound."""
    models.get(s, owner, model_id)
    return list(s.scalars(select(Share).where(Share.model_id == model_id).order_by(Share.id.desc())))


def revoke(s: Session, owner: str, model_id: str, share_id: str) -> None:
    """From now on the token opens nothing. Raises NotFound."""
    models.get(s, owner, model_id)
    share = s.get(Share, share_id)
    if share is None or share.model_id != model_id:
        raise NotFound("link", share_id)
    s.delete(share)
    s.flush()


def find(s: Session, token: str) -> Share | None:
    """The link that has this token."""
    return s.scalar(select(Share).where(Share.token_sha256 == _digest(token)))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
