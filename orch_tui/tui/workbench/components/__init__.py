"""The components and configurations that tasks are made of."""
