"""Networks as pictures: what is drawn, where it lies, how it looks."""
