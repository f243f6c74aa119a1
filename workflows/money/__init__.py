"""Money: amounts in integer minor units, and movements as the payment provider is asked for them."""
