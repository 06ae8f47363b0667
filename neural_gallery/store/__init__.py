"""The store: what has been painted and encoded, the encoders, and the files published from it.

`store.py` keeps paintings and encodings under the hash of what determines them (`keys.py`), `stills.py` and
`animations.py` encode, `output.py` puts files into the output folder. Nothing is imported here, so that planning,
which needs keys and records only, starts without NumPy and Pillow.
"""

from neural_gallery.folders import STORE_FOLDER

__all__ = ["STORE_FOLDER"]
