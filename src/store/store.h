/* store: keeps and finds companies and their customers.  The one interface; what stands behind it
 * (SQLite today) knows SQL, everything above knows only this.
 *
 * One write path: every change to customers, from the API, a file or the command line, is a batch
 * of patches given to store_submit() (or store_apply(), which waits).  Each company has one writer;
 * whatever waits for it shares one transaction and one sync to disk (group commit), and each batch
 * learns its own outcome after the commit. Reading goes through store_reader, one per thread.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "domain/company.h"
#include "domain/consumer.h"
#include "domain/consumer_filter.h"
#include "domain/consumer_search.h"

struct store;
struct store_config {
    const char *data_dir;
    const char *seal_key_file; /* NULL: "seal.key" in the data directory, made at the first start */
    size_t cache_bytes;        /* page cache of a company's writer; 0: 16 MiB */
    uint64_t token_max_days;   /* a new token lasts no longer; 0: 730 */
    bool commit_each;          /* one commit per batch instead of per group: for measuring only */
};
/* Opens the data directory (which store_create() made) and takes its lock; brings the schema up to
 * date. Errors: ERR_NOT_FOUND (no data directory here), ERR_BUSY (another process owns it),
 * ERR_INVALID (schema newer than this program), ERR_INTERNAL. */
MUST_CHECK bool store_open(const struct store_config *config, struct store **ret_store,
                           struct err *err);
/* Makes a data directory (the directory itself may exist, if empty). Errors: ERR_CONFLICT (one is
 * there). */
MUST_CHECK bool store_create(const struct store_config *config, struct err *err);
/* As it was given; lives as long as the store. */
const char *store_data_dir(const struct store *s);
/* Finishes what was submitted, checkpoints, closes, gives the lock back. */
void store_free(struct store *s);
DEFINE_AUTO(struct store *, store_free)

/* A key of this data directory for one purpose: it stays the same as long as the sealing key, which
 * it tells nothing of. */
void store_secret(const struct store *s, str purpose, unsigned char ret_key[SHA256_BYTES]);
enum { STORE_SIGNATURE_BYTES = 65 }; /* 64 and a NUL */
/* Signs a text with a key of the store's own, for what clients carry and bring back: HMAC-SHA256,
 * in hexadecimal.  purpose keeps the texts of one use from being taken for another's. */
void store_sign(const struct store *s, const char *purpose, str text,
                char ret_signature[STORE_SIGNATURE_BYTES]);
/* True when store_sign() gave the text that signature; takes the same time whatever is wrong. */
bool store_is_signed(const struct store *s, const char *purpose, str text, str signature);

/* --- companies, users, tokens: small, rare, synchronous; any thread --- */
struct company {
    int64_t id;
    str name, zone;
    enum put_contacts put_contacts;
    enum import_webhooks import_webhooks; /* of imports that do not say */
    int64_t created_at_us;
    str import_defaults; /* settings of imports that say nothing else: a JSON object, the
                            importer's own */
    int64_t keep_files_days, keep_trail_days, keep_audit_days; /* 0: as long as the server does */
};
enum company_field { /* bits */
                     COMPANY_NAME = 1,
                     COMPANY_ZONE = 2,
                     COMPANY_PUT_CONTACTS = 4,
                     COMPANY_IMPORT_WEBHOOKS = 8,
                     COMPANY_IMPORT_DEFAULTS = 16,
                     COMPANY_KEEP_FILES = 32,
                     COMPANY_KEEP_TRAIL = 64,
                     COMPANY_KEEP_AUDIT = 128
};
struct user {
    int64_t id, company_id; /* 0: of all companies, a ROLE_ADMIN */
    str email;
    enum user_role role;
    bool disabled;
    bool has_password; /* else he was invited, and did not come yet */
    int64_t created_at_us;
};
struct token {
    int64_t id, company_id;
    str name;
    unsigned scope;
    int64_t created_at_us, expires_at_us /* 0: never */, revoked_at_us /* 0: not */;
    int64_t used_at_us; /* to the second, or so; 0: never.  Of store_token_list() only */
};
/* Errors of all of these: ERR_NOT_FOUND, ERR_CONFLICT (name or e-mail taken), ERR_INVALID (a name,
 * zone, e-mail, password or key that is none), ERR_INTERNAL. */

/* Who asks for a change stands in the audit log, in the same transaction; by NULL: nobody does. */

/* Makes a company; name as company_name_check() wants it, zone as zone_open() takes it. */
MUST_CHECK bool store_company_create(struct store *s, const struct asker *by, str name, str zone,
                                     int64_t *ret_id, struct err *err);
/* One company, or ERR_NOT_FOUND; the slices live in the arena: */
MUST_CHECK bool store_company_by_name(struct store *s, struct arena *a, str name,
                                      struct company *ret, struct err *err);
MUST_CHECK bool store_company_by_id(struct store *s, struct arena *a, int64_t id,
                                    struct company *ret, struct err *err);
/* All companies, by name, in the arena. */
MUST_CHECK bool store_company_list(struct store *s, struct arena *a, struct company **ret_company,
                                   size_t *ret_count, struct err *err);
/* Gives a company those fields of *now; they show at the next look.  Who works with an earlier zone
 * goes on with it. */
MUST_CHECK bool store_company_change(struct store *s, const struct asker *by, int64_t id,
                                     unsigned fields, const struct company *now, struct err *err);
/* Removes the company, its users, tokens and customers for good. */
MUST_CHECK bool store_company_delete(struct store *s, const struct asker *by, int64_t id,
                                     struct err *err);
