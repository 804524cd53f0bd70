"""Names that a spec allows, from names that other formats allow."""

from visualnn_shared.spec.model import MAX_NAME


def spec_name(name: str) -> str:
    """Printable, without colons (they name outputs) and without spaces at the ends."""
    if ":" not in name and name.isprintable():  # nearly all
        return name.strip()[:MAX_NAME].strip() or "layer"
    cleaned = "".join("_" if c == ":" or not c.isprintable() else c for c in name)
    return cleaned.strip()[:MAX_NAME].strip() or "layer"
