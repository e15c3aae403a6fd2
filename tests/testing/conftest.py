"""A real Go for every test of this folder."""

from go_tests import bench

__all__ = ["bench"]