/* password {0}: none yet, the user comes in by a one-time link.  company_id is 0 for ROLE_ADMIN,
 * and for no other. */
MUST_CHECK bool store_user_create(struct store *s, const struct asker *by, int64_t company_id,
                                  str email, enum user_role role, str password, int64_t *ret_id,
                                  struct err *err);
/* One user of a company (0: of all), e-mails compared by consumer_email_key(), or ERR_NOT_FOUND. */
MUST_CHECK bool store_user_by_email(struct store *s, struct arena *a, int64_t company_id, str email,
                                    struct user *ret, struct err *err);
/* The same by id. */
MUST_CHECK bool store_user_get(struct store *s, struct arena *a, int64_t id, struct user *ret,
                               struct err *err);
/* The users of an e-mail in all companies, at most LIMIT_ACCOUNTS_OF_EMAIL, in the arena; {0} is
 * nobody's. */
MUST_CHECK bool store_user_of_email(struct store *s, struct arena *a, str email,
                                    struct user **ret_user, size_t *ret_count, struct err *err);
/* A company's users (0: those of all), by e-mail, in the arena. */
MUST_CHECK bool store_user_list(struct store *s, struct arena *a, int64_t company_id,
                                struct user **ret_user, size_t *ret_count, struct err *err);
/* Whether there is any user at all; from memory. */
bool store_has_users(const struct store *s);
/* The first company and its server's admin, when there is no user yet. */
struct store_first {
    str company, zone, email, password;
};
/* Makes both, or neither.  Errors: ERR_BUSY when there is a user already; as of the two. */
MUST_CHECK bool store_setup(struct store *s, const struct asker *by, const struct store_first *f,
                            int64_t *ret_user_id, struct err *err);
/* The users of all companies (or of one: *company_id; 0: of none) with this e-mail and password, in
 * the arena; none is no error.  Takes as long whether there is such an e-mail or not: a tenth of a
 * second, or so, and for each password that is looked at. */
MUST_CHECK bool store_user_login(struct store *s, struct arena *a, str email, str password,
                                 const int64_t *company_id, struct user **ret_user,
                                 size_t *ret_count, struct err *err);
/* Whether that is the user's password; as slow. */
MUST_CHECK bool store_user_password_is(struct store *s, int64_t id, str password, bool *ret_is,
                                       struct err *err);
/* Sets it, and ends what store_user_reset() began; as slow. */
MUST_CHECK bool store_user_set_password(struct store *s, const struct asker *by, int64_t id,
                                        str password, struct err *err);
/* Change one thing of a user.  ERR_CONFLICT: he is the last who has a password, is not disabled and
 * is the company's admin (or, of no company, the server's), and would be that no more: */
MUST_CHECK bool store_user_set_role(struct store *s, const struct asker *by, int64_t id,
                                    enum user_role role, struct err *err);
MUST_CHECK bool store_user_set_disabled(struct store *s, const struct asker *by, int64_t id,
                                        bool disabled, struct err *err);
/* Removes a user and ends his sessions; ERR_CONFLICT as above. */
MUST_CHECK bool store_user_delete(struct store *s, const struct asker *by, int64_t id,
                                  struct err *err);
/* Makes a one-time secret for setting a new password, good until expires_at_us; only its hash is
 * kept. */
MUST_CHECK bool store_user_reset(struct store *s, const struct asker *by, int64_t id,
                                 int64_t expires_at_us, char ret_secret[TOKEN_TEXT_BYTES],
                                 struct err *err);
/* Whose such a secret is, or ERR_NOT_FOUND: also when it was used, or its time is over. */
MUST_CHECK bool store_user_of_secret(struct store *s, struct arena *a, str secret, struct user *ret,
                                     struct err *err);
/* Sets the password of that user and uses the secret up; ERR_NOT_FOUND as above.  As slow as a
 * login. */
MUST_CHECK bool store_user_accept(struct store *s, const struct asker *by, int64_t id, str secret,
                                  str password, struct err *err);

/* Who is logged in to the cabinet. */
#define STORE_SESSION_IDLE_US (12 * INT64_C(3600000000)) /* unused so long, it is over */
#define STORE_SESSION_MOST_US (30 * INT64_C(86400000000))
struct session {
    int64_t id, user_id, company_id; /* company_id 0: of all companies */
    enum user_role role;
    str email;
    int64_t created_at_us, seen_at_us;
    str address, browser; /* when it began */
};
/* Begins a session of n->user_id at n->address with n->browser; the secret is the browser's, only
 * its hash is kept. */
MUST_CHECK bool store_session_create(struct store *s, const struct session *n,
                                     char ret_secret[TOKEN_TEXT_BYTES], int64_t *ret_id,
                                     struct err *err);
/* Finds the session of a secret, as its user is now, in the arena; false: there is none, or it is
 * over.  used: this is a use of it.  From memory. */
MUST_CHECK bool store_session_find(struct store *s, struct arena *a, str secret, bool used,
                                   struct session *ret);
/* A user's sessions, the one used last first, in the arena. */
void store_session_list(struct store *s, struct arena *a, int64_t user_id,
                        struct session **ret_session, size_t *ret_count);
/* Ends one; it may be gone already. */
MUST_CHECK bool store_session_end(struct store *s, int64_t id, struct err *err);
/* Ends all of a user's but one (0: all). */
MUST_CHECK bool store_session_end_of(struct store *s, int64_t user_id, int64_t except_id,
                                     struct err *err);
/* Writes down when sessions were last used, and forgets those that are over. */
MUST_CHECK bool store_sessions_flush(struct store *s, struct err *err);

