"""The built-in networks that tests can afford to build, run or draw from again and again."""

from visualnn_shared import zoo

SMALL = [row["name"] for row in zoo.describe() if row["params"] < 3_000_000]
