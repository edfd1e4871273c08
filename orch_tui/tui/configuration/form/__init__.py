"""Parameters as a form: fields made from a component's schema, and the widgets that show them."""