/* value: the token's text, kept as a hash and a sealed copy.  expires_at_us 0: as late as a token
 * may; ERR_INVALID when that is later. */
MUST_CHECK bool store_token_create(struct store *s, const struct asker *by, int64_t company_id,
                                   str name, str value, unsigned scope, int64_t expires_at_us,
                                   int64_t *ret_id, struct err *err);
/* A company's tokens, oldest first, in the arena; revoked ones too. */
MUST_CHECK bool store_token_list(struct store *s, struct arena *a, int64_t company_id,
                                 struct token **ret_token, size_t *ret_count, struct err *err);
/* The token's text, from the sealed copy. */
MUST_CHECK bool store_token_show(struct store *s, const struct asker *by, struct arena *a,
                                 int64_t id, str *ret_value, struct err *err);
/* Ends a token at once; ERR_NOT_FOUND also when that was done before. */
MUST_CHECK bool store_token_revoke(struct store *s, const struct asker *by, int64_t id,
                                   struct err *err);
/* Writes down when tokens were last used; until then it is in memory only. */
MUST_CHECK bool store_tokens_flush(struct store *s, struct err *err);
/* Finds a token by its text, revoked and expired ones included, and notes that it is used. Answered
 * from memory after the first time; every change above takes effect at once. */
MUST_CHECK bool store_token_find(struct store *s, str value, struct token *ret_token,
                                 struct err *err);

/* --- copies and checks: they read what is committed at one moment, and hold up nobody --- */

/* Writes control.db (company_id 0) or a company's database into a new file at path, which needs no
 * other beside it.  Not synced.  Errors: ERR_NOT_FOUND, ERR_LIMIT (the disk is full),
 * ERR_INTERNAL. */
MUST_CHECK bool store_snapshot(struct store *s, int64_t company_id, const char *path,
                               struct err *err);
/* Told of each thing that is wrong: one line for the operator. */
typedef void store_complain(void *context, const char *text);
/* Looks for damage in control.db (company_id 0) or a company's database: pages, constraints, what
 * points at what.  False only when it could not look. */
MUST_CHECK bool store_check(struct store *s, int64_t company_id, store_complain *complain,
                            void *context, struct err *err);

/* --- customers: writing --- */
enum store_op {
    STORE_CREATE, /* a new customer; refused (PROBLEM_TAKEN) when external_id or e-mail is another's
                   */
    STORE_UPSERT, /* key_text names a customer, else one is created with external_id = key_text */
    STORE_UPDATE, /* the same, but PROBLEM_NOT_FOUND when there is none */
    STORE_DELETE,
    STORE_UNDO_MADE,    /* removes the customer whom an import made, if nobody touched him since */
    STORE_UNDO_CHANGED, /* gives back what one of the import's changes took away */
    STORE_REFUSED /* changes nothing: a record already refused, counted and reported with the others
                   */
};
enum store_key {
    STORE_KEY_NONE,
    STORE_KEY_PATH,        /* our id (if it decodes and exists), then external_id, then legacy_id */
    STORE_KEY_EXTERNAL_ID, /* external_id only: files */
    STORE_KEY_LEGACY, /* files from elsewhere: the patch's external_id if it is somebody's, else
                       * key_text as legacy_id; who is made has what the patch says */
    STORE_KEY_ID,     /* our id's text only: exported rows without external_id */
    STORE_KEY_EARLIER /* whom an earlier change of the batch made: change.earlier */
};
enum store_outcome {
    OUTCOME_CREATED,
    OUTCOME_UPDATED,
    OUTCOME_UNCHANGED,
    OUTCOME_DELETED,
    OUTCOME_SKIPPED,
    OUTCOME_FAILED,
    OUTCOME_COUNT
};
/* What must be true of the customer that a change is about, where it acts (RFC 9110 13.1): his
 * version is his updated_at_us. */
struct store_condition {
    bool match, match_any; /* If-Match: he is there and of one of these versions; any: whichever */
    bool none_match, none_match_any; /* If-None-Match: not of these; any: not there */
    const int64_t *version, *none_version;
    size_t versions, none_versions;
};
/* A value that an undo left as it is. */
struct store_kept {
    struct store_kept *next;
    uint64_t seq; /* its number among what this undo left; of one that is listed */
    int64_t consumer_id;
    str external_id; /* {0}: none, or not known any more */
    uint64_t record; /* of the file that is undone */
    enum problem_code code;
    str field, key;
    str undone,
        now; /* the import's value and the one that stays, as JSON; {0}: of the whole customer
              */
    int64_t origin, at_us; /* who changed it since, and when */
    int64_t other_id;      /* whose the e-mail is now */
};
struct store_change {
    /* in, borrowed until the batch is done */
    enum store_op op;
    enum store_key key;
    str key_text;
    size_t earlier; /* STORE_KEY_EARLIER: the place in the batch, which wants STORE_WANT_RECORDS */
    const struct store_condition *condition; /* PROBLEM_PRECONDITION when it fails; NULL: none */
    struct consumer_patch patch;
    struct consumer_merge_rules merge;
    bool lenient;       /* a taken e-mail is left out with a warning instead of refusing */
    bool adopt;         /* a taken e-mail of a customer without external id makes him the row's */
    uint64_t imprint;   /* of the patch (consumer_patch_imprint()) when it comes from a file and has
                           nothing to report; 0: none.  The customer whom it left as he is, and whom
                           nobody changed since, is unchanged without being looked at */
    bool skip_missing;  /* STORE_UPDATE of a customer who is not there: skipped, not failed */
    bool skip_existing; /* STORE_UPSERT of one who is there: skipped */
    uint64_t record, line; /* place in the file, from 1; 0 outside of files */
    /* in, of an undo: whom, which change (store_undo_list() fills them in) */
    int64_t consumer_id, trail_id, trail_prev;
    int64_t trail_first; /* the import's first change of anyone */
    bool made;           /* he counts as made by this change */
    struct consumer_former *former;
    size_t formers;
    /* out, in the batch's arena */
    enum store_outcome outcome;
    int64_t failed_id;               /* whom a failed one is about; 0: nobody who is there */
    unsigned changed;                /* FIELD_BIT()s */
    struct problems problems;        /* why it failed: patch.problems and the store's own */
    struct problems warnings;        /* patch.warnings and the store's own */
    struct consumer *before, *after; /* in the batch's arena, as far as it wants them; after of a
                                        deleted one: as he was; before of a new one: NULL */
    struct store_kept *kept;         /* what an undo left, in the batch's arena */
    size_t kept_count;
    bool pending; /* his e-mail waits for the undo of the import that gave it to another */
};
enum store_want {
    STORE_WANT_OUTCOMES,
    STORE_WANT_RECORDS, /* change.after of all that exist, or did */
    STORE_WANT_CHANGES  /* change.before and change.after of those who change */
};
struct store_counts {
    uint64_t records, created, updated, unchanged, skipped, failed, with_warnings;
};
/* A request that may come again with the same key: what it was, and what was answered.  The answer
 * is kept in the transaction of what the request did, so that neither is ever there alone. */
