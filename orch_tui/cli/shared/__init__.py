"""What every command needs: the project, names, sentences and exit codes, output for people and as JSON."""
