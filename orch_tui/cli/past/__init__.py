"""Commands about runs that have been: finding them, their failures, their logs, notes on them."""
