/* filter_fuzz: any text as a filter and as an order: it is read within its ceilings, or what is
 * wrong is shown at a place of it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "base/utf8.h"
#include "domain/consumer_filter.h"

static void check_problem(str text, const struct filter_problem *p)
{
    assert(p->error > FILTER_OK && p->error <= FILTER_TOO_MANY);
    assert(p->at >= 1 && p->at <= text.len + 1);
    assert(utf8_valid(p->field) && utf8_valid(p->word));
}

static void check_filter(struct arena *a, str text)
{
    struct consumer_filter f;
    struct filter_problem p = {0};
    size_t values = 0;
    if (!consumer_filter_parse(a, text, &f, &p)) {
        check_problem(text, &p);
        return;
    }
    assert(f.count <= LIMIT_FILTER_CONDITIONS);
    for (size_t i = 0; i < f.count; i++) {
        const struct consumer_condition *c = &f.condition[i];
        assert(c->field <= FIELD_COUNT && c->op < FILTER_OP_COUNT);
        assert(!c->count || c->number || c->text || c->is_real);
        for (size_t n = 0; c->text && n < c->count; n++)
            assert(utf8_valid(c->text[n]));
        values += c->count;
    }
    assert(values <= LIMIT_FILTER_VALUES);
}

static void check_order(struct arena *a, str text)
{
    struct consumer_order order;
    struct filter_problem p = {0};
    if (!consumer_order_parse(a, text, &order, &p))
        check_problem(text, &p);
    else
        for (size_t i = 0; i < order.count; i++)
            assert(order.sort[i].field <= FIELD_COUNT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_done) struct arena a = {0};
    str text = {(const char *)data, size};
    if (!size || !utf8_valid(text))
        return 0;
    check_filter(&a, text);
    check_order(&a, text);
    return 0;
}
