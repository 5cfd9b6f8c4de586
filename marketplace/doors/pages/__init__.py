"""The pages that people look at: the list of markets and each market, live."""
