/* Searches beside a plain model: all customers, looked at one by one.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/crypto.h"
#include "base/utf8.h"
#include "store/store.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

enum { CUSTOMERS = 400, QUERIES = 400, WAIT_MS = 20000 };
#define DAY_US ((int64_t)86400 * 1000000)

struct world {
    char dir[64], data[80];
    struct store *store;
    struct store_company *company;
    struct store_reader *reader;
    uint64_t seed;
};

static int build_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct err err = {0};
    int64_t id;
    crypto_init();
    if (!w)
        return -1;
    w->seed = 7;
    (void)snprintf(w->dir, sizeof w->dir, "/tmp/clientele-search-XXXXXX");
    if (!mkdtemp(w->dir))
        return -1;
    (void)snprintf(w->data, sizeof w->data, "%s/data", w->dir);
    const struct store_config config = {.data_dir = w->data};
    if (!store_create(&config, &err) || !store_open(&config, &w->store, &err) ||
        !store_company_create(w->store, NULL, STR("A"), STR("Europe/Moscow"), &id, &err) ||
        !store_company_open(w->store, id, &w->company, &err) ||
        !store_reader_open(w->company, &w->reader, &err))
        return -1;
    *state = w;
    return 0;
}

static int raze_world(void **state)
{
    struct world *w = *state;
    char command[128];
    store_reader_free(w->reader);
    store_free(w->store);
    (void)snprintf(command, sizeof command, "rm -r '%s'", w->dir);
    int rc = system(command);
    free(w);
    return rc;
}

static size_t pick(struct world *w, size_t count)
{
    w->seed = w->seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (size_t)(w->seed >> 33) % count;
}

/* --- writing --- */

struct writing {
    struct arena arena;
    struct store_change change[CUSTOMERS];
    size_t count;
};

static void add_change(struct writing *b, enum store_op op, str key, const char *json)
{
    const struct consumer_rules rules = {.now_us = clock_now_us()};
    struct store_change *c = &b->change[b->count++];
    struct json *tree = ARENA_NEW(&b->arena, struct json, 1);
    struct json_place place;
    struct err err = {0};
    assert_true(b->count <= CUSTOMERS);
    *c = (struct store_change){.op = op,
                               .key = key.len ? STORE_KEY_PATH : STORE_KEY_NONE,
                               .key_text = arena_str(&b->arena, key)};
    if (json && !json_parse(str_of(json), &b->arena, tree, &place, &err))
        fail_msg("%s: %s", json, err.msg);
    if (json)
        consumer_patch_from_json(&b->arena, tree, &rules, &c->patch);
}

static void write_all(struct world *w, struct writing *b)
{
    struct err err = {0};
    struct store_batch batch = {
        .change = b->change, .count = b->count, .small = true, .arena = &b->arena};
    if (b->count && !store_apply(w->company, &batch, &err))
        fail_msg("%s", err.msg);
    arena_done(&b->arena);
    *b = (struct writing){0};
}

static const char *random_json(struct world *w, struct arena *a, size_t n)
{
    AUTO(buf_done) struct buf b = {0};
    const char *first = "";
    static const char *const first_names[] = {"Анна Петрова", "Пётр", "Аннабель Ким-Петренко",
                                              "Jos\u00e9 Anna", "Иван"};
    if (pick(w, 3))
        first = first_names[pick(w, COUNT(first_names))];
    buf_format(&b, "{\"first_name\":\"%s\",\"name\":\"N%zu\",\"unsubscribed\":%s", first,
               pick(w, 20), pick(w, 3) ? "false" : "true");
    if (n && pick(w, 3))
        buf_format(&b, ",\"external_id\":\"x,%zu\"", n);
    if (n && pick(w, 3))
        buf_format(&b, ",\"email\":\"%s%zu@Example.com\"", pick(w, 2) ? "A" : "b", n);
    if (pick(w, 2))
        buf_format(&b, ",\"phone\":\"%s900000%04zu\"", pick(w, 2) ? "8" : "+7", pick(w, 30));
    if (pick(w, 2))
        buf_format(&b, ",\"created_at\":\"20%02zu-01-01T00:00:00Z\"", 10 + pick(w, 10));
    switch (pick(w, 5)) {
    case 1:
        buf_format(&b, ",\"custom_attributes\":{\"ltv\":%zu}", pick(w, 100));
        break;
    case 2:
        buf_format(&b, ",\"custom_attributes\":{\"ltv\":\"%zu\",\"a.b\":\"x,%zu\"}", pick(w, 100),
                   pick(w, 3));
        break;
    case 3:
        buf_add(&b, STR(",\"custom_attributes\":{\"ltv\":null,\"city\":\"Пермь\"}"));
        break;
    case 4:
        buf_add(&b, STR(",\"custom_attributes\":{\"vip\":true}"));
        break;
    default:
        break;
    }
    buf_add_char(&b, '}');
    return arena_str(a, buf_str(&b)).ptr;
}

