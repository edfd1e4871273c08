"""What starts an orchestration and who is told of it, on the screen: schedules, triggers, alerts, pauses, intervals."""
