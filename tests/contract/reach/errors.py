"""x"""

NOT_REACHED = {}


def declared_errors():
    return []
