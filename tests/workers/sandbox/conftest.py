from tests.workers.sandbox.fixtures import http, operator, sandbox

__all__ = ["http", "operator", "sandbox"]
