"""The only clients: HTTP fetches and DNS look-ups."""
