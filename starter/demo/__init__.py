"""`redress demo`: a guided tour of real cases on a stack with time skipping."""
