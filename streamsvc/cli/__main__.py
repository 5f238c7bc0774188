"""`python -m streamsvc.cli`, for places where the `sabaq` script is not on the path."""

import sys

from streamsvc.cli import main

sys.exit(main())
