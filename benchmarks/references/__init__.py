"""Other programs' ways of painting, written anew in PyTorch, to compare the studio's results and time with.

They need PyTorch, which the project itself does not. Each says at its top what it follows and where it deviates.
"""
