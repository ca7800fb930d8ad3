"""`python -m nenuphar` is `nenuphar`."""

from nenuphar.cli.main import run

run()
