"""Rewrites that a user asks for by name: a net into another that computes the same, weights included."""
