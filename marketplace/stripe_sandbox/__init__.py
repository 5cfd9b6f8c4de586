"""A local Stripe for demo and tests."""
