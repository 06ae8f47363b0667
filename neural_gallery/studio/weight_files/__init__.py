"""Files of network weights that others have made, read without running anything in them, and our own form of them.

`reading` is the way in. One module for each format gives a file's tensors by name (`tensors`); `naming` finds a VGG
among them, `conventions` says how that wants its pictures, and `writing` makes our own file of it. No JAX here.
"""
