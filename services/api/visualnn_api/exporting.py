"""Converted files as answers."""

import contextlib
import json
from typing import Annotated, Any

from anyio import to_thread
from fastapi import Query, Request, Response
from visualnn_shared.spec.model import Spec

from visualnn_api import downloads
from visualnn_api.converting import Conversion, convert
from visualnn_api.downloads import File
from visualnn_api.settings import ApiSettings
from visualnn_api.upstream import Refused, Upstream

Target = Annotated[str, Query(description="A format that GET /formats lists as written.", min_length=1, max_length=32)]
Bundle = Annotated[bool, Query(description="A zip that holds the file and `report.json`, the conversion report.")]


async def exported(
    request: Request, converter: Upstream, settings: ApiSettings, *, spec: Spec, target: str, bundle: bool
) -> Response:
    """``spec`` in the format ``target``; the made files are removed once they are sent."""
    stack = contextlib.AsyncExitStack()
    try:
        made = await stack.enter_async_context(
            convert(converter, target=target, spool_dir=settings.spool_dir, spec=spec)
        )
        return await sent(request, made, bundle, stack)
    except Refused as refused:
        await stack.aclose()
        raise refused.calling("target", "format") from None
    except BaseException:
        await stack.aclose()
        raise


def as_stored(document: dict[str, Any]) -> Response:
    """A stored spec of which not all is known here."""
    headers = {"Content-Disposition": 'attachment; filename="model.vnn.json"'}
    return Response(json.dumps(document, ensure_ascii=False), media_type="application/json", headers=headers)


async def sent(request: Request, made: Conversion, bundle: bool, stack: contextlib.AsyncExitStack) -> Response:
    """The answer with a conversion's file or bundle; ``stack``, which holds its folder, is closed after it."""
    file: File = await to_thread.run_sync(made.bundle_file if bundle else made.file)
    answer = await downloads.answer(request, file, stack)
    answer.headers["VisualNN-Conversion"] = _counts(made.report)
    return answer


def _counts(report: dict[str, object]) -> str:
    """The report in one line: how many layers were mapped, rewritten and dropped."""
    counted = {name: report.get(name) for name in ("mapped", "rewritten", "dropped", "notes")}
    return ", ".join(f"{name}={len(value)}" for name, value in counted.items() if isinstance(value, list))
