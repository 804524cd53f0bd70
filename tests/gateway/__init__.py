"""For tests of the gateway: one on real sockets, and jobs whose results are computed with NumPy."""
