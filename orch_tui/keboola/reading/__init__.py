"""The forms that a Keboola project has on disk: a pulled directory, single files, exports of its API."""
