/* What the modules of the cabinet share.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CABINET_CABINET_PRIV_H
#define CABINET_CABINET_PRIV_H

#include "api/answer.h"
#include "api/errand.h"
#include "base/throttle.h"
#include "base/zone.h"
#include "cabinet/cabinet.h"
#include "cabinet/rights.h"

enum { SETUP_CODE_BYTES = 15 }; /* "ABCD-EFGH-JKLM" and a NUL */

struct tries;
struct tried { /* what a guess has taken */
    bool taken;
    uint64_t pair, account, address; /* keys; 0: not this one */
};
struct cabinet {
    struct cabinet_config config;
    struct api_extension extension;
    struct errands *work, *passwords; /* what waits for the disk; what takes a tenth of a second */
    struct zone *utc;
    _Atomic int hashing; /* passwords that wait or are under way */
    struct tries *tries;
    char setup_code[SETUP_CODE_BYTES]; /* \"\": there was a user at the start */
};

/* --- door.c: who comes in --- */

/* struct api_extension's: */
void door_admit(struct http_request *r);
void door_seal(struct http_request *r, int status);
struct store_company *door_company(struct http_request *r, int64_t *ret_origin);
bool door_holds(struct http_request *r);
/* Who asks; NULL: nobody who has logged in.  Lives as long as the request. */
const struct session *door_who(const struct http_request *r);
/* The company that the path names; 0: none is named. */
int64_t door_company_id(const struct http_request *r);
/* The secret of the session that the browser brought; {0}: none. */
str door_secret(struct http_request *r);
/* Gives the browser a session's secret, or takes it away ({0}). */
void door_give_cookie(struct http_request *r, str secret);
/* What a browser of that session shows to be no other site: lives in the arena. */
str door_csrf_token(const struct cabinet *c, struct arena *a, str secret);

/* --- assets.c: the web app --- */

/* Any address below CABINET_ROOT that is not the API's. */
void assets_get(struct http_request *r);
/* Where the app begins; NULL: the program was built without it. */
const char *assets_start(void);

/* --- visit.c: a request that is acted upon off the loops --- */

/* A handler calls visit() or visit_slowly(); act() then runs on another thread, where it may wait
 * for the store, and makes the answer: status, and a document in body or none (204).  All it is
 * given and makes lives in the visit's arena. */
struct visit {
    struct errand errand;
    struct cabinet *cabinet;
    struct arena arena;
    enum language language;
    struct session who; /* user_id 0: nobody who has logged in */
    int64_t company_id; /* that the path names, and he may see; 0: none is named */
    str base;           /* answer_base() */
    str secret;         /* of his session */
    str id;             /* {id} of the path; {0}: it has none */
    str address, browser;
    const void *ask;               /* what a handler has read of the query; NULL: nothing */
    const struct json *attributes; /* of the body, when it was asked for; NULL: none were sent */
    bool (*act)(struct visit *v);  /* false: visit_say() or err has said why not */
    /* out: */
    int status; /* 200 unless set; 204 when there is no body */
    struct buf body;
    const char *content_type; /* of a file to be saved; NULL: body is a document */
    str file_name;            /* of that file */
    str location;             /* of what was made; {0}: no header */
    str give_cookie;          /* a new session's secret */
    bool take_cookie;         /* there is none any more */
    struct error error;       /* status 0: none */
    str detail;
    struct err err;
    struct tried tried; /* by which it is a guess of something: see tries_take() */
};
/* Sends the request on its way; resource: the type of the body's resource, NULL: no body is read.
 * In the visit's route stand errand_resumed() and errand_end(). */
void visit(struct http_request *r, const char *resource, bool (*act)(struct visit *v));
/* The two steps of it: the visit becomes the request's context; NULL: an answer was given. */
struct visit *visit_new(struct http_request *r, const char *resource, bool (*act)(struct visit *v));
/* Sends it on its way. */
void visit_send(struct http_request *r, struct visit *v);
/* The same, as visit_slowly() does. */
void visit_send_slowly(struct http_request *r, struct visit *v);
/* Who asks, and from where; lives as long as the visit. */
struct asker visit_by(const struct visit *v);
/* The same for what hashes a password: two at most do at once, and the others wait. */
void visit_slowly(struct http_request *r, const char *resource, bool (*act)(struct visit *v));
/* Says what is wrong, for people, in the visit's language; always false.  pointer: into the body;
 * NULL: nothing of it. */
