"""`python -m monitor` is `camdrift`."""

from monitor.cli import main

if __name__ == "__main__":
    main()
