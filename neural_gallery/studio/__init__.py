"""How a pair becomes a picture. The only room that imports JAX."""
