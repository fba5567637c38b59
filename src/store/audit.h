/* audit: who did what, when and from where.
 *
 * An entry is written in the transaction of what it tells of: in control.db of users, tokens,
 * webhooks and the company itself, in the company's own database of customers, imports and exports.
 * It holds no values of customers.  Whoever reads sees one list.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include "store/store.h"

struct audit_entry {
    bool of_control;
    int64_t id; /* among those of its kind */
    int64_t at_us;
    str action; /* "token.created" */
    int64_t origin;
    str who;     /* the name of a user or a token, as it was; {0}: none is known */
    str address; /* {0}: it came over no network */
    str subject_type, subject_id, subject; /* subject: its name; {0}: it has none */
    str details;                           /* a JSON object */
};
/* Where a page ended; {0}: at the newest. */
struct audit_place {
    int64_t at_us, id;
    bool of_control;
};
struct audit_filter {
    str actions; /* a JSON array of actions ("token.created") or groups of them ("token"); {0}: all
                  */
    int64_t user_id;        /* who did it, or whom it is about; 0: whoever */
    int64_t from_us, to_us; /* to_us 0: no end */
};
/* A company's entries before the place, the newest first, at most limit, in the arena. */
MUST_CHECK bool store_audit_list(struct store_company *c, struct arena *a,
                                 const struct audit_filter *filter,
                                 const struct audit_place *before, size_t limit,
                                 struct audit_entry **ret_entry, size_t *ret_count,
                                 struct err *err);
/* What a user (the e-mail) or a token is called, or was; {0}: it is none of these, or not known any
 * more. */
MUST_CHECK bool store_who(struct store *s, struct arena *a, int64_t origin, str *ret_name,
                          struct err *err);
/* Notes what changes nothing in control.db, of a user ("user.login"); details: a JSON object.
 * company_id 0: the user's own. */
MUST_CHECK bool store_audit_user(struct store *s, const struct asker *by, const char *action,
                                 int64_t user_id, int64_t company_id, const char *details,
                                 struct err *err);
/* Notes that somebody at by->address was refused as that user.  Many times in a while become one
 * entry that says how often, and many addresses few entries: who tries does not fill the log. */
MUST_CHECK bool store_audit_refused_login(struct store *s, const struct asker *by, int64_t user_id,
                                          struct err *err);
/* Notes what changes nothing in the company's database, of a customer or an export. */
MUST_CHECK bool store_audit_note(struct store_company *c, const struct asker *by,
                                 const char *action, const char *subject_type, str subject_id,
                                 const char *details, struct err *err);
/* Forgets a company's entries of before then; those of imports stay as long as the import is. */
MUST_CHECK bool store_audit_purge(struct store_company *c, int64_t before_us, struct err *err);
/* The same of those that are no company's. */
MUST_CHECK bool store_audit_purge_server(struct store *s, int64_t before_us, struct err *err);

#endif
