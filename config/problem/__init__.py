"""The problem file: `Problem` as people write it, documented in docs/problem.md."""
