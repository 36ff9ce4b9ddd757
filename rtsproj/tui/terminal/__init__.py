"""What the terminal can show: pure functions of the environment, decided before textual starts."""
