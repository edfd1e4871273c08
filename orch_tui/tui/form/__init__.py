"""Configurations as forms: fields made from a component's schema, and the widgets that show them."""
