"""What the components for database servers (PostgreSQL, MySQL) share: parameters, sessions, reading, writing."""
