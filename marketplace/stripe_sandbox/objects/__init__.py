"""One file per Stripe object: its table, its states, its JSON and the calls on it."""
