"""The numeric certificate of a conversion: source and target run on the same inputs, and what differs is found."""

from visualnn_standalone.verify.certificate import GATE, SEED, Certificate
from visualnn_standalone.verify.verifying import Asked, verify

__all__ = ["GATE", "SEED", "Asked", "Certificate", "verify"]
