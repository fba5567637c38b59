# SPDX-License-Identifier: Apache-2.0
"""What customers, imports and undos must come to, in the simplest words: a log of writes for each customer.

A customer has what the last write of each field left; a write that is undone leaves the log.  Nothing here knows of
files, transactions, batches or a database."""
import copy

FIELDS = ("email", "name", "phone", "created_at", "unsubscribed", "external_id")
EMPTY = {"unsubscribed": False}


def is_attribute(field):
    return field not in FIELDS


def is_import(origin):
    return origin[0] == "import"


def same_email(a, b):
    return a is not None and b is not None and a.lower() == b.lower()


class Write:
    def __init__(self, origin, field, new, at):
        self.origin, self.field, self.new, self.at = origin, field, new, at
        self.left = False  # its import is undone, and the value stayed: nobody's any more
        self.waits = False  # its import is undone but for this e-mail, which another import's customer has

    def counts(self):
        return not self.left and not self.waits


class Customer:
    def __init__(self, number, origin, values):
        self.number, self.maker = number, origin
        self.first, self.now = dict(values), dict(values)
        self.log = []
        self.orphan = False  # his maker is undone; he goes with the last import that has a hand in him
        self.id = None  # the program's

    def get(self, field):
        return self.now.get(field, EMPTY.get(field))

    def put(self, field, value):
        self.now[field] = value
        if value is None:
            del self.now[field]

    def without(self, origin, after=None):
        """What each field would have, had `origin` not written to it (with `after`: not from that write on)."""
        def value(field):
            start = 0 if after is None else self.log.index(after)
            for i in range(len(self.log) - 1, -1, -1):
                w = self.log[i]
                if w.field == field and (w.left or w.origin != origin or i < start):
                    return w.new
            return self.first.get(field, EMPTY.get(field))
        return value


class Change:
    """One row of a file or one request."""

    def __init__(self, key=None, values=(), replace=False, problems=(), refused=(), op="upsert", **rules):
        self.key, self.values, self.replace, self.op = key, dict(values), replace, op
        self.refused = list(refused)  # what was wrong with it before anyone looked at the customers
        self.lenient, self.adopt = rules.get("lenient", False), rules.get("adopt", False)
        self.skip_existing, self.skip_missing = rules.get("skip_existing", False), rules.get("skip_missing", False)
        self.keep_opt_outs = rules.get("keep_opt_outs", False)


class Kept:
    """What an undo left as it was."""

    def __init__(self, customer, code, field, write=None, undone=None, now=None, other=None):
        self.customer, self.code, self.field = customer, code, field
        self.origin, self.at = (write.origin, write.at) if write else (None, None)
        self.undone, self.now, self.other = undone, now, other


