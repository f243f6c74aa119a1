from tests.sandbox.fixtures import http, operator, sandbox

__all__ = ["http", "operator", "sandbox"]
