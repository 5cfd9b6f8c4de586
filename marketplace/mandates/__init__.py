"""What an agent may do alone: mandates, their ceilings, check-ins, and rules learned from cases."""
