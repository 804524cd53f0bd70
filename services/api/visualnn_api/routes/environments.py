"""/environments, /schema/dqn: what there is to learn in, and what a dqn job takes."""

from fastapi import APIRouter
from visualnn_shared.reinforcement.environments import ENVIRONMENTS
from visualnn_shared.training.describing import describe
from visualnn_shared.training.recipe import DqnParams

from visualnn_api.views.environments import EnvironmentRow, Environments
from visualnn_api.views.recipes import Recipe

router = APIRouter(tags=["catalogue"])


@router.get("/environments", summary="Every environment that an agent can learn in")
async def environments() -> Environments:
    """gymnasium's, with what a network for one sees and how many actions it values: `"kind": "dqn"` in a job."""
    return Environments(
        items=[
            EnvironmentRow(
                name=name, title=one.title, sees=list(one.seen()), actions=list(one.actions), limit=one.limit,
                solved_at=one.solved,
            )
            for name, one in ENVIRONMENTS.items()
        ]
    )  # fmt: skip


@router.get("/schema/dqn", summary="What a dqn job takes")
async def recipe() -> Recipe:
    """Every field of `params` with kind, default, limits, choices and a sentence: what a form needs."""
    return Recipe.model_validate({"items": describe(DqnParams)})
