"""``visualnn formats``: what can be read and written."""

from visualnn.cli.options import AsJson


def formats(as_json: AsJson = False) -> None:
    """List the file formats that models are read from and written to."""
    from visualnn_standalone.local import formats as known

    from visualnn.cli.output import print_json, print_table

    found = known()
    if as_json:
        print_json(found)
        return
    flags = ("reads", "writes", "carries_weights")
    rows = [
        (one["name"], one["title"], " ".join(one["extensions"]), *("yes" if one[flag] else "" for flag in flags))
        for one in found
    ]
    print_table("", ["name", "title", "extensions", "read", "written", "weights"], rows)
