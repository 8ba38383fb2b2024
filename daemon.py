"""The daemon."""


def main() -> None:
    """Run the command line."""
