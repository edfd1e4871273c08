"""Component: a message to people in the middle of a flow."""