#define STORE_REQUESTS_KEPT_US INT64_C(86400000000)
enum store_replay {
    REPLAY_NEW,
    REPLAY_SAME, /* it came before: nothing is done again */
    REPLAY_OTHER /* the key was another request's: nothing is done */
};
struct store_request {
    int64_t origin;   /* whose key it is */
    str key, print;   /* print: a hash of what the request is */
    int64_t since_us; /* older ones have been forgotten */
    /* out */
    enum store_replay replay;
    str answer;      /* REPLAY_SAME: what was kept, in the batch's arena; {0}: made_id tells */
    int64_t made_id; /* REPLAY_SAME: the task that it made; 0: none */
};
struct store_batch {
    struct store_change *change;
    size_t count;
    enum store_want want;
    bool small; /* an API request: goes before files */
    bool whole; /* small, all or nothing: one change that fails takes all others back */
    struct store_request *request; /* small: one that may come again; NULL: not */
    /* Of a request whose changes all went through: appends the answer to keep; on the writer's
     * thread, before the commit. */
    void (*answer)(struct store_batch *batch, struct buf *answer);
    /* A file's batch: counters, problems and position of this task are committed with the rows. */
    int64_t task_id; /* 0: none */
    bool undo;       /* of the task: its undo counters and position are committed instead */
    bool retry;      /* of an undo: only what waited for another import's undo */
    bool quiet;     /* its changes are no events of their own: an import tells of them at its end */
    int64_t origin; /* who asks: origin_of() */
    str address;    /* of a user who asks, for the audit log */
    const str *
        header; /* by field (FIELD_COUNT): the file's header, for import_error.column; NULL: none */
    uint64_t bytes_done;
    bool more; /* of a file's batch: another one of the task follows, be it an empty one.  Its rows
                  may be committed with that one's: done() may come before.  When they are lost,
                  the next one fails, and the task's counters say what is there */
    _Atomic uint64_t *at_record; /* told which record is acted on, until the last of the batches
                                    that `more` announced; NULL: nobody asks */
    /* Of a task's batch: asked on the writer's thread, within the transaction, about the changes
     * that it is to commit.  False, with *err, and they and those after them are not written.
     * NULL: nobody is asked. */
    bool (*judge)(void *judge_context, const struct store_change *change, size_t count,
                  struct err *err);
    void *judge_context;
    struct arena *arena; /* for the results; the batch's owner resets it */
    /* Called on the writer's thread after the commit (or failure: err.code set, nothing was
     * changed). */
    void (*done)(struct store_batch *batch);
    void *context;
    struct err err;
    struct store_batch *next; /* the store's own while the batch is submitted */
};

/* An opened company; lives until store_free() or the company's deletion.  Any thread may submit. */
struct store_company;
/* Opens a company's file and starts its writer, or finds it open; the store closes it.
 * Errors: ERR_NOT_FOUND, ERR_INVALID (a schema newer than this program), ERR_INTERNAL. */
MUST_CHECK bool store_company_open(struct store *s, int64_t company_id,
                                   struct store_company **ret_company, struct err *err);
/* As it is now; a zone once got stays valid as long as the company's opening. */
const struct zone *store_company_zone(const struct store_company *c);
/* Name and settings as they are now; a copy once got stays valid as long as the opening. */
const struct company *store_company_info(const struct store_company *c);
/* Queues the batch and returns; done() will be called.  Changes of a batch act in order, one after
 * another. */
void store_submit(struct store_company *c, struct store_batch *batch);
/* Submits and waits; false when batch->err says so. */
MUST_CHECK bool store_apply(struct store_company *c, struct store_batch *batch, struct err *err);
/* A trial run over the current state: batches given to it have the outcomes they would have, one
 * after another, and nothing is written.  One thread. */
struct store_trial;
/* Begins a trial run on the state of this moment.  On success the caller owns *ret_trial. */
MUST_CHECK bool store_trial_open(struct store_company *c, struct store_trial **ret_trial,
                                 struct err *err);
