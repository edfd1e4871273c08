"""What the home screen knows: orchestrations, runs that go on, last runs. Without Textual; read by threads."""
