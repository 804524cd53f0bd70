"""What a spec computes, in NumPy alone: the third opinion where two runtimes are compared.

Written from the papers and from what the catalogue says of each layer; it imports no framework, and it is not fast.
"""

from visualnn_shared.reference.calling import Call, Unsupported, forward
from visualnn_shared.reference.running import Reference, unsupported

__all__ = ["Call", "Reference", "Unsupported", "forward", "unsupported"]
