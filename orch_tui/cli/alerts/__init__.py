"""The commands of alerts and of the inbox."""
