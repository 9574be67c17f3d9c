"""The steps of a change, each close to where it can fail: real Git and a recorded engine."""
