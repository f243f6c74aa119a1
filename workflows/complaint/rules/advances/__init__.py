"""Rules of advances by the platform's fund: ordered, frozen, unfrozen or clawed back, recovered (R9)."""
