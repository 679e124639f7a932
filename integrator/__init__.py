"""The production service between ReCORE and the bank: takes payouts and pays each of them exactly once."""
