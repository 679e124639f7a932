"""How a refresh ended: from the bank's answer to the table of connections, and into the log. Nothing is stored here."""

import logging

from integrator.bank_client.oauth import TokenAnswer, TokenGrant, TokenRefused, TokenUnavailable
from integrator.domain.connection import MOVES, ConnectionState, Happening, Move

GRANT_ENDED = "invalid_grant"

log = logging.getLogger("integrator.connection")


def tell(company_id: str, state: str, happened: Happening, *, reason: str) -> Move:
    """Return what follows, and log it: as an error when somebody has to look at once."""
    move = MOVES[ConnectionState(state), happened]
    if move.is_alarm:
        words = (company_id, happened, move.state, reason)
        log.error("connection.alarm company=%s happened=%s state=%s reason=%s", *words)
    else:
        log.warning("connection.moved company=%s happened=%s state=%s", company_id, happened, move.state)
    return move


def happening(answer: TokenRefused | TokenUnavailable) -> Happening:
    """Return what an answer without tokens means for the connection."""
    match answer:
        case TokenRefused(error=error):
            return Happening.GRANT_ENDED if error == GRANT_ENDED else Happening.REFRESH_REFUSED
        case TokenUnavailable(is_spent_unknown=True):
            return Happening.REFRESH_IN_DOUBT
        case TokenUnavailable():
            return Happening.REFRESH_NOT_SENT


def word(answer: TokenAnswer) -> str:
    """Return an answer in a word or two, without anything secret."""
    match answer:
        case TokenGrant():
            return "granted"
        case TokenRefused(error=error):
            return f"refused:{error}"
        case TokenUnavailable(fact=fact):
            return f"unavailable:{fact}"
