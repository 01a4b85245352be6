"""From TOML files to typed, cross-checked settings."""
