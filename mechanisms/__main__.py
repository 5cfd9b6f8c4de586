"""`python -m mechanisms`: the rules from the shell."""

import sys

from mechanisms.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
