"""Reports of what happened between an integrator and a bank: JUnit XML, HAR 1.2, one HTML page."""
