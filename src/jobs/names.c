/* What users and tokens are called, for whoever reads who did something: a name is looked up once
 * and stays in memory, for a document with many deeds is made on a thread that must not wait for
 * the disk each time.  A name does not change while its user or token is there.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "base/mem.h"
#include "jobs/jobs_priv.h"
#include "store/audit.h"

enum { NAMES = 512 }; /* places, each for one at a time */

struct name {
    int64_t origin;
    char *text;
};
struct names {
    pthread_mutex_t lock;
    struct name name[NAMES]; /* guarded by lock */
};

struct names *names_new(void)
{
    struct names *n = mem_new(1, sizeof *n);
    (void)pthread_mutex_init(&n->lock, NULL);
    return n;
}

void names_free(struct names *n)
{
    if (!n)
        return;
    for (size_t i = 0; i < NAMES; i++)
        mem_free(n->name[i].text);
    (void)pthread_mutex_destroy(&n->lock);
    mem_free(n);
}

static bool has_name(int64_t origin)
{
    enum origin_kind kind = origin_kind(origin);
    return kind == ORIGIN_USER || kind == ORIGIN_TOKEN;
}

/* Appends ,"name":"anna@example.com" when it is in memory. */
static bool add_kept(struct buf *b, struct names *n, int64_t origin)
{
    struct name *at = &n->name[(uint64_t)origin % NAMES];
    pthread_mutex_lock(&n->lock);
    bool found = at->text && at->origin == origin;
    if (found)
        json_add_string(b, "name", str_of(at->text));
    pthread_mutex_unlock(&n->lock);
    return found;
}

static void keep(struct names *n, int64_t origin, str text)
{
    struct name *at = &n->name[(uint64_t)origin % NAMES];
    AUTO(arena_done) struct arena a = {0};
    char *copy = mem_strdup(arena_str(&a, text).ptr);
    pthread_mutex_lock(&n->lock);
    mem_free(at->text);
    *at = (struct name){origin, copy};
    pthread_mutex_unlock(&n->lock);
}

void jobs_who_json(struct buf *b, const struct jobs *j, int64_t origin)
{
    AUTO(arena_done) struct arena a = {0};
    struct err ignored = {0};
    str name = {0};
    jobs_origin_json(b, origin);
    if (!has_name(origin))
        return;
    b->len--; // the brace that ends it
    if (!add_kept(b, j->names, origin)) {
        if (store_who(j->store, &a, origin, &name, &ignored) && name.len)
            keep(j->names, origin, name);
        json_add_string(b, "name", name.len ? name : (str){0});
    }
    buf_add_char(b, '}');
}
