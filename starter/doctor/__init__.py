"""What `redress doctor` checks: one module per part of the system, each saying how it stands and what to do."""
