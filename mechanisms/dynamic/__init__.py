"""Dynamic auctions: sales that unfold in bids and orders, as a fold over moves."""
