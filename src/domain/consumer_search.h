/* consumer_search: whom ?search= means: by e-mail, phone, name, external_id, legacy_id or id,
 * without saying which.
 *
 * All of the text may be the beginning of one of these (of a phone also its end); else each of its
 * parts, with blanks between, must be: "pet anna" means Anna Petrova, "petrova 4567" her whose
 * phone ends so.  Names are compared as unicode_plain() makes them, word by word, in any order.
 * Pure; all slices live in the arena given.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DOMAIN_CONSUMER_SEARCH_H
#define DOMAIN_CONSUMER_SEARCH_H

#include "base/limits.h"
#include "domain/consumer.h"

enum {
    SEARCH_PHONES = 3,
    SEARCH_PHONE_WHOLE = 5 /* digits: fewer are no phone that is written in full */
};
struct consumer_search_part {
    str text;  /* external_id and legacy_id begin so */
    str email; /* its key begins so */
    str *word; /* each is the beginning of a word of the name */
    size_t words;
    str phone[SEARCH_PHONES]; /* digits with which the phone's key begins, in one of these ways */
    size_t phones;
    str phone_end; /* and ends; reversed; {0}: too few */
};
struct consumer_search {
    struct consumer_search_part whole; /* without words when there are several parts */
    struct consumer_search_part *part; /* all of which must be found; of a single one: the whole */
    size_t parts;
    str email_key; /* of all of it; {0}: it is no e-mail */
    int64_t id;    /* 0: it is none */
};
enum search_problem { SEARCH_OK, SEARCH_EMPTY, SEARCH_TOO_LONG, SEARCH_TOO_MANY_PARTS };

/* Reads a text (valid UTF-8). */
enum search_problem consumer_search_parse(struct arena *a, str text,
                                          struct consumer_search *ret_search);
/* Whether he is meant; scratch: for what it makes on the way, the caller's to reset. */
bool consumer_search_matches(const struct consumer_search *s, struct arena *scratch,
                             const struct consumer *c);
/* Whether the text is all of one of his keys, or of his phone. */
bool consumer_search_is_exact(const struct consumer_search *s, struct arena *scratch,
                              const struct consumer *c);

/* By what an index finds a customer: the words of his names, and his phone's digits after a `+`,
 * and backwards after a `-`. */
enum { CONSUMER_TERMS = LIMIT_SEARCH_WORDS + 2 };
/* The terms of a customer, each once; how many. */
size_t consumer_terms(struct arena *a, const struct consumer *c, str ret_term[CONSUMER_TERMS]);
/* The term with which a phone's terms begin; end: by its end, `digits` reversed. */
str consumer_phone_term(struct arena *a, str digits, bool end);

#endif
