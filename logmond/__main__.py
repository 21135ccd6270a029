"""``python -m logmond`` is the command ``logmond``."""

import sys

from logmond.cli import main

sys.exit(main())
