"""Starting by schedules: ``scheduler``, ``crontab``, ``pause``, ``missed``."""
