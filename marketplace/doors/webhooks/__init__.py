"""Outgoing webhooks: the inbox, told to an address of the agent's own."""
