"""What the process goes by: policy, calendar and staff table as validated, versioned values, and the packaged ones."""
