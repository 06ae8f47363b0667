"""How pictures become pages: theme, Markdown blocks, targets."""
