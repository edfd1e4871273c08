"""What is over: the runs of an orchestration, two of them beside each other, what an attempt ran."""