class Registry:
    def __init__(self):
        self.customers, self.gone, self.kept = [], {}, {}
        self.count = self.clock = 0
        self.order = []  # every write, in order
        self.undone_writes = []

    def by_key(self, key):
        return next((c for c in self.customers if c.get("external_id") == key), None)

    def by_email(self, email):
        return next((c for c in self.customers if same_email(c.get("email"), email)), None)

    # --- writing ---

    def write(self, customer, origin, field, value):
        w = Write(origin, field, value, self.clock)
        customer.log.append(w)
        customer.put(field, value)
        self.order.append((customer, w))

    def act(self, change, origin, customer=None):
        """One change; (outcome, [(code, field, other)], customer)."""
        if change.refused:
            return "failed", change.refused, None
        if customer is None and change.op != "create" and change.key is not None:
            customer = self.by_key(change.key)
        if customer is None and change.adopt and change.op == "upsert":
            owner = self.by_email(change.values.get("email"))
            customer = owner if owner and owner.get("external_id") is None else None
        if customer is None and change.op in ("update", "delete"):
            return ("skipped", [], None) if change.skip_missing else ("failed", [("not_found", "id", None)], None)
        if customer and change.skip_existing:
            return "skipped", [], customer
        if change.op == "delete":
            self.customers.remove(customer)
            self.gone[customer.number] = origin
            customer.gone_at = self.clock
            return "deleted", [], customer
        values = dict(change.values)
        if customer is None and change.op == "upsert":
            values["external_id"] = change.key
        if customer is not None and customer.get("external_id") is not None:
            values.pop("external_id", None)
        if change.replace:
            for field in list(customer.now if customer else ()):
                if is_attribute(field):
                    values.setdefault(field, None)
        current = customer.get if customer else lambda field: EMPTY.get(field)
        if change.keep_opt_outs and current("unsubscribed"):
            values.pop("unsubscribed", None)
        differs = {f: v for f, v in values.items() if v != current(f)}
        problems = []
        for field in ("external_id", "email"):
            if differs.get(field) is None or (field == "email" and same_email(differs[field], current("email"))):
                continue
            other = self.by_key(differs[field]) if field == "external_id" else self.by_email(differs[field])
            if other is None or other is customer:
                continue
            if field == "email" and change.lenient:
                del differs["email"]
            else:
                problems.append(("taken", field, other))
        if problems:
            return "failed", problems, customer
        if customer is None:
            self.count += 1
            customer = Customer(self.count, origin, {f: v for f, v in differs.items() if v is not None})
            self.customers.append(customer)
            return "created", [], customer
        for field, value in differs.items():
            self.write(customer, origin, field, value)
        return ("updated" if differs else "unchanged"), [], customer

    def run(self, rows, origin, repeats="in_order"):
        """A file; the outcome of each row."""
        seen, outcomes = set(), []
        for row in rows:
            if not row.refused and repeats != "in_order" and row.key in seen:
                outcomes.append(("skipped", []) if repeats == "first_wins" else ("failed", [("repeated_key", "external_id", None)]))
                continue
            if not row.refused:
                seen.add(row.key)
            outcomes.append(self.act(row, origin)[:2])
        return outcomes

    # --- undoing ---

    def others(self, customer, origin):
        return [w for w in customer.log if w.origin != origin and w.counts()]

    def keep(self, origin, *arguments, **more):
        self.kept.setdefault(origin, []).append(Kept(*arguments, **more))

    def undo(self, origin):
        self.kept[origin] = []
        for c in reversed(self.customers[:]):
            if c.maker == origin:
                self.undo_made(c, origin)
        mine = [(c, w) for c, w in self.order if w.origin == origin and w in c.log and not w.left]
        for c, w in reversed(mine):
            self.undo_write(c, w, origin)
        self.try_waiting()

    def undo_made(self, c, origin):
        others = self.others(c, origin)
        if not others:
            self.customers.remove(c)
            return
        people = [w for w in others if not is_import(w.origin)]
        self.keep(origin, c, "touched_since", "id", write=(people or others)[-1])
        c.orphan = True
        for w in c.log:
            w.left = w.left or w.origin == origin

    def undo_write(self, c, w, origin):
        mine = [x for x in c.log if x.origin == origin and not x.left]
        first = [x for x in mine if x.field == w.field][0] is w
        if c not in self.customers:
            if c.number in self.gone and c.maker != origin and w is mine[0]:
                self.keep(origin, c, "deleted_since", "id", write=Write(self.gone[c.number], "id", None, c.gone_at))
            return
        if c.orphan and not self.others(c, origin):
            if w is mine[0]:
                self.customers.remove(c)
            return
        at = c.log.index(w)
        later = [x for x in c.log[at:] if x.field == w.field and x.origin != origin and not x.left]
        if later:
            if first:
                before = [x for x in c.log[:c.log.index(later[0])] if x.field == w.field and x.origin == origin]
                self.keep(origin, c, "changed_since", w.field, write=later[-1], undone=before[-1].new, now=c.get(w.field))
                self.forget(c, w.field, origin)
            return
        if w.field == "email":
            self.give_email(c, w, origin, first)
            return
        below = [x for x in c.log[:at] if x.field == w.field]
        if below and below[-1].origin == origin and not below[-1].left:
            return  # the one below gives back what was there before both
        value = below[-1].new if below else c.first.get(w.field, EMPTY.get(w.field))
        stays = w.field == "unsubscribed" and c.get(w.field) and not value
        if not stays:
            c.put(w.field, value)
        if first and stays:
            self.keep(origin, c, "opt_out_kept", w.field)
            self.leave(c, w.field, origin)
        elif first:
            self.forget(c, w.field, origin)

    def forget(self, c, field, origin):
        c.log = [x for x in c.log if x.left or x.field != field or x.origin != origin]

    def leave(self, c, field, origin):
        """The value stays, and is nobody's."""
        last = [x for x in c.log if x.field == field and x.origin == origin and not x.left][-1]
        self.forget(c, field, origin)
        c.log.append(last)
        last.left, last.waits, last.new = True, False, c.get(field)

    def owner_of(self, c, email):
        owner = self.by_email(email)
        return None if owner is c else owner

    def has_email_by_import(self, owner):
        writes = [x for x in owner.log if x.field == "email" and not x.left]
        return is_import(writes[-1].origin if writes else owner.maker)

    def give_email(self, c, w, origin, first):
        value = c.without(origin, after=w)("email")
        owner = self.owner_of(c, value)
        if not owner or value == c.get("email"):
            c.put("email", value)
            if first:
                self.forget(c, "email", origin)
            return
        if not first:
            return
        self.keep(origin, c, "email_left_out", "email", other=owner)
        if not self.has_email_by_import(owner):
            self.leave(c, "email", origin)
            return
        self.leave(c, "email", origin)
        left = c.log[-1]
        left.left, left.waits = False, True

    def try_waiting(self):
        """E-mails that waited go back as soon as they are free."""
        for c, w in self.order:
            if w.waits and w in c.log and c not in self.customers:
                self.forget_kept(w.origin, c)
                c.log.remove(w)
                if c.number in self.gone and c.maker != w.origin:
                    self.keep(w.origin, c, "deleted_since", "id", write=Write(self.gone[c.number], "id", None, c.gone_at))
        went = True
        while went:
            went = False
            waiting = [(w.origin[1], n, c, w) for n, (c, w) in enumerate(self.order) if w.waits and w in c.log and c in self.customers]
            for _, _, c, w in sorted(waiting, key=lambda x: x[:2], reverse=True):
                went = self.try_one(c, w) or went
            went = went or self.turn_ring()

    def forget_kept(self, origin, c):
        self.kept[origin][:] = [k for k in self.kept[origin] if k.customer is not c or k.field != "email"]

    def waiting_of(self, c):
        writes = [x for x in c.log if x.field == "email" and not x.left]
        return writes[-1] if writes and writes[-1].waits else None

    def turn_ring(self):
        """Some who wait for each other's e-mails all get theirs."""
        for c in self.customers:
            ring = [c]
            while w := self.waiting_of(ring[-1]):
                owner = self.owner_of(ring[-1], ring[-1].without(w.origin)("email"))
                if owner is c:
                    emails = [x.without(self.waiting_of(x).origin)("email") for x in ring]
                    for x, email in zip(ring, emails):
                        w = self.waiting_of(x)
                        self.forget_kept(w.origin, x)
                        x.log.remove(w)
                        x.put("email", email)
                    return True
                if owner is None or owner in ring:
                    break
                ring.append(owner)
        return False

    def try_one(self, c, w):
        later = [x for x in c.log[c.log.index(w):] if x.field == "email" and x is not w and not x.left]
        kept = self.kept[w.origin]
        value = c.without(w.origin)("email")
        owner = self.owner_of(c, value)
        if not later and owner and value != c.get("email") and self.has_email_by_import(owner):
            for k in kept:
                k.other = owner if k.customer is c and k.field == "email" else k.other
            return False
        self.forget_kept(w.origin, c)
        if later:
            self.keep(w.origin, c, "changed_since", "email", write=later[-1], undone=w.new, now=c.get("email"))
            c.log.remove(w)
            return False
        if owner and value != c.get("email"):
            self.keep(w.origin, c, "email_left_out", "email", other=owner)
            w.left, w.waits = True, False
            return False
        c.log.remove(w)
        went = c.get("email") != value
        c.put("email", value)
        return went

    def copy(self):
        return copy.deepcopy(self)
