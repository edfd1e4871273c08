"""What is wrong or suspicious in a project: each file has the checks of one subject."""
