"""The error function, which NumPy lacks: 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x.

Rational approximations as of Cody 1969, with the coefficients of Moshier's Cephes library; the error is below 1e-15.
"""

import numpy as np

from visualnn_shared.reference.calling import Array

_NEAR = (
    (9.60497373987051638749e0, 9.00260197203842689217e1, 2.23200534594684319226e3, 7.00332514112805075473e3,
     5.55923013010394962768e4),
    (1.0, 3.35617141647503099647e1, 5.21357949780152679795e2, 4.59432382970980127987e3, 2.26290000613890934246e4,
     4.92673942608635921086e4),
)  # fmt: skip
"""erf(x) / x for x below 1, as a quotient of polynomials of x^2."""
_FAR = (
    (2.46196981473530512524e-10, 5.64189564831068821977e-1, 7.46321056442269912687e0, 4.86371970985681366614e1,
     1.96520832956077098242e2, 5.26445194995477358631e2, 9.34528527171957607540e2, 1.02755188689515710272e3,
     5.57535335369399327526e2),
    (1.0, 1.32281951154744992508e1, 8.67072140885989742329e1, 3.54937778887819891062e2, 9.75708501743205489753e2,
     1.82390916687909736289e3, 2.24633760818710981792e3, 1.65666309194161350182e3, 5.57535340817727675546e2),
)  # fmt: skip
"""(1 - erf(x)) e^(x^2) from 1 to 8, as a quotient of polynomials of x; beyond, erf is 1."""


def erf(x: Array) -> Array:
    """Of each value."""
    near = np.clip(x, -1, 1)
    far = np.clip(np.abs(x), 1, 8)
    inner = near * np.polyval(_NEAR[0], near**2) / np.polyval(_NEAR[1], near**2)
    outer = 1 - np.exp(-(far**2)) * np.polyval(_FAR[0], far) / np.polyval(_FAR[1], far)
    return np.asarray(np.where(np.abs(x) < 1, inner, np.sign(x) * outer))
