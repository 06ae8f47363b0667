"""What the author wrote: the manifest, its pictures and its posts, checked and resolved."""
