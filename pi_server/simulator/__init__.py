"""The providers' endpoints on loopback, as strict as the service, with faults on demand. For the demo and the tests."""

from pi_server.simulator.faults import NOT_PERMITTED, Fault, Faults
from pi_server.simulator.simulator import CopilotLogin, Login, Simulator

__all__ = ["NOT_PERMITTED", "CopilotLogin", "Fault", "Faults", "Login", "Simulator"]
