"""One file per resource; ``API`` lists those under /api/v1, ``ROOT`` the others."""

from visualnn_api.routes import (
    catalogue,
    checks,
    comments,
    conversions,
    datasets,
    editor,
    environments,
    jobs,
    models,
    operations,
    operators,
    pages,
    platform,
    predictions,
    reproductions,
    results,
    together,
    trials,
    uploads,
)

API = (
    models.router,
    together.router,
    comments.router,
    checks.router,
    catalogue.router,
    environments.router,
    conversions.router,
    datasets.router,
    uploads.router,
    jobs.router,
    results.router,
    reproductions.router,
    trials.router,
    operators.router,
    predictions.router,
    platform.router,
)
ROOT = (predictions.v2, operations.router, pages.router, editor.router)