static size_t everyone(struct world *w, struct arena *a, struct consumer **ret)
{
    struct err err = {0};
    size_t count;
    assert_true(store_list(w->reader, a, 0, 0, 3 * CUSTOMERS, ret, &count, &err));
    return count;
}

static void change_some(struct world *w, size_t count)
{
    AUTO(arena_done) struct arena a = {0};
    struct writing b = {0};
    struct consumer *c;
    size_t all = everyone(w, &a, &c);
    char id[CONSUMER_ID_BYTES];
    for (size_t i = 0; i < count; i++) {
        consumer_id_text(c[pick(w, all)].id, id);
        if (pick(w, 6))
            add_change(&b, STORE_UPSERT, str_of(id), random_json(w, &b.arena, 0));
        else
            add_change(&b, STORE_DELETE, str_of(id), NULL);
    }
    write_all(w, &b);
}

/* --- the model --- */

static str field_text(struct arena *a, const struct consumer *c, enum consumer_field field, str key)
{
    if (field == FIELD_EMAIL)
        return c->email_key;
    if (field == FIELD_PHONE)
        return str_is_null(c->phone) ? c->phone : consumer_phone_key(a, c->phone);
    if (field == FIELD_CUSTOM_ATTRIBUTES)
        return consumer_attribute_text(a, c->custom_attributes, json_string_text(a, key));
    return *consumer_text((struct consumer *)c, field);
}

static bool field_number(const struct consumer *c, enum consumer_field field, int64_t *ret)
{
    *ret = field == FIELD_COUNT              ? c->id
           : field == FIELD_CREATED_AT       ? c->created_at_us
           : field == FIELD_UPDATED_AT       ? c->updated_at_us
           : field == FIELD_UNSUBSCRIBED     ? c->unsubscribed
           : field == FIELD_PERMANENT_FAILED ? c->permanent_failed
                                             : c->complained;
    return field == FIELD_COUNT || field == FIELD_CREATED_AT || field == FIELD_UPDATED_AT ||
           field == FIELD_UNSUBSCRIBED || field == FIELD_PERMANENT_FAILED ||
           field == FIELD_COMPLAINED;
}

static bool fits(enum filter_op op, int order)
{
    return op == FILTER_GT    ? order > 0
           : op == FILTER_GTE ? order >= 0
           : op == FILTER_LT  ? order < 0
           : op == FILTER_LTE ? order <= 0
                              : order == 0;
}

static bool holds(struct arena *a, const struct consumer_condition *q, const struct consumer *c)
{
    int64_t number;
    bool numbers = field_number(c, q->field, &number), equal = false;
    str text = numbers ? STR("") : field_text(a, c, q->field, q->key);
    if (q->op == FILTER_EXISTS)
        return !str_is_null(text) == q->number[0];
    if (str_is_null(text))
        return q->op == FILTER_NEQ;
    for (size_t i = 0; i < q->count && !equal; i++) {
        double real;
        int order =
            numbers ? (number > q->number[i]) - (number < q->number[i]) : str_cmp(text, q->text[i]);
        if (q->is_real && !consumer_number(text, &real))
            return false;
        if (q->is_real)
            order = (real > q->real) - (real < q->real);
        equal = fits(q->op, order);
    }
    return q->op == FILTER_NEQ ? !equal : equal;
}