/* Gives each change of the batch the outcome it would have; done() is not called. */
MUST_CHECK bool store_trial_apply(struct store_trial *t, struct store_batch *batch,
                                  struct err *err);
/* Ends the trial run; NULL is fine. */
void store_trial_free(struct store_trial *t);
DEFINE_AUTO(struct store_trial *, store_trial_free)

/* --- customers: reading; one thread per reader --- */
struct store_reader;
/* Opens a connection that only reads.  On success the caller owns *ret_reader. */
MUST_CHECK bool store_reader_open(struct store_company *c, struct store_reader **ret_reader,
                                  struct err *err);
/* Closes it; NULL is fine. */
void store_reader_free(struct store_reader *r);
DEFINE_AUTO(struct store_reader *, store_reader_free)
/* What is read by id until store_reader_rest() is read at one moment, which is not before the last
 * commit that anyone was told of: many reads one after another are cheaper so.  Safe to repeat: the
 * moment moves on when there was a commit.  Nothing else may be asked of the reader meanwhile. */
MUST_CHECK bool store_reader_hold(struct store_reader *r, struct err *err);
/* Ends it; safe to repeat. */
void store_reader_rest(struct store_reader *r);
/* key as in STORE_KEY_PATH.  Errors: ERR_NOT_FOUND. */
MUST_CHECK bool store_get(struct store_reader *r, struct arena *a, str key,
                          struct consumer *ret_consumer, struct err *err);
/* Customers in the order of their ids, those with id > after_id, past the first `skip`, at most
 * limit; the rows live in the arena. */
MUST_CHECK bool store_list(struct store_reader *r, struct arena *a, int64_t after_id, uint64_t skip,
                           size_t limit, struct consumer **ret_consumer, size_t *ret_count,
                           struct err *err);
/* --- customers: searching --- */

/* The place of one customer in an order by one field. */
struct store_place {
    bool missing;   /* he has nothing there: such come last, by their ids */
    int64_t number; /* ids, moments */
    str text;
    int64_t id;
};
struct store_query {
    const struct consumer_search *search; /* NULL: everyone */
    const struct consumer_filter *filter; /* NULL: everyone */
    const struct consumer_order *order; /* NULL: by id; of a search alone, those whose key or phone
                                           it is come first */
    const struct store_place *after; /* past that place; NULL: from the first on.  Only in an order
                                        by one field */
    uint64_t skip;                   /* past so many more */
    uint64_t limit;                  /* 0: all */
    uint64_t count_most;             /* counting ends there; 0: all */
    int64_t until_us; /* of clock_monotonic_us(): then it is given up, ERR_BUSY; 0: never */
    bool quick;       /* ERR_BUSY at once when no index serves it, or it skips many */
};
/* Customers one by one, all of one snapshot, which the reader shows until the search is closed.
 * The query and what it points at must live as long.  A search that is open for long keeps the
 * database's log from being emptied: in the background read page by page, by store_place_of(). */
struct store_search;
enum store_step { STORE_FAILED = -1, STORE_END = 0, STORE_ROW = 1 };
/* Begins a search; one at a time for each reader.  On success the caller owns *ret_search.
 * Errors: ERR_BUSY (see until_us, quick), ERR_INVALID (`after` in an order of several fields). */
MUST_CHECK bool store_search_open(struct store_reader *r, const struct store_query *query,
                                  struct store_search **ret_search, struct err *err);
/* The next customer; his slices live in the arena. */
MUST_CHECK enum store_step store_search_next(struct store_search *s, struct arena *a,
                                             struct consumer *ret_consumer, struct err *err);
/* Ends the search; NULL is fine. */
void store_search_free(struct store_search *s);
DEFINE_AUTO(struct store_search *, store_search_free)
/* Where a customer stands in the order (one field; NULL: by id); borrows his slices. */
struct store_place store_place_of(const struct consumer_order *order, const struct consumer *c);
/* Where a customer that the search gave stands in its order; borrows his slices. */
struct store_place store_search_place(const struct store_search *s, const struct consumer *c);
/* How many customers were written since the index of names and phones was brought up to date, or a
 * few more: a search looks at each of them. */
MUST_CHECK bool store_search_unindexed(struct store_reader *r, uint64_t *ret_count,
                                       struct err *err);
/* How many customers the query's search and filter let through; ERR_BUSY as above. */
MUST_CHECK bool store_search_count(struct store_reader *r, const struct store_query *query,
                                   uint64_t *ret_count, struct err *err);
/* How the search would go about it: SQLite's EXPLAIN QUERY PLAN, a line for each step. */
MUST_CHECK bool store_search_plan(struct store_reader *r, struct arena *a,
                                  const struct store_query *query, str *ret_plan, struct err *err);
/* How many customers the company has. */
MUST_CHECK bool store_count(struct store_reader *r, uint64_t *ret_count, struct err *err);
/* Keys of custom_attributes that customers have or had, the first seen first, at most max: found at
 * once, however many customers there are. */
MUST_CHECK bool store_attribute_names(struct store_reader *r, struct arena *a, size_t max,
                                      str **ret_name, size_t *ret_count, struct err *err);
/* The distinct keys of custom_attributes, in order of first appearance by id, at most max
 * (ERR_LIMIT beyond). */
MUST_CHECK bool store_attribute_keys(struct store_reader *r, struct arena *a, size_t max,
                                     str **ret_key, size_t *ret_count, struct err *err);

