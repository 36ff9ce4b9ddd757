"""The command line: a file per command group. stdout is data, stderr is talk."""