static const struct consumer_order *sorting;
static struct arena *sorting_arena;

static int by_order(const void *x, const void *y)
{
    const struct consumer *c = x, *d = y;
    int way = 1, order = 0;
    for (size_t i = 0; i < sorting->count && !order; i++) {
        enum consumer_field field = sorting->sort[i].field;
        int64_t m, n;
        way = sorting->sort[i].descending ? -1 : 1;
        if (field_number(c, field, &m)) {
            (void)field_number(d, field, &n);
            order = way * ((m > n) - (m < n));
            continue;
        }
        str s = field_text(sorting_arena, c, field, (str){0}),
            t = field_text(sorting_arena, d, field, (str){0});
        order = str_is_null(s) || str_is_null(t) ? str_is_null(s) - str_is_null(t)
                                                 : way * str_cmp(s, t);
    }
    return order ? order : way * ((c->id > d->id) - (c->id < d->id));
}

static const struct consumer_search *searching; /* those who are exact come first; NULL: nobody */

static int by_rank(const void *x, const void *y)
{
    bool c = searching && consumer_search_is_exact(searching, sorting_arena, x),
         d = searching && consumer_search_is_exact(searching, sorting_arena, y);
    return c != d ? d - c : by_order(x, y);
}

/* --- comparing --- */

/* %e, %i: as below; %p: half of an e-mail. */
static const char *const texts[] = {"",
                                    "анна",
                                    "АННА",
                                    "петр",
                                    "пет анн",
                                    "ким анна",
                                    "jose n1",
                                    "N7",
                                    "n",
                                    "x,12",
                                    "x,7",
                                    "x,1",
                                    "x,",
                                    "%e",
                                    "%p",
                                    "a",
                                    "8 (900) 000-00-05",
                                    "+7900000001",
                                    "9000000",
                                    "0012",
                                    "0012 анна",
                                    "%i",
                                    "никого нет",
                                    "анна никого"};

/* %x: an external id, %e: an e-mail, %i: an id, %c and %u: moments of someone. */
static const char *const filters[] = {
    "",
    "unsubscribed:eq:true",
    "unsubscribed:neq:true,complained:eq:false",
    "updated_at:gte:%u",
    "updated_at:lt:%u",
    "updated_at:gt:%u,updated_at:lte:%u",
    "updated_at:eq:%u",
    "updated_at:in:%u|%u",
    "updated_at:gte:%u,unsubscribed:eq:true",
    "created_at:gte:%c",
    "created_at:lt:%c,name:neq:N1",
    "created_at:eq:%c",
    "created_at:gte:%c,updated_at:lt:%u",
    "created_at:neq:%c",
    "id:gt:%i",
    "id:lte:%i,created_at:gt:%c",
    "id:in:%i|%i|%i",
    "id:neq:%i",
    "external_id:eq:%x",
    "external_id:in:%x|%x|none",
    "external_id:gt:%x",
    "external_id:neq:%x",
    "external_id:exists:false",
    "external_id:exists:true,email:exists:false",
    "email:eq:%e",
    "email:gte:%e,email:lt:c",
    "email:neq:%e",
    "phone:eq:8 (900) 000-00-05",
    "phone:in:89000000005|79000000007",
    "phone:gt:79000000010",
    "phone:exists:false",
    "name:in:N1|N2|N3",
    "custom_attributes.ltv:gt:50",
    "custom_attributes.ltv:eq:50",
    "custom_attributes.ltv:exists:true,unsubscribed:eq:false",
    "custom_attributes.a.b:eq:x\\,1",
    "custom_attributes.city:eq:Пермь",
    "custom_attributes.city:neq:Пермь",
    "custom_attributes.vip:eq:true",
};
static const char *const orders[] = {"",
                                     "id",
                                     "-id",
                                     "updated_at",
                                     "-updated_at",
                                     "created_at",
                                     "-created_at",
                                     "external_id",
                                     "-email",
                                     "email",
                                     "name",
                                     "-phone",
                                     "-name,created_at",
                                     "unique",
                                     "created_at,-id",
                                     "-external_id",
                                     "phone"};