enum store_known { STORE_KNOWN_UNSURE, STORE_KNOWN, STORE_UNKNOWN };
/* Which of the custom attributes any customer has; ret_known has `count` places, a key that is {0}
 * is left unsure.  At most `among` customers are looked at, the newest first: who is not found then
 * is unsure when there are more. */
MUST_CHECK bool store_attributes_known(struct store_reader *r, struct arena *a, const str *key,
                                       size_t count, size_t among, enum store_known *ret_known,
                                       struct err *err);

/* --- import tasks: rows of a file on their way in, and back --- */
enum task_state {
    TASK_UPLOADING,
    TASK_ANALYSED, /* the file is here and is looked at, or will be */
    TASK_NEEDS_ANSWER,
    TASK_READY,
    TASK_QUEUED,
    TASK_PROCESSING,
    TASK_COMPLETED,
    TASK_COMPLETED_WITH_ERRORS,
    TASK_FAILED,
    TASK_CANCELLED,
    TASK_REVERTING,
    TASK_REVERTED,
    TASK_STATE_COUNT
};
enum trial_state { TRIAL_NONE, TRIAL_QUEUED, TRIAL_RUNNING, TRIAL_DONE, TRIAL_FAILED, TRIAL_COUNT };
/* What was asked of a task and has not begun. */
enum task_want {
    WANT_CANCEL = 1,
    WANT_TRIAL = 2, /* a dry run is all that is asked for */
    WANT_UNDO_TRIAL = 4,
    WANT_NO_SAME = 8,     /* fail when an earlier import had the same content */
    WANT_REMEMBERED = 16, /* use the settings of the last import with this header */
    WANT_ASK = 32,        /* ask a question, and be manual from then on */
    WANT_UNPACK = 128,    /* what came may be packed by gzip */
    WANT_FAILED = 64,     /* failed (cancelled, with WANT_CANCEL) as soon as it is undone; stays */
};
/* Bits of their own: the sum of all is all of them only then. */
static_assert(WANT_CANCEL + WANT_TRIAL + WANT_UNDO_TRIAL + WANT_NO_SAME + WANT_REMEMBERED +
                      WANT_ASK + WANT_UNPACK + WANT_FAILED ==
                  (WANT_CANCEL | WANT_TRIAL | WANT_UNDO_TRIAL | WANT_NO_SAME | WANT_REMEMBERED |
                   WANT_ASK | WANT_UNPACK | WANT_FAILED),
              "two wants share a bit");
struct store_undo_counts { /* changes of customers, by what became of them */
    uint64_t removed, restored, partly, kept, gone, pending;
};
struct store_task {
    int64_t id;
    enum task_state state;
    str file_name, settings; /* settings: JSON text, the importer's own */
    str sha256;              /* hex of the file */
    str upload;              /* the name under which its file is kept, the jobs' own; "": gone */
    uint64_t bytes, bytes_done;
    struct store_counts counts; /* counts.records is the position: resume skips so many */
    int64_t created_at_us, started_at_us, finished_at_us, updated_at_us; /* 0: not yet */
    str failure; /* state failed: JSON text, the importer's own */
    /* How many processes have started on it since it last went on; 0: it stopped in good order. */
    uint32_t attempts;
    uint64_t died_reading, died_applying; /* the records at which the last of them died; 0: none */
    uint32_t deaths;                      /* how many died there */
    int64_t origin;                       /* who asked for it */
    bool manual;                          /* waits for a person at every step */
    int64_t parent;                       /* the task whose failed rows it corrects; 0: none */
    int64_t same_as; /* an earlier task with the same content, not undone; 0: none */
    unsigned wanted; /* enum task_want */
    str analysis;    /* JSON text, the importer's own; {0}: not yet */
    str header;      /* fingerprint of the header */
    enum trial_state trial;
    uint64_t trial_records, trial_bytes; /* the dry run's progress */
    str trial_result;                    /* JSON text, the jobs' own */
    str expected;                        /* the dry run's fingerprint that the run must have */
    /* where the customers that it made and the changes that it did are to be found */
    int64_t first_id, last_id, first_trail, last_trail;
    int undo_pass; /* 0: those it made, 1: those it changed */
    int64_t undo_position;
    struct store_undo_counts undo;
    str undo_preview; /* JSON text, the jobs' own */
    unsigned tell;    /* EVENT_BIT()s that its next update is told as; never read back */
    str source;       /* where its file comes from, the jobs' own; never changes */
    const struct store_request *request; /* that made it, for store_task_create() to keep; NULL:
                                            none, and in what is read */
};
struct store_task_error { /* one problem or warning of one record */
    uint64_t record, line;
    uint64_t seq;                  /* which of its record's */
    str column, field, key, value; /* column: the header's text */
    str external_id;               /* that the row names; {0}: none */
    enum problem_code code;
    int64_t other_id;
    uint64_t other_line; /* PROBLEM_EMAIL_SWAP: where the other row stands */
};
/* Which of a task's problems: those that refused a record or only warned, of the run and of the dry
 * run. */
enum problem_list { PROBLEMS_REFUSE, PROBLEMS_WARN, PROBLEMS_TRIAL_REFUSE, PROBLEMS_TRIAL_WARN };
/* "queued", "completed_with_errors" and so on, as the API shows it. */
const char *task_state_name(enum task_state state);
/* The state of a name; TASK_STATE_COUNT when there is none. */
enum task_state task_state_of(str name);
/* "none", "queued", "running", "done", "failed". */
const char *trial_state_name(enum trial_state state);
/* What somebody did with a task, kept with it as long as it is. */
struct store_deed {
    str what;       /* the jobs' own word */
    int64_t origin; /* who: origin_of() */
    str address;    /* the client's; {0}: it came over no network */
    int64_t at_us;  /* the store's own */
};
/* Stores a new task and the deed that made it; *task's id and created_at_us are filled in.  Synced
 * before it returns. */
