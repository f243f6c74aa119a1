"""Rules of goods: fulfilment, legs of goods on their way, and what the receiver reports (R6.3 to R6.9)."""
