"""Every operation of the bank × every status of its contract: how each comes about, and the table of it."""
