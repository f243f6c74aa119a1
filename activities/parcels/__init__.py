"""Parcels: subscriptions at carriers, polling while they are silent; the adapters of the carriers."""
