"""Is the harness any good? Here mistakes are planted in the programs, and the tests must find every one."""
