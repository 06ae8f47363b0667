"""What `init` writes: a small working site to start from, or one of the author's own pictures."""
