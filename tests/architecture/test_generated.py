"""Generated pages are not stale."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("script", "page", "target"),
    [
        ("layer_page.py", "layers.md", "docs"),
        ("zoo_page.py", "zoo.md", "docs"),
        ("formats_page.py", "formats.md", "docs"),
        ("openapi.py", "openapi.json", "client"),
    ],
)
def test_a_generated_page_is_what_its_script_writes(script: str, page: str, target: str) -> None:
    written = subprocess.run(
        [sys.executable, str(ROOT / "tools" / script)], capture_output=True, text=True, check=True, timeout=120
    )
    assert (ROOT / "docs" / page).read_text() == written.stdout, f"docs/{page} is stale; run: make {target}"
