"""`python -m speechgan` is `speechgan`."""

import sys

from speechgan.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
