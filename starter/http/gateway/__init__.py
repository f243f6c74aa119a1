"""The HTTP gateway: the doors for apps, carriers and payment providers, safe to leave open."""
