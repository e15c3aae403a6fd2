"""Toolchains for every test of this folder."""

from go_builds import newest, toolchain

__all__ = ["newest", "toolchain"]
