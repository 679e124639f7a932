"""The desk for つかいわけ口座: opening, inquiries, and moves between the purses of one holder.

One method a command or inquiry, under the bank's lock, `at` named by the caller. Source: Personal API, 1, 2, 3 and 11.
"""

from datetime import datetime

from mock_gmo.bank.days import civil_date
from mock_gmo.bank.desk import Desk
from mock_gmo.bank.inquiry import resolve_period
from mock_gmo.bank.other_accounts import FOREIGN_CURRENCIES, YEN, rate_as_of
from mock_gmo.bank.postings import LEG_MAX_YEN, Leg, LineText, PostingKind
from mock_gmo.bank.refusals import InsufficientFunds, SpAccountNotUsable, SpAccountsSame, SpAmountUnusable
from mock_gmo.bank.sp_accounts import NO_SHARES, SP_HOLDER_KINDS, SpAccount, SpBalance, SpOrder, SpShares, SpTransfer
from mock_gmo.bank.sp_purses import foreign_of, purse_lines, thousandths_of, time_deposits_yen_of, yen_of
from mock_gmo.bank.statements import StatementPage, StatementQuery

SP_TRANSFER_TEXT = LineText("つかいわけ口座間振替")


class SpAccountDesk(Desk):
    """What holders ask and do with their purses. A refusal changes nothing."""

    def open(self, account: SpAccount, shares: SpShares = NO_SHARES, *, at: datetime) -> None:
        """Open a purse: the parent with all that its main account has, a child with shares taken from the parent.

        Raises CustomerUnknown, AccountNotUsable, and ValueError for a holder without purses, a second parent, a child
        without one, a taken id or number, and shares that the parent has not.
        """
        with self._lock:
            self._let_fall_due(at)
            self._require_openable(account)
            parent = self._parent(account)
            if parent is not None:
                self._require_shares(parent, shares)
            elif shares != NO_SHARES:
                raise ValueError("the parent holds what the children do not, and is given no shares")
            self._state.books.open_account(account.account_id, beside=account.main_account_id if parent is None else "")
            self._state.sp.enter(account)
            if parent is not None:
                self._give(parent, account, shares, at=at)

    def accounts_of(self, customer_id: str) -> list[SpAccount]:
        """Return the customer's purses, the parent first, then by id. Raises CustomerUnknown."""
        with self._lock:
            self._state.get_customer(customer_id)
            return self._state.sp.of(customer_id)

    def get_own(self, customer_id: str, sp_account_id: str) -> SpAccount:
        """Return the purse when that customer holds it. Raises SpAccountNotUsable."""
        account = self._state.sp.accounts.get(sp_account_id)
        if account is None or account.customer_id != customer_id:
            raise SpAccountNotUsable
        return account

    def balances(self, customer_id: str, sp_account_id: str | None = None, *, at: datetime) -> list[SpBalance]:
        """Return what one purse holds, or what each does. Raises CustomerUnknown, SpAccountNotUsable."""
        with self._lock:
            if sp_account_id is not None:
                return [self._balance(self.get_own(customer_id, sp_account_id), at=at)]
            return [self._balance(account, at=at) for account in self.accounts_of(customer_id)]

    def statement(self, customer_id: str, query: StatementQuery, *, at: datetime) -> StatementPage:
        """Return up to 500 lines of a purse, oldest first. Raises SpAccountNotUsable, NextItemKeyUnknown.

        The keys of the lines are not told on the wire; that of the page is nobody's but the bank's.
        """
        with self._lock:
            account = self.get_own(customer_id, query.account_id)
            main = self._state.accounts[account.main_account_id]
            period = resolve_period(query.date_from, query.date_to, today=civil_date(at))
            lines, next_key = purse_lines(self._state, account, period, after_key=query.after_key)
            return StatementPage(period.date_from or main.opened_on, period.date_to, lines, next_key)

    def transfer(self, customer_id: str, order: SpOrder, *, at: datetime) -> SpTransfer:
        """Move money between two purses of one holder, at once.

        Raises SpAccountNotUsable, SpAccountsSame, SpCurrencyUnknown, SpAmountUnusable, InsufficientFunds.
        """
        with self._lock:
            self._let_fall_due(at)
            credited = self.get_own(customer_id, order.deposit_id)
            debited = self.get_own(customer_id, order.debit_id)
            if credited == debited:
                raise SpAccountsSame
            figure = order.figure
            if order.currency == YEN:
                if figure > yen_of(self._state, debited):
                    raise InsufficientFunds
                if figure > LEG_MAX_YEN:
                    raise SpAmountUnusable
                self._move_yen(debited, credited, figure, at=at)
            else:
                if figure > thousandths_of(self._state, debited, order.currency):
                    raise InsufficientFunds
                self._move_foreign(debited, credited, order.currency, figure)
            return SpTransfer(order, at)

    def _require_openable(self, account: SpAccount) -> None:
        state = self._state
        customer = state.get_customer(account.customer_id)
        if customer.kind not in SP_HOLDER_KINDS:
            raise ValueError(f"{account.customer_id} is a {customer.kind}; つかいわけ口座 are for persons")
        if not state.get_own_account(account.customer_id, account.main_account_id).primary:
            raise ValueError(f"{account.main_account_id} is not the main account")
        place = account.place
        state.require_new_account(
            account.account_id, number=(place.branch_code, place.number) if place is not None else None
        )
        if place is not None and place.branch_code + place.number in state.virtual.accounts:
            raise ValueError(f"{place.branch_code} {place.number} is a virtual account's")

    def _parent(self, account: SpAccount) -> SpAccount | None:
        """Return the parent that a child belongs to, or None for a parent."""
        parent_id = self._state.sp.parent_ids.get(account.main_account_id)
        if account.is_parent != (parent_id is None):
            raise ValueError("the first つかいわけ口座 is the parent, all others are its children")
        return self._state.sp.accounts[parent_id] if parent_id is not None else None

    def _require_shares(self, parent: SpAccount, shares: SpShares) -> None:
        state = self._state
        has_yen = 0 <= shares.yen <= min(yen_of(state, parent), LEG_MAX_YEN)
        has_time = 0 <= shares.time_deposits_yen <= max(0, time_deposits_yen_of(state, parent))
        foreign = dict(shares.foreign)
        has_foreign = len(foreign) == len(shares.foreign) and all(
            currency in FOREIGN_CURRENCIES and 1 <= thousandths <= thousandths_of(state, parent, currency)
            for currency, thousandths in shares.foreign
        )
        if not (has_yen and has_time and has_foreign):
            raise ValueError("a child is given what its parent has, and no less than nothing")

    def _give(self, parent: SpAccount, child: SpAccount, shares: SpShares, *, at: datetime) -> None:
        if shares.yen:
            self._move_yen(parent, child, shares.yen, at=at)
        if shares.time_deposits_yen:
            self._state.sp.time_deposits_yen[child.account_id] = shares.time_deposits_yen
        for currency, thousandths in shares.foreign:
            self._move_foreign(parent, child, currency, thousandths)

    def _move_yen(self, debited: SpAccount, credited: SpAccount, yen: int, *, at: datetime) -> None:
        legs = (Leg(debited.account_id, -yen, SP_TRANSFER_TEXT), Leg(credited.account_id, yen, SP_TRANSFER_TEXT))
        self._state.books.post(PostingKind.SP_TRANSFER, legs, at=at)

    def _move_foreign(self, debited: SpAccount, credited: SpAccount, currency: str, thousandths: int) -> None:
        """Change the shares of the children among the two; the parent's follows from them."""
        for account, change in ((debited, -thousandths), (credited, thousandths)):
            if account.is_parent:
                continue
            held = self._state.sp.foreign.setdefault(account.account_id, {})
            held[currency] = held.get(currency, 0) + change
            if not held[currency]:
                del held[currency]
            if not held:
                del self._state.sp.foreign[account.account_id]

    def _balance(self, account: SpAccount, *, at: datetime) -> SpBalance:
        state = self._state
        foreign = foreign_of(state, account)
        told_at = state.rules.currency_rate_time
        return SpBalance(
            account=account,
            yen=yen_of(state, account),
            time_deposits_yen=time_deposits_yen_of(state, account),
            foreign=foreign,
            rate_as_of=rate_as_of(at, told_at=told_at, calendar=state.calendar) if foreign else None,
        )
