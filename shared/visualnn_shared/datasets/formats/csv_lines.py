"""The lines of a csv file as text, one at a time and never longer than the limit."""

import re
from collections.abc import Iterator
from pathlib import Path

from visualnn_shared.datasets.findings import Findings
from visualnn_shared.datasets.limits import Limits

_UNDECODED = re.compile("[\udc80-\udcff]")
"""What ``surrogateescape`` makes of a byte that is no UTF-8: U+DC00 and the byte."""


class Lines:
    """Lines with their ends, from UTF-8 with or without a byte order mark.

    A line that is too long or is no text is a finding and the last one. ``underscore`` tells whether any line since it
    was last set to False has one: Python reads 1_000 as a number, we do not.
    """

    def __init__(self, path: Path, findings: Findings, limits: Limits) -> None:
        self.path, self.findings, self.limits = path, findings, limits
        self.underscore = False

    def __iter__(self) -> Iterator[str]:
        with self.path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            number = 0
            while line := file.readline(self.limits.line_chars + 1):
                number += 1
                if not self._good(line, number):
                    return
                self.underscore = self.underscore or "_" in line
                yield line

    def _good(self, line: str, number: int) -> bool:
        if len(line) > self.limits.line_chars:
            rule = f"a line must have at most {self.limits.line_chars:,} characters"
            self.findings.add(rule, "more", line=number)
        elif not line.isascii() and (wrong := _UNDECODED.search(line)):
            hint = f"byte {ord(wrong[0]) - 0xDC00:02x} at character {wrong.start() + 1} is not; save the file in UTF-8"
            self.findings.add("a csv must be UTF-8 text", _readable(line), line=number, hint=hint)
        elif "\x00" in line:
            hint = f"one is at character {line.index(chr(0)) + 1}; save the file as CSV in UTF-8"
            self.findings.add("a csv must be text without NUL bytes", _readable(line), line=number, hint=hint)
        else:
            return True
        return False


def _readable(line: str) -> str:
    """The beginning of a line, with the replacement character for bytes that are no text."""
    return _UNDECODED.sub("\ufffd", line[:80]).replace("\0", "\ufffd").rstrip()
