"""Commands below the command line: real Git and a recorded engine."""
