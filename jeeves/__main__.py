"""`python -m jeeves`."""

from jeeves.cli import main

main()
