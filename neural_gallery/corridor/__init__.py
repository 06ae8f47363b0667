"""The corridor between the rooms: plan what is stale, paint it, encode it, render the pages."""
