import pytest

from ketamind.cortex.network import Network, read_network
from ketamind.cortex.simulate import Recording, Simulation


@pytest.fixture(scope="session")
def starting() -> Network:
    return read_network("starting")


@pytest.fixture(scope="session")
def baseline(starting: Network) -> Recording:
    """Six drug-free seconds of the starting network, after half a second that is thrown away."""
    simulation = Simulation(starting, 1000, seed=1)
    simulation.run(0.5)
    return simulation.run(6.0)