MUST_CHECK bool store_task_create(struct store_company *c, struct store_task *task,
                                  const struct store_deed *deed, struct err *err);
/* Changes all of the task with task->id but what batches commit: counters, positions, ranges.
 * deed: what somebody did with it thereby, in the same transaction; NULL: it is the program's own
 * step.  Callers take turns. */
MUST_CHECK bool store_task_update(struct store_company *c, const struct store_task *task,
                                  const struct store_deed *deed, struct err *err);
/* The last deeds of a task, at most limit, the first of them first. */
MUST_CHECK bool store_task_deeds(struct store_reader *r, struct arena *a, int64_t id, size_t limit,
                                 struct store_deed **ret_deed, size_t *ret_count, struct err *err);
/* One task; its slices live in the arena.  Errors: ERR_NOT_FOUND. */
MUST_CHECK bool store_task_get(struct store_reader *r, struct arena *a, int64_t id,
                               struct store_task *ret_task, struct err *err);
enum { TASKS_ALL = (1 << TASK_STATE_COUNT) - 1 };
/* Which tasks; what is zero does not matter, but for states. */
struct store_history {
    unsigned states;            /* a bit each, 1 << TASK_READY | ... */
    str file_name;              /* which the file's name holds, whatever its case */
    int64_t origin;             /* who made it: origin_of() */
    int64_t from_us, before_us; /* when it was made */
};
/* Tasks of a history, newest first, past the first `skip`. */
MUST_CHECK bool store_task_history(struct store_reader *r, struct arena *a,
                                   const struct store_history *which, uint64_t skip, size_t limit,
                                   struct store_task **ret_task, size_t *ret_count,
                                   struct err *err);
struct store_task_totals {
    uint64_t tasks, of_state[TASK_STATE_COUNT];
    struct store_counts counts; /* of their records; records and with_warnings are 0 */
};
/* What the tasks made since then came to. */
MUST_CHECK bool store_task_totals(struct store_reader *r, int64_t from_us,
                                  struct store_task_totals *ret_totals, struct err *err);
/* Looks a request up by its key: its replay, answer and made_id are filled in. */
MUST_CHECK bool store_request_find(struct store_reader *r, struct arena *a,
                                   struct store_request *request, struct err *err);
/* Forgets requests of before then. */
MUST_CHECK bool store_request_purge(struct store_company *c, int64_t before_us, struct err *err);
enum task_filter { TASKS_UNFINISHED, TASKS_UNDO_PENDING, TASKS_UPLOADING };
/* The unfinished ones, which a worker has to take up, and those whose file still comes, oldest
 * first; or, newest first, those that
 * are undone but for e-mails that wait for another import's undo. */
MUST_CHECK bool store_task_list(struct store_reader *r, struct arena *a, enum task_filter filter,
                                size_t skip, size_t limit, struct store_task **ret_task,
                                size_t *ret_count, struct err *err);
/* The last finished task, not undone and other than `besides`, with this content; 0: none. */
MUST_CHECK bool store_task_same(struct store_reader *r, str sha256, int64_t besides,
                                int64_t *ret_id, struct err *err);
/* The last finished task before this one with the same header; 0: none. */
MUST_CHECK bool store_task_remembered(struct store_reader *r, str header, int64_t before,
                                      int64_t *ret_id, struct err *err);
/* The task whose source this is; 0: none. */
MUST_CHECK bool store_task_from(struct store_reader *r, str source, int64_t *ret_id,
                                struct err *err);
/* The tasks that correct the task, or correct a correction of it, newest first. */
MUST_CHECK bool store_task_corrections(struct store_reader *r, struct arena *a, int64_t parent,
                                       int64_t **ret_id, size_t *ret_count, struct err *err);
/* How many of a task's failed records its corrections, and theirs, brought in. */
MUST_CHECK bool store_task_corrected(struct store_reader *r, int64_t parent, int64_t *ret_count,
                                     struct err *err);
/* Where a page of problems begins: past problem seq of the record, and past the next `skip`.  A
 * place is found at once; what is skipped is read. */
struct store_errors_from {
    uint64_t record, seq, skip;
    str code, field, key; /* only these; {0}: all.  An empty key: those without one */
};
/* The problems of a task in the order of records, at most `limit`. */
MUST_CHECK bool store_task_errors(struct store_reader *r, struct arena *a, int64_t task_id,
                                  enum problem_list which, const struct store_errors_from *from,
                                  size_t limit, struct store_task_error **ret_error,
                                  size_t *ret_count, struct err *err);

/* The problems of a task's records after `after`: of whole records, about `limit`, in order. */
MUST_CHECK bool store_task_errors_after(struct store_reader *r, struct arena *a, int64_t task_id,
                                        enum problem_list which, uint64_t after, size_t limit,
                                        struct store_task_error **ret_error, size_t *ret_count,
                                        struct err *err);

/* Two records that failed because each wants the e-mail of the other's customer become
 * PROBLEM_EMAIL_SWAP, each with the other's line.  Once a list is whole; safe to repeat. */
MUST_CHECK bool store_name_swaps(struct store_company *c, int64_t task_id, enum problem_list which,
                                 struct err *err);

/* A task's records with this outcome, past the record `after`, at most `limit`, in order.  None for
 * one whose reports have been forgotten. */
