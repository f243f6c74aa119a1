"""The HTTP gateway: API for apps, webhooks for carriers and payment providers."""
