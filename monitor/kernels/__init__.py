"""numba kernels: one a file, its plain numpy body beside it (the tests' oracle)."""
