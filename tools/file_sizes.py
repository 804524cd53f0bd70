"""Report files and functions that have outgrown a reader; fail on a file over the limit."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

FILE_AIM, FILE_LIMIT, FUNCTION_AIM = 300, 500, 30


def tracked_python_files() -> list[Path]:
    """The Python files that git knows, without tests' data."""
    listing = subprocess.run(["git", "ls-files", "*.py"], capture_output=True, text=True, check=True)
    return [path for line in listing.stdout.splitlines() if (path := Path(line)).exists()]


def long_functions(path: Path) -> Iterator[tuple[str, int]]:
    """Name and length in lines of each function over the aim."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_AIM:
                yield f"{path}:{node.lineno} {node.name}", length


def main() -> int:
    files = tracked_python_files()
    sizes = sorted(((len(path.read_text().splitlines()), path) for path in files), reverse=True)
    functions = sorted((length, name) for path in files for name, length in long_functions(path))
    median = sizes[len(sizes) // 2][0]
    print(f"{len(files)} files, median {median} lines; {len(functions)} functions over {FUNCTION_AIM} lines")
    for size, path in sizes:
        if size > FILE_AIM:
            print(f"  {size} lines  {path}")
    for length, name in functions[::-1][:10]:
        print(f"  {length} lines  {name}")
    too_long = [path for size, path in sizes if size > FILE_LIMIT]
    for path in too_long:
        print(f"error: a file must have at most {FILE_LIMIT} lines; {path} has more")
    return 1 if too_long else 0


if __name__ == "__main__":
    sys.exit(main())
