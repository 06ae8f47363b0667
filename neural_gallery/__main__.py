"""`python -m neural_gallery` is `neural-gallery`."""

from neural_gallery.cli import main

if __name__ == "__main__":
    main(prog_name="neural-gallery")
