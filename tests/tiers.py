"""Which values of a parametrized test are left to `make test-long`."""

import pytest
from _pytest.mark import ParameterSet


def long(value: object) -> ParameterSet:
    """A value with which the test takes too long for each change, or shows little more."""
    return pytest.param(value, marks=pytest.mark.long)
