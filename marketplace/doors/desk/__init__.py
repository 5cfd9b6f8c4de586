"""The operator's desk in the admin: what needs a hand today, the choice of a rule, a try, and each market's story."""
