"""Graph rewrites, one file each: ``run(spec, weights, report) -> spec, weights``.

They carry the weights along, and report what they change.
"""
