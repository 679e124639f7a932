"""The safe part of the contract suite against any bank: inquiries and refused calls only. Nothing here moves money."""