static void add_stamp(struct buf *b, int64_t us)
{
    static struct zone *zone;
    char text[ZONE_STAMP_BYTES];
    struct err err = {0};
    assert_true(zone || zone_open("UTC", &zone, &err));
    buf_add(b, (str){text, zone_stamp(zone, us, text)});
}

static str fill(struct world *w, struct arena *a, const char *pattern, const struct consumer *all,
                size_t count)
{
    AUTO(buf_done) struct buf b = {0};
    for (const char *p = pattern; *p; p++) {
        const struct consumer *c = &all[pick(w, count)];
        char id[CONSUMER_ID_BYTES];
        if (*p != '%') {
            buf_add_char(&b, *p);
            continue;
        }
        switch (*++p) {
        case 'x':
            buf_format(&b, "x\\,%zu", 1 + pick(w, CUSTOMERS));
            break;
        case 'p':
            buf_add(&b, str_first(c->email, c->email.len / 2));
            break;
        case 'e':
            buf_add(&b, c->email.len ? c->email : STR("nobody@example.com"));
            break;
        case 'i':
            consumer_id_text(c->id, id);
            buf_add(&b, str_of(id));
            break;
        default:
            add_stamp(&b, *p == 'c' ? c->created_at_us : c->updated_at_us);
        }
    }
    return arena_str(a, buf_str(&b));
}

static size_t search(struct world *w, struct arena *a, const struct store_query *q,
                     struct consumer *ret, struct store_place *ret_place)
{
    AUTO(store_search_free) struct store_search *s = NULL;
    struct err err = {0};
    size_t count = 0;
    enum store_step step = STORE_FAILED;
    if (store_search_open(w->reader, q, &s, &err))
        while ((step = store_search_next(s, a, &ret[count], &err)) == STORE_ROW)
            *ret_place = store_search_place(s, &ret[count++]);
    if (step == STORE_FAILED)
        fail_msg("%s", err.msg);
    return count;
}

/* Page by page, by places, or by numbers where there are none. */
static size_t search_paged(struct world *w, struct arena *a, struct store_query q, size_t per_page,
                           struct consumer *ret)
{
    struct store_place place = {0}, next;
    size_t count = 0, found;
    bool places = q.order->count <= 1;
    q.limit = per_page;
    do {
        found = search(w, a, &q, ret + count, &next);
        count += found;
        if (found && places) {
            place = next;
            q.after = &place;
        } else {
            q.skip += found;
        }
    } while (found == per_page);
    return count;
}

