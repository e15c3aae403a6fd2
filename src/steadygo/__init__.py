"""steadygo takes a Go service from *it runs* to *it keeps running*."""

__version__ = "0.1.0"