bool visit_say(struct visit *v, int status, const char *code, const char *pointer,
               const char *english, const char *russian);
/* A moment as documents have it (RFC 3339, UTC), in the arena; 0: {0}. */
str visit_stamp(struct visit *v, int64_t at_us);
/* A text of the body's attributes, null and "" being none; says so and returns false when it is
 * something else, or missing though needed. */
bool visit_text(struct visit *v, const char *name, bool needed, str *ret_text);

/* Numbers of the path, as they are written and no other text that means the same; 0: it is none. */
int64_t visit_number(str text);

/* What attributes hold, looked at before the store does: false, and said so, when it is wrong. */
bool visit_check_email(struct visit *v, str email);
bool visit_check_password(struct visit *v, str password);
bool visit_check_company(struct visit *v, const char *name_pointer, str name, str zone_name);
bool visit_say_taken(struct visit *v, const char *pointer);

/* --- tries.c: how often somebody may guess --- */

/* NULL never. */
struct tries *tries_new(void);
/* NULL is fine. */
void tries_free(struct tries *t);
/* Notes that r is a guess about that account ({0}: of nobody's); answers 429 with Retry-After and
 * returns false when there were too many, of this account or from this address. */
bool tries_take(struct cabinet *c, struct http_request *r, str account, struct tried *ret_tried);
/* It was right: it does not count. */
void tries_right(struct cabinet *c, const struct tried *tried);

/* --- setup.c, invitation.c --- */

/* Makes the code of the first run, when there is no user. */
void setup_begin(struct cabinet *c);
void setup_create(struct http_request *r);
void invitation_show(struct http_request *r);
void invitation_accept(struct http_request *r);

/* --- password.c --- */

/* As visit_slowly(), for what the user's password is asked for once more. */
void visit_confirmed(struct http_request *r, const char *resource, bool (*act)(struct visit *v));
/* Whether the attribute of that name is the user's password; says so when it is not. */
bool visit_confirm(struct visit *v, const char *name);
void password_put(struct http_request *r);

/* --- users.c, tokens.c, companies.c --- */

void users_list(struct http_request *r);
void users_create(struct http_request *r);
void users_set(struct http_request *r);
void users_delete(struct http_request *r);
void users_invite(struct http_request *r);
void tokens_list(struct http_request *r);
void tokens_create(struct http_request *r);
void tokens_reveal(struct http_request *r);
void tokens_revoke(struct http_request *r);
void companies_list(struct http_request *r);
void companies_create(struct http_request *r);

/* --- sessions.c --- */

/* A user's sessions, and what the web app needs to know first. */
void session_get(struct http_request *r);
void session_delete(struct http_request *r);
void sessions_list(struct http_request *r);
void sessions_delete(struct http_request *r);
/* Makes the answer that the web app begins with, of v->who and the secret of his session. */
MUST_CHECK bool session_show(struct visit *v, str secret);

/* --- login.c --- */

void session_create(struct http_request *r);
/* Begins a session of the user in the visit, whose answer it makes: 201. */
MUST_CHECK bool login(struct visit *v, const struct user *u);

/* --- settings.c, requests.c, audit_log.c, overview.c, sample.c --- */

void settings_get(struct http_request *r);
void settings_set(struct http_request *r);
void requests_list(struct http_request *r);
void audit_list(struct http_request *r);
void overview_get(struct http_request *r);
void sample_get(struct http_request *r);

/* --- query.c --- */

/* Reads a number of the query; absent: *ret stays.  Answers 422 and returns false when it is none
 * from 1 to max. */
bool query_number(struct http_request *r, const char *name, uint64_t max, uint64_t *ret);
/* 422 about a parameter; always false. */
bool query_refuse(struct http_request *r, const char *name, const char *text);
/* Opens the company that the visit's path names. */
MUST_CHECK bool visit_company(struct visit *v, struct store_company **ret_company);
/* A moment in the company's zone, in the arena; 0: {0}. */
str visit_local(struct visit *v, const struct zone *zone, int64_t at_us);
/* "2026-11-25" of a day since 1970. */
str visit_day(struct visit *v, int64_t day);

#endif
