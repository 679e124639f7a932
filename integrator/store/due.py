"""What kinds of work are due at all: one question, asked several times a second, instead of one for each kind."""

from enum import StrEnum

from sqlalchemy import Connection, exists, select

from integrator.store.base import MACHINE, NOW
from integrator.store.claims import Times, Work, is_ready, parameters
from integrator.store.jobs import is_work
from integrator.store.restores import is_open
from integrator.store.schema import jobs, submissions
from integrator.store.supervised import restores


class Due(StrEnum):
    """A kind of work of which the database tells when it is due."""

    JOB = "job"
    SUBMIT = "submit"
    RESOLVE = "resolve"
    CANCEL = "cancel"
    FOLLOW = "follow"
    RESTORE = "restore"


_KINDS = {
    Due.JOB: exists().select_from(jobs).where(is_work(NOW, MACHINE)),
    **{Due(work.value): exists().select_from(submissions).where(is_ready(work)) for work in Work},
    Due.RESTORE: exists().select_from(restores).where(is_open(NOW)),
}
_LOOK = select(*(there_is.label(kind.value) for kind, there_is in _KINDS.items()))


def kinds_due(tx: Connection, at: Times) -> frozenset[Due]:
    """Return the kinds of which a piece may be claimed now. No lock is taken; the claim decides."""
    found = tx.execute(_LOOK, parameters(at, None)).one()
    return frozenset(kind for kind, is_due in zip(_KINDS, found, strict=True) if is_due)
