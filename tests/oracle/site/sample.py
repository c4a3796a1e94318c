"""A module for autodoc."""


def add(first: int, second: int = 0) -> int:
    """Return the sum.

    :param first: one number
    :returns: the *sum*
    """
    return first + second


def subtract(first: int, second: int = 0) -> int:
    """Return the difference."""
    return first - second
