"""Published experiments: what was measured, in the vocabulary that simulations answer in."""
