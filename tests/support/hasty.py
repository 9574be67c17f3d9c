"""tfops, but it renews its lock all the time while the engine works: `python -m tests.support.hasty ARGS…`."""

from tfops.cli import main
from tfops.flows.ground import custody

if __name__ == "__main__":
    custody.RENEW_S = 0.0
    main()
