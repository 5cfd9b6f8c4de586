"""The ledger, obligations and the payment gateway."""