static void compare(struct world *w, str filter, const char *order_text, str text)
{
    static struct consumer got[3 * CUSTOMERS + 1], want[3 * CUSTOMERS];
    AUTO(arena_done) struct arena a = {0};
    struct consumer *all;
    struct consumer_filter f;
    struct consumer_order order;
    struct filter_problem problem;
    struct consumer_search text_search, *s = text.len ? &text_search : NULL;
    struct store_place place;
    struct err err = {0};
    size_t count = everyone(w, &a, &all), wanted = 0;
    uint64_t counted;
    if (s)
        assert_int_equal(consumer_search_parse(&a, text, s), SEARCH_OK);
    if (!consumer_filter_parse(&a, filter, &f, &problem) ||
        !consumer_order_parse(&a, str_of(order_text), &order, &problem))
        fail_msg("%.*s, %s: %d at %zu", STR_ARG(filter), order_text, problem.error, problem.at);
    for (size_t i = 0; i < count; i++) {
        bool in = !s || consumer_search_matches(s, &a, &all[i]);
        for (size_t n = 0; n < f.count; n++)
            in = in && holds(&a, &f.condition[n], &all[i]);
        if (in)
            want[wanted++] = all[i];
    }
    sorting = &order;
    sorting_arena = &a;
    searching = f.count || order.count ? NULL : s;
    qsort(want, wanted, sizeof *want, by_rank);
    struct store_query q = {.search = s, .filter = &f, .order = &order};
    const size_t per_page[] = {0, 1 + pick(w, 20), 100};
    for (size_t way = 0; way < COUNT(per_page); way++) {
        size_t found = per_page[way] ? search_paged(w, &a, q, per_page[way], got)
                                     : search(w, &a, &q, got, &place);
        for (size_t i = 0; i < found && i < wanted; i++)
            if (got[i].id != want[i].id || !str_eq(got[i].email, want[i].email))
                fail_msg("'%.*s', filter '%.*s', sort '%s', pages of %zu: another one at %zu",
                         STR_ARG(text), STR_ARG(filter), order_text, per_page[way], i);
        if (found != wanted)
            fail_msg("'%.*s', filter '%.*s', sort '%s', pages of %zu: %zu instead of %zu",
                     STR_ARG(text), STR_ARG(filter), order_text, per_page[way], found, wanted);
    }
    assert_true(store_search_count(w->reader, &q, &counted, &err));
    if (counted != wanted)
        fail_msg("'%.*s', filter '%.*s': counted %llu instead of %zu", STR_ARG(text),
                 STR_ARG(filter), (unsigned long long)counted, wanted);
    q.count_most = 10; // of everyone no limit is needed
    assert_true(store_search_count(w->reader, &q, &counted, &err));
    assert_int_equal(counted, f.count || s ? MIN(wanted, (size_t)10) : wanted);
}

static void compare_many(struct world *w)
{
    AUTO(arena_done) struct arena a = {0};
    struct consumer *all;
    size_t count = everyone(w, &a, &all);
    for (size_t i = 0; i < QUERIES; i++) {
        const char *order = orders[pick(w, COUNT(orders))];
        compare(w, fill(w, &a, filters[i % COUNT(filters)], all, count),
                strcmp(order, "unique") == 0 ? "-updated_at,name" : order, STR(""));
    }
    for (size_t i = 0; i < QUERIES / 2; i++) {
        const char *order = orders[pick(w, 2) * pick(w, COUNT(orders))];
        str filter = fill(w, &a, filters[pick(w, 2) * pick(w, COUNT(filters))], all, count);
        compare(w, filter, strcmp(order, "unique") == 0 ? "-updated_at,name" : order,
                fill(w, &a, texts[i % COUNT(texts)], all, count));
    }
}

/* --- what the database holds --- */

static int64_t number_in(struct world *w, const char *sql)
{
    char path[120];
    sqlite3 *db;
    sqlite3_stmt *s;
    (void)snprintf(path, sizeof path, "%s/companies/1.db", w->data);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    (void)sqlite3_busy_timeout(db, 10000);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(s, 0);
    (void)sqlite3_finalize(s);
    (void)sqlite3_close(db);
    return n;
}

/* Waits until the writer has used its time so that the number is small. */
static void wait_until_below(struct world *w, const char *sql, int64_t most)
{
    const struct timespec pause = {.tv_nsec = 50000000};
    for (int ms = 0; number_in(w, sql) >= most; ms += 50) {
        if (ms > WAIT_MS)
            fail_msg("%s: still %lld", sql, (long long)number_in(w, sql));
        (void)nanosleep(&pause, NULL);
    }
}

static void searches_find_what_a_look_at_everyone_finds(void **state)
{
    struct world *w = *state;
    struct writing b = {0};
    for (size_t i = 1; i <= CUSTOMERS; i++)
        add_change(&b, STORE_CREATE, (str){0}, random_json(w, &b.arena, i));
    write_all(w, &b);
    compare_many(w); // nobody is sorted in yet
    change_some(w, 200);
    wait_until_below(w, "SELECT unindexed + untermed FROM meta", 1);
    compare_many(w);
    change_some(w, 150);
    compare_many(w); // some are
}

