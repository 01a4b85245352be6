"""DER structures shared by protocols."""
