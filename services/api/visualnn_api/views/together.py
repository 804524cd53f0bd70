"""Rooms, links and comments, as answers and requests."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from visualnn_shared.spec.model import MAX_NAME, ONE_LINE
from visualnn_shared.store.tables import Comment, Share

from visualnn_api.together.access import Role
from visualnn_api.views.common import Timestamp, View

LinkRole = Literal["viewer", "commenter", "editor"]
Author = Annotated[str, Field(min_length=1, max_length=80, pattern=ONE_LINE)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]
LayerKey = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[0-9A-Za-z_-]+$")]


class RoomView(View):
    """Whether a model is edited together, and what the caller may do there."""

    model: str
    open: bool
    """Whether the model has a room: it is then edited there."""
    role: Role
    people: int
    """Connections to the room in this gateway."""
    key: str | None
    """Tells the room from one that is opened after it was closed; for `?room=` of the websocket."""


class NewShare(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"role": "commenter", "label": "for the review"}]}
    )

    role: LinkRole
    label: str = Field("", max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")
    """What the link is for."""


class ShareView(View):
    """A link; its token is told once, when it is made."""

    id: str
    model: str
    role: LinkRole
    label: str
    created_at: Timestamp


class NewShareView(ShareView):
    token: str
    """Goes into the header `VisualNN-Share`, or as `share.TOKEN` among the subprotocols of the websocket."""
    path: str
    """Where the editor opens the model with this link; the token is in the fragment, which no server sees."""


class ShareList(View):
    items: list[ShareView]


class CommentView(View):
    id: str
    thread: str | None
    """The comment that this one answers; null where it begins a thread."""
    layer: str
    """Key of the layer in the room's document; it stays when the layer is renamed."""
    layer_name: str
    """What the layer was called when the thread began."""
    author: str
    """As they called themselves: nothing vouches for it."""
    text: str
    resolved: bool
    created_at: Timestamp


class CommentList(View):
    """All comments of a model, the oldest first."""

    items: list[CommentView]


class NewComment(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"layer": "0-1", "layer_name": "fc1", "author": "Ada", "text": "Is 512 not too wide?"}]
        },
    )

    layer: LayerKey
    layer_name: str = Field(min_length=1, max_length=MAX_NAME, pattern=ONE_LINE)
    author: Author
    text: Text


class NewReply(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"author": "Grace", "text": "256 gives the same accuracy."}]}
    )

    author: Author
    text: Text


class Resolution(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [{"resolved": True}]})

    resolved: bool


def share_view(share: Share) -> ShareView:
    return ShareView(**_share(share))


def new_share_view(share: Share, token: str) -> NewShareView:
    return NewShareView(**_share(share), token=token, path=f"/app/models/{share.model_id}#share={token}")


def _share(share: Share) -> dict[str, object]:
    fields = {name: getattr(share, name) for name in ("id", "role", "label", "created_at")}
    return {**fields, "model": share.model_id}


def comment_view(comment: Comment) -> CommentView:
    return CommentView(**{name: getattr(comment, name) for name in CommentView.model_fields})