MUST_CHECK bool store_task_outcomes(struct store_reader *r, struct arena *a, int64_t task_id,
                                    enum store_outcome outcome, uint64_t after, size_t limit,
                                    uint64_t **ret_record, size_t *ret_count, struct err *err);

/* A value that a change of a customer gave, and what was there before. */
struct store_changed_value {
    enum consumer_field field;
    str key;         /* of a custom attribute, else {0} */
    str was, became; /* JSON text, created_at in microseconds; became {0}: no longer known */
};
/* What an import did to a customer. */
struct store_task_change {
    int64_t place; /* where a list goes on: the customer's id, or the change's */
    int64_t consumer_id;
    uint64_t record;
    str external_id, email, name;      /* as they are now */
    struct store_changed_value *value; /* of one who was there before */
    size_t values;
};
/* Customers whom the task made, or its changes of those who were there, who both are there still:
 * past `after`, at most `limit`, in the order of the file. */
MUST_CHECK bool store_task_changes(struct store_reader *r, struct arena *a,
                                   const struct store_task *task, bool made, int64_t after,
                                   size_t limit, struct store_task_change **ret_change,
                                   size_t *ret_count, struct err *err);

enum { STORE_GROUP_RANGES = 200, STORE_GROUP_EXAMPLES = 3 };
struct store_line_range {
    uint64_t from, to; /* the lines of the first and the last of records one after another */
};
struct store_error_example {
    uint64_t record, line;
    str value, external_id; /* as in the file; {0}: none */
    int64_t other_id;
};
struct store_error_group { /* problems of one kind */
    enum problem_code code;
    str column, field, key;
    uint64_t count, first_line, last_line;
    struct store_line_range *range; /* the first STORE_GROUP_RANGES of them, in order */
    size_t ranges;
    uint64_t more;                                            /* problems beyond those */
    struct store_error_example example[STORE_GROUP_EXAMPLES]; /* the first of them */
    size_t examples;
};
/* A task's problems by kind, the most frequent first. */
MUST_CHECK bool store_task_error_groups(struct store_reader *r, struct arena *a, int64_t task_id,
                                        enum problem_list which, size_t limit,
                                        struct store_error_group **ret_group, size_t *ret_count,
                                        struct err *err);
/* How many of a task's problems there are of each code. */
MUST_CHECK bool store_task_error_codes(struct store_reader *r, int64_t task_id,
                                       enum problem_list which, uint64_t ret_count[PROBLEM_COUNT],
                                       struct err *err);
/* Where a dry run's problems are kept: they are no part of what it must not write. */
struct store_problem_log;
/* Begins anew for the task; header as in a batch.  On success the caller owns *ret_log. */
MUST_CHECK bool store_problem_log_open(struct store_company *c, int64_t task_id, const str *header,
                                       struct store_problem_log **ret_log, struct err *err);
/* Adds the problems and warnings of some records, in one short transaction. */
MUST_CHECK bool store_problem_log_add(struct store_problem_log *log,
                                      const struct store_change *const *change, size_t count,
                                      struct err *err);
/* Closes it; NULL is fine. */
void store_problem_log_free(struct store_problem_log *log);
DEFINE_AUTO(struct store_problem_log *, store_problem_log_free)

/* --- undo: an import's changes, newest first, as changes that take them back --- */
enum store_undo_pass {
    UNDO_MADE,    /* customers whom it made */
    UNDO_CHANGED, /* its changes */
    UNDO_OVER,
    UNDO_WAITING, /* once it is undone: e-mails that waited for another import's undo */
    UNDO_WAITED
};
struct store_undo_place {
    int pass; /* enum store_undo_pass */
    int64_t position;
};
/* The next changes of the task's undo from *place on, at most limit, of one pass; moves *place past
 * them.  None when it is at the end.  A place to begin with is {UNDO_MADE, INT64_MAX}, or
 * {UNDO_WAITING, INT64_MAX}. */
MUST_CHECK bool store_undo_list(struct store_reader *r, struct arena *a,
                                const struct store_task *task, struct store_undo_place *place,
                                size_t limit, struct store_change **ret_change, size_t *ret_count,
                                struct err *err);
/* Adds what became of one change of an undo. */
void store_undo_count(struct store_undo_counts *counts, const struct store_change *change);
/* What an undo left as it was, in the order in which it met them: past number `after`, and past the
 * next `skip`.  A place is found at once; what is skipped is read. */
MUST_CHECK bool store_undo_kept(struct store_reader *r, struct arena *a, int64_t task_id,
                                uint64_t after, uint64_t skip, size_t limit,
                                struct store_kept **ret_kept, size_t *ret_count, struct err *err);
/* Forgets what is older than before_us: after that, no import of that time can be undone. */
MUST_CHECK bool store_trail_purge(struct store_company *c, int64_t before_us, struct err *err);
/* From when on what an undo needs is there; 0: nothing was forgotten.  Any thread. */
int64_t store_trail_from(const struct store_company *c);
/* Tasks made in [from_us, before_us) that rest, and whose file may still be there; in the arena. */
MUST_CHECK bool store_task_with_files(struct store_reader *r, struct arena *a, int64_t from_us,
                                      int64_t before_us, struct store_task **ret_task,
                                      size_t *ret_count, struct err *err);
/* Forgets what tasks hold of customers: of those made before files_us the values shown from their
 * files; of those at rest since before reports_us their problems and what an undo left; the tasks
 * themselves once they are over and at rest since before audit_us. */
MUST_CHECK bool store_task_purge(struct store_company *c, int64_t files_us, int64_t reports_us,
                                 int64_t audit_us, struct err *err);

#endif
