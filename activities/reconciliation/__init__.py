"""The checks of the reconciler: cases, the provider's book, debts; each finding is a task with an owner."""