static void words_that_very_many_have_are_found_by_looking(void **state)
{
    struct world *w = *state;
    assert_int_equal(setenv("CLIENTELE_FAULT_SEARCH_MOST", "20", 1), 0);
    compare_many(w);
    wait_until_below(w, "SELECT untermed FROM meta", 1);
    compare_many(w);
    assert_int_equal(unsetenv("CLIENTELE_FAULT_SEARCH_MOST"), 0);
}

/* Of the terms none that counts no more is left, but for those of few customers. */
static void terms_that_count_no_more_are_swept_out(void **state)
{
    struct world *w = *state;
    struct writing b = {0};
    add_change(&b, STORE_CREATE, (str){0},
               "{\"external_id\":\"gone\",\"name\":\"Уникум\",\"phone\":\"79999999999\"}");
    write_all(w, &b);
    wait_until_below(w, "SELECT untermed FROM meta", 1);
    assert_int_equal(number_in(w, "SELECT count(*) FROM search_term WHERE term IN ('уникум',"
                                  " '+79999999999', '-99999999997')"),
                     3);
    add_change(&b, STORE_DELETE, STR("gone"), NULL);
    write_all(w, &b);
    assert_int_equal(number_in(w, "SELECT count(*) FROM search_term WHERE term IN ('уникум',"
                                  " '+79999999999', '-99999999997')"),
                     0);
    for (int i = 0; i < 15; i++) {
        for (size_t n = 1; n <= 100; n++)
            add_change(&b, STORE_UPSERT, arena_format(&b.arena, "often-%zu", n),
                       arena_format(&b.arena, "{\"name\":\"Смена%d\"}", i).ptr);
        write_all(w, &b);
        wait_until_below(w, "SELECT untermed FROM meta", 1);
    }
    wait_until_below(w, "SELECT stale_terms FROM meta", 1000);
    wait_until_below(w, "SELECT count(*) FROM search_term WHERE term = 'смена0'", 1);
    compare_many(w);
}

static void what_counts_no_more_is_swept_out(void **state)
{
    struct world *w = *state;
    struct writing b = {0};
    for (size_t i = 0; i < 130; i++) {
        for (size_t n = 1; n <= 100; n++)
            add_change(
                &b, STORE_UPSERT, arena_format(&b.arena, "often-%zu", n),
                arena_format(&b.arena,
                             "{\"name\":\"%zu\",\"created_at\":\"2011-01-01T00:%02zu:%02zuZ\"}", i,
                             i / 60, i % 60)
                    .ptr);
        write_all(w, &b);
    }
    wait_until_below(w, "SELECT unindexed FROM meta", 1);
    wait_until_below(w, "SELECT sum(count) FROM changed", 2 * CUSTOMERS);
    assert_int_equal(number_in(w, "SELECT changes = (SELECT sum(count) FROM changed) FROM meta"),
                     1);
    assert_int_equal(number_in(w, "SELECT created = (SELECT count(*) FROM created_key) FROM meta"),
                     1);
    compare_many(w);
}

