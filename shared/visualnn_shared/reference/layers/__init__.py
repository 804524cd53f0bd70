"""One function for each layer type, in files by family; found by listing this folder."""

REASONS: dict[str, str] = {
    "Hashing": "its bins are those of TensorFlow's hash of the number's text, which no paper says",
    "HashedCrossing": "its bins are those of TensorFlow's hash of the pair, which no paper says",
}
"""Layer types without a reference, each with the reason. All others of the catalogue have one."""
