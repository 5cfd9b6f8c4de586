"""Haggling: two parties who offer and answer in turns, as a fold over their moves."""
