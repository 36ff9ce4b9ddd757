"""``python -m rtsproj``: the command line."""

from rtsproj.cli.main import main

if __name__ == "__main__":
    main()
