"""`python -m screener` is `screener`."""

from screener.cli.app import main

main()