static void filters_and_orders_use_indexes(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *filter, *order, *want; /* want: steps, none of which sorts */
    } cases[] = {
        {"updated_at:gte:2026-01-01T00:00:00Z", "updated_at", "SEARCH b USING INTEGER PRIMARY KEY"},
        {"updated_at:lt:2026-01-01T00:00:00Z", "-updated_at", "SEARCH b USING INTEGER PRIMARY KEY"},
        {"", "updated_at", "SEARCH c USING INTEGER PRIMARY KEY"},
        {"created_at:gte:2026-01-01T00:00:00Z", "created_at",
         "SEARCH k USING PRIMARY KEY (created_at>?)"},
        {"created_at:gte:2026-01-01T00:00:00Z", "-created_at",
         "SEARCH k USING PRIMARY KEY (created_at>?)"},
        {"external_id:eq:1", "external_id", "SEARCH k USING PRIMARY KEY (external_id=?)"},
        {"external_id:gt:1", "external_id", "SEARCH k USING PRIMARY KEY (external_id>?)"},
        {"external_id:in:1|2", "external_id", "SEARCH k USING PRIMARY KEY (external_id=?)"},
        {"email:eq:a@b.c", "email", "SEARCH k USING PRIMARY KEY (email_key=?)"},
        {"email:gte:a", "-email", "SEARCH k USING PRIMARY KEY (email_key>?)"},
        {"id:gt:000000000000000100000000", "id", "SEARCH c USING INTEGER PRIMARY KEY (rowid>?)"},
        {"id:gt:000000000000000100000000", "-id", "SEARCH c USING INTEGER PRIMARY KEY (rowid>?)"},
        {"", "external_id", "SCAN k"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        struct consumer_filter f;
        struct consumer_order order;
        struct filter_problem problem;
        struct err err = {0};
        str plan;
        assert_true(consumer_filter_parse(&a, str_of(cases[i].filter), &f, &problem));
        assert_true(consumer_order_parse(&a, str_of(cases[i].order), &order, &problem));
        const struct store_query q = {.filter = &f, .order = &order, .quick = true, .limit = 25};
        if (!store_search_plan(w->reader, &a, &q, &plan, &err))
            fail_msg("%s: %s", cases[i].filter, err.msg);
        // By created_at there are also those whom the writer has not sorted in yet.
        size_t sorts = 0;
        for (str rest = plan; !str_is_null(rest);)
            sorts += str_starts(str_split(&rest, '\n'), STR("USE TEMP B-TREE FOR ORDER BY"));
        bool merges = strstr(plan.ptr, "MERGE (UNION ALL)\nLEFT\nSEARCH k") != NULL;
        if (!strstr(plan.ptr, cases[i].want) || sorts != merges || strstr(plan.ptr, "SCAN c"))
            fail_msg("%s, %s:\n%s", cases[i].filter, cases[i].order, plan.ptr);
    }
}

static void a_search_that_takes_too_long_is_given_up(void **state)
{
    struct world *w = *state;
    AUTO(arena_done) struct arena a = {0};
    AUTO(store_search_free) struct store_search *s = NULL;
    struct consumer_filter f;
    struct consumer_order order;
    struct filter_problem problem;
    struct consumer c;
    struct err err = {0};
    assert_true(consumer_filter_parse(&a, STR("custom_attributes.none:eq:x"), &f, &problem));
    assert_true(consumer_order_parse(&a, STR("name"), &order, &problem));
    struct store_query q = {.filter = &f, .order = &order, .quick = true};
    assert_false(store_search_open(w->reader, &q, &s, &err));
    assert_int_equal(err.code, ERR_BUSY);
    q = (struct store_query){.filter = &f, .order = &order, .until_us = clock_monotonic_us() - 1};
    if (store_search_open(w->reader, &q, &s, &err))
        assert_int_equal(store_search_next(s, &a, &c, &err), STORE_FAILED);
    assert_int_equal(err.code, ERR_BUSY);
    store_search_free(TAKE(s));
    // The reader is as good as new.
    q = (struct store_query){.limit = 1};
    assert_true(store_search_open(w->reader, &q, &s, &err));
    assert_int_equal(store_search_next(s, &a, &c, &err), STORE_ROW);
    assert_int_equal(store_search_next(s, &a, &c, &err), STORE_END);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(searches_find_what_a_look_at_everyone_finds),
        cmocka_unit_test(words_that_very_many_have_are_found_by_looking),
        cmocka_unit_test(terms_that_count_no_more_are_swept_out),
        cmocka_unit_test(what_counts_no_more_is_swept_out),
        cmocka_unit_test(filters_and_orders_use_indexes),
        cmocka_unit_test(a_search_that_takes_too_long_is_given_up),
    };
    return cmocka_run_group_tests(tests, build_world, raze_world);
}
