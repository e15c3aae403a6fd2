"""`python -m steadygo`."""

from steadygo.cli import main

main()
