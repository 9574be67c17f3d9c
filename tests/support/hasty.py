"""tfops, but it renews its lock all the time while the engine works: `python -m tests.support.hasty ARGS…`."""

from tfops.change import lease
from tfops.cli import main

if __name__ == "__main__":
    lease.RENEW_S = 0.0
    main()
