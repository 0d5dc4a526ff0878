"""`python -m bluegreen.cli`."""

import sys

from bluegreen.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
