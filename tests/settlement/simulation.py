"""Settlements in virtual time while calls go wrong, from one seed."""

from tests.settlement.world import World

RATE = 0.1  # of all calls go wrong


def simulate(seed, patch, *, markets, buyers, winners, rate=RATE):
    """So many markets of one world; the world, the slowest rest in virtual seconds, and all that is wrong."""
    world = World(seed, patch, buyers=buyers)
    slowest, faults = 0.0, []
    for number in range(markets):
        world.break_everything(rate)
        plan = world.market(winners, outsider=number % 5 == 4)
        slowest = max(slowest, world.run(plan, rate, steps=25))
        if number % 3 == 2 and not plan.gone:
            world.refund(plan)
            slowest = max(slowest, world.run(plan, rate, steps=10))
        faults += world.faults(plan)
    faults += world.purse_faults()
    return world, slowest, faults
