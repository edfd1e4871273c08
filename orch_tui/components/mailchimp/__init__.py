"""Mailchimp: the contacts of a table into an audience."""
