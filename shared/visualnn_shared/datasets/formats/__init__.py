"""One module per file format, all of one shape: ``NAME``, ``EXTENSIONS``, ``sniff``, ``inspect``, ``load``."""
