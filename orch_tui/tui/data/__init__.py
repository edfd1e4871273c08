"""The project's storage on the screen: the list of its tables, and one table as a grid."""
