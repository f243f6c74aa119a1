"""Registration and record of cases, and what a case asks of the system of record."""
