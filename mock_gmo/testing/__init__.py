"""For those who test an integrator: the verdict, a bank in their tests, the pytest plugin. Imports nothing itself."""
