"""A person's own pages: what is open, what is asked, what was done, the rules, and stop."""
