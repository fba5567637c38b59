/* SPDX-License-Identifier: Apache-2.0 */
#include "importer/outcomes.h"

#include "base/mem.h"
#include "importer/preview_priv.h"

#include <errno.h>
#include <unistd.h>

/* A file of outcomes. */
struct outcomes {
    int fd;
    unsigned char bytes[OUTCOME_BYTES * 1024];
    size_t count, at; /* bytes */
    bool failed;
};

/* The next outcome; NULL at the end. */
static const unsigned char *next_outcome(struct outcomes *o)
{
    if (o->at == o->count) {
        ssize_t n;
        o->at = o->count = 0;
        while (o->count < sizeof o->bytes) {
            n = read(o->fd, o->bytes + o->count, sizeof o->bytes - o->count);
            if (n < 0 && errno == EINTR)
                continue;
            o->failed = o->failed || n < 0;
            if (n <= 0)
                break;
            o->count += (size_t)n;
        }
        o->count -= o->count % OUTCOME_BYTES;
        if (!o->count)
            return NULL;
    }
    const unsigned char *one = o->bytes + o->at;
    o->at += OUTCOME_BYTES;
    return one;
}

/* NULL: the record is not there. */
static void compare(struct outcome_differences *d, uint64_t record, uint64_t line,
                    const unsigned char *was, const unsigned char *now)
{
    if (was && now && memcmp(was, now, OUTCOME_BYTES) == 0)
        return;
    if (d->count < OUTCOME_DIFFERENCES)
        d->first[d->count] = (struct outcome_difference){
            record, line, was ? (enum store_outcome) * was : OUTCOME_SKIPPED,
            now ? (enum store_outcome) * now : OUTCOME_SKIPPED};
    d->count++;
}

bool outcomes_compare(int was_fd, int now_fd, struct outcome_differences *ret, struct err *err)
{
    struct outcomes *side = mem_new(2, sizeof *side);
    struct outcome_differences *d = mem_new(1, sizeof *d);
    side[0].fd = was_fd;
    side[1].fd = now_fd;
    for (uint64_t record = 1;; record++) {
        const unsigned char *was = next_outcome(&side[0]), *now = next_outcome(&side[1]);
        if (!was && !now)
            break;
        compare(d, record, 0, was, now);
    }
    bool ok = !side[0].failed && !side[1].failed;
    if (ok)
        *ret = *d;
    mem_free(d);
    mem_free(side);
    return ok || err_errno(err, "cannot read the dry run's outcomes");
}

bool outcomes_list(int fd, enum store_outcome outcome, uint64_t after, size_t limit,
                   struct arena *a, uint64_t **ret_record, size_t *ret_count, struct err *err)
{
    struct outcomes *o = mem_new(1, sizeof *o);
    uint64_t *found = ARENA_NEW(a, uint64_t, limit), record = after;
    const unsigned char *one;
    size_t count = 0;
    o->fd = fd;
    bool ok = after <= INT64_MAX / OUTCOME_BYTES &&
              lseek(fd, (off_t)(after * OUTCOME_BYTES), SEEK_SET) >= 0;
    while (ok && count < limit && (one = next_outcome(o)) != NULL) {
        record++;
        if (one[0] == outcome)
            found[count++] = record;
    }
    ok = ok && !o->failed;
    mem_free(o);
    if (!ok)
        return err_errno(err, "cannot read the dry run's outcomes");
    *ret_record = found;
    *ret_count = count;
    return true;
}

struct expected {
    struct preview *preview;
    struct outcomes was;
    struct outcome_differences found;
};

bool expected_open(int fd, const struct zone *zone, int64_t origin, uint64_t skip,
                   struct expected **ret_expected, struct err *err)
{
    if (lseek(fd, (off_t)(skip * OUTCOME_BYTES), SEEK_SET) < 0)
        return err_errno(err, "cannot read the dry run's outcomes");
    struct expected *e = mem_new(1, sizeof *e);
    e->preview = preview_bare(zone, origin);
    e->was.fd = fd;
    *ret_expected = e;
    return true;
}

bool expected_judge(struct expected *e, const struct store_change *change, size_t count,
                    struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        unsigned char now[OUTCOME_BYTES];
        const unsigned char *was = next_outcome(&e->was);
        if (e->was.failed)
            return err_errno(err, "cannot read the dry run's outcomes");
        preview_outcome(e->preview, &change[i], now);
        compare(&e->found, change[i].record, change[i].line, was, now);
    }
    return !e->found.count ||
           err_set(err, ERR_CONFLICT, "record %llu ends in another way than in the dry run",
                   (unsigned long long)e->found.first[0].record);
}

const struct outcome_differences *expected_differences(const struct expected *e)
{
    return &e->found;
}

void expected_free(struct expected *e)
{
    if (!e)
        return;
    preview_free(e->preview);
    mem_free(e);
}
