"""What is served over HTTP: the gateway for apps, carriers and payment providers, and the codec server."""
