"""Several programs in one project at once: locks, files that change together, files of one session each."""
