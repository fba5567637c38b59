/* What API requests wait for together: one transaction for all of them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/group.h"

#include "base/mem.h"
#include "store/sqlite/audit.h"
#include "store/sqlite/request.h"

static bool apply_items(struct applier *p, struct apply_item *item, size_t count, struct err *err)
{
    for (size_t done; count; item += done, count -= done)
        if (!apply_slice(p, item, count, &done, err))
            return false;
    return true;
}

static bool any_failed(const struct store_batch *b)
{
    for (size_t i = 0; i < b->count; i++)
        if (b->change[i].outcome == OUTCOME_FAILED)
            return true;
    return false;
}

/* All or nothing: what the batch did is taken back when one of its changes fails, and nothing of
 * the others in the transaction is. */
static bool apply_whole(struct applier *p, struct apply_item *item, struct store_batch *b,
                        struct err *err)
{
    const struct apply_meta before = p->meta;
    bool wrote = p->wrote;
    if (!db_exec(p->db, "SAVEPOINT whole", err) || !apply_items(p, item, b->count, err))
        return false;
    if (any_failed(b)) {
        if (!db_exec(p->db, "ROLLBACK TO whole", err))
            return false;
        p->meta = before;
        p->wrote = wrote;
    }
    return db_exec(p->db, "RELEASE whole", err);
}

static bool is_done(const struct store_batch *b)
{
    return b->request && b->request->replay != REPLAY_NEW;
}

static bool find_requests(struct db *db, struct store_batch *first, struct store_batch *end,
                          struct err *err)
{
    for (struct store_batch *b = first; b != end; b = b->next)
        if (b->request && !request_find(db, b->arena, b->request, err))
            return false;
    return true;
}

static bool keep_answers(struct db *db, struct store_batch *first, struct store_batch *end,
                         struct err *err)
{
    for (struct store_batch *b = first; b != end; b = b->next) {
        AUTO(buf_done) struct buf answer = {0};
        if (!b->request || is_done(b) || any_failed(b))
            continue;
        b->answer(b, &answer);
        if (!request_keep(db, b->request, 0, buf_str(&answer), err))
            return false;
    }
    return true;
}

/* In the order in which they came; those between two whole ones in common slices. */
static bool apply_batches(struct applier *p, struct apply_item *item, struct store_batch *first,
                          struct store_batch *end, struct err *err)
{
    size_t count = 0;
    for (struct store_batch *b = first; b != end; b = b->next) {
        if (is_done(b))
            continue;
        if (b->whole && (!apply_items(p, item, count, err)))
            return false;
        if (b->whole) {
            item += count;
            count = 0;
        }
        for (size_t i = 0; i < b->count; i++)
            item[count++] = (struct apply_item){.change = &b->change[i], .batch = b};
        if (!b->whole)
            continue;
        if (!apply_whole(p, item, b, err))
            return false;
        item += count;
        count = 0;
    }
    return apply_items(p, item, count, err);
}

bool group_apply(struct applier *p, struct store_batch *first, struct store_batch *end,
                 struct err *err)
{
    size_t count = 0;
    for (struct store_batch *b = first; b != end; b = b->next)
        count += b->count;
    if (!find_requests(p->db, first, end, err))
        return false;
    struct apply_item *item = mem_new(count ? count : 1, sizeof *item);
    bool ok = apply_batches(p, item, first, end, err) &&
              audit_add_batches(p->db, first, end, err) && keep_answers(p->db, first, end, err);
    mem_free(item);
    return ok;
}
