/* The one write path, beside a model of what it promises.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "store/days.h"
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct world {
    char dir[64], data[80];
    struct store *store;
    struct store_company *company[3];
};

static int build_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct err err = {0};
    crypto_init();
    if (!w)
        return -1;
    (void)snprintf(w->dir, sizeof w->dir, "/tmp/clientele-apply-XXXXXX");
    if (!mkdtemp(w->dir))
        return -1;
    (void)snprintf(w->data, sizeof w->data, "%s/data", w->dir);
    const struct store_config config = {.data_dir = w->data};
    if (!store_create(&config, &err) || !store_open(&config, &w->store, &err))
        return -1;
    for (size_t i = 0; i < COUNT(w->company); i++) {
        char name[] = {(char)('A' + i), 0};
        int64_t id;
        if (!store_company_create(w->store, NULL, str_of(name), STR("Europe/Moscow"), &id, &err) ||
            !store_company_open(w->store, id, &w->company[i], &err))
            return -1;
    }
    *state = w;
    return 0;
}

static int raze_world(void **state)
{
    struct world *w = *state;
    char command[128];
    store_free(w->store);
    (void)snprintf(command, sizeof command, "rm -r '%s'", w->dir);
    int rc = system(command);
    free(w);
    return rc;
}

/* "field=text;field=text" as a patch; "field=" clears. */
static void set_patch(struct arena *a, struct consumer_patch *patch, const char *text)
{
    static const struct {
        const char *name;
        enum consumer_field field;
    } fields[] = {{"e", FIELD_EMAIL},
                  {"n", FIELD_NAME},
                  {"p", FIELD_PHONE},
                  {"x", FIELD_EXTERNAL_ID},
                  {"l", FIELD_LEGACY_ID}};
    const struct consumer_rules rules = {.now_us = clock_now_us()};
    str rest = arena_str(a, str_of(text));
    while (rest.len) {
        str value = str_split(&rest, ';'), name = str_split(&value, '=');
        for (size_t i = 0; i < COUNT(fields); i++)
            if (str_eq(name, str_of(fields[i].name))) {
                if (value.len)
                    consumer_patch_set_text(a, patch, fields[i].field, value, &rules);
                else
                    consumer_patch_clear(patch, fields[i].field);
            }
    }
}

static const char *outcome_text(struct arena *a, const struct store_change *c)
{
    static const char *const names[] = {"created", "updated", "unchanged",
                                        "deleted", "skipped", "failed"};
    AUTO(buf_done) struct buf b = {0};
    buf_format(&b, "%s", names[c->outcome]);
    for (const struct problem *p = c->problems.first; p; p = p->next)
        buf_format(&b, " %s:%.*s", problem_code_name(p->code), STR_ARG(p->field));
    for (const struct problem *p = c->warnings.first; p; p = p->next)
        buf_format(&b, " (%s)", problem_code_name(p->code));
    return arena_str(a, buf_str(&b)).ptr;
}

static void changes_act_one_after_another(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *name;
        enum store_op op;
        enum store_key key;
        const char *key_text, *patch, *want;
        bool lenient, keep_contacts;
    } steps[] = {
        {"a customer is created", STORE_CREATE, STORE_KEY_NONE, "", "x=1;e=a@x.ru;n=A", "created",
         0, 0},
        {"both keys taken are named at once", STORE_CREATE, STORE_KEY_NONE, "", "x=1;e=A@X.ru",
         "failed taken:external_id taken:email", 0, 0},
        {"equal is unchanged", STORE_UPSERT, STORE_KEY_PATH, "1", "e=a@x.ru", "unchanged", 0, 0},
        {"another case of the same e-mail is kept as sent", STORE_UPSERT, STORE_KEY_PATH, "1",
         "e=A@x.ru", "updated", 0, 0},
        {"an upsert creates", STORE_UPSERT, STORE_KEY_EXTERNAL_ID, "2", "e=b@x.ru", "created", 0,
         0},
        {"an e-mail of another is refused", STORE_UPSERT, STORE_KEY_PATH, "2", "e=a@X.ru;n=B",
         "failed taken:email", 0, 0},
        {"or left out when that is asked for", STORE_UPSERT, STORE_KEY_PATH, "2", "e=a@x.ru;n=B",
         "updated (email_left_out)", 1, 0},
        {"contacts may be kept", STORE_UPSERT, STORE_KEY_PATH, "2", "e=c@x.ru",
         "unchanged (contact_kept)", 0, 1},
        {"one gives an e-mail up", STORE_UPSERT, STORE_KEY_PATH, "1", "e=", "updated", 0, 0},
        {"and the next takes it", STORE_UPSERT, STORE_KEY_PATH, "2", "e=a@x.ru", "updated", 0, 0},
        {"an external id never changes", STORE_UPSERT, STORE_KEY_PATH, "2", "x=3",
         "unchanged (external_id_kept)", 0, 0},
        {"no external id yet", STORE_CREATE, STORE_KEY_NONE, "", "l=0123456789abcdef01234567;n=L",
         "created", 0, 0},
        {"found by the id brought along, and given one", STORE_UPSERT, STORE_KEY_PATH,
         "0123456789abcdef01234567", "x=9", "updated", 0, 0},
        {"an update finds nobody", STORE_UPDATE, STORE_KEY_PATH, "nobody", "n=N",
         "failed not_found:id", 0, 0},
        {"a customer goes", STORE_DELETE, STORE_KEY_PATH, "2", "", "deleted", 0, 0},
        {"and is gone", STORE_DELETE, STORE_KEY_PATH, "2", "", "failed not_found:id", 0, 0},
        {"his keys are free", STORE_CREATE, STORE_KEY_NONE, "", "x=2;e=a@x.ru", "created", 0, 0},
    };
    // One at a time in the first company, all in one batch in the second.
    for (size_t way = 0; way < 2; way++) {
        AUTO(arena_done) struct arena a = {0};
        struct store_change change[COUNT(steps)] = {0};
        struct err err = {0};
        int64_t last_id = 0, last_stamp = 0;
        for (size_t i = 0; i < COUNT(steps); i++) {
            change[i] = (struct store_change){.op = steps[i].op,
                                              .key = steps[i].key,
                                              .key_text = str_of(steps[i].key_text),
                                              .merge.keep_contacts = steps[i].keep_contacts,
                                              .lenient = steps[i].lenient};
            set_patch(&a, &change[i].patch, steps[i].patch);
        }
        for (size_t i = 0; i < COUNT(steps); i += way ? COUNT(steps) : 1) {
            struct store_batch batch = {.change = change + i,
                                        .count = way ? COUNT(steps) : 1,
                                        .want = STORE_WANT_RECORDS,
                                        .arena = &a};
            assert_true(store_apply(w->company[way], &batch, &err));
        }
        for (size_t i = 0; i < COUNT(steps); i++) {
            const char *got = outcome_text(&a, &change[i]);
            if (strcmp(got, steps[i].want) != 0)
                fail_msg("%s, %s: %s", steps[i].name, way ? "in a batch" : "alone", got);
            const struct consumer *after = change[i].after;
            if (change[i].outcome == OUTCOME_CREATED) {
                assert_true(after->id > last_id);
                last_id = after->id;
            }
            if (change[i].outcome == OUTCOME_CREATED || change[i].outcome == OUTCOME_UPDATED) {
                assert_true(after->updated_at_us > last_stamp);
                last_stamp = after->updated_at_us;
            }
        }
    }
}

static void two_rows_that_swap_an_email_both_fail(void **state)
{
    struct world *w = *state;
    AUTO(arena_done) struct arena a = {0};
    struct err err = {0};
    static const char *const patch[] = {"e=s1@x.ru", "e=s2@x.ru", "e=s2@x.ru", "e=s1@x.ru"};
    static const char *const want[] = {"created", "created", "failed taken:email",
                                       "failed taken:email"};
    struct store_change change[COUNT(patch)] = {0};
    for (size_t i = 0; i < COUNT(patch); i++) {
        change[i] = (struct store_change){.op = STORE_UPSERT,
                                          .key = STORE_KEY_EXTERNAL_ID,
                                          .key_text = i % 2 ? STR("swap2") : STR("swap1")};
        set_patch(&a, &change[i].patch, patch[i]);
    }
    struct store_batch batch = {.change = change, .count = COUNT(patch), .arena = &a};
    assert_true(store_apply(w->company[0], &batch, &err));
    for (size_t i = 0; i < COUNT(patch); i++)
        assert_string_equal(outcome_text(&a, &change[i]), want[i]);
    assert_true(change[2].problems.first->other_id && change[3].problems.first->other_id);
}

/* --- many changes to few customers, beside a model --- */

enum { KEYS = 12, EMAILS = 10, NAMES = 4, CHANGES = 6000, BATCH = 300 };

struct model {
    bool exists[KEYS];
    char email[KEYS][16], name[KEYS][16];
};
struct act {
    enum store_op op;
    size_t key;
    char email[16], name[16]; /* "": not said */
    bool from_file;
};

static size_t owner_of(const struct model *m, const char *email)
{
    size_t k = 0;
    while (k < KEYS && !(m->exists[k] && strcasecmp(m->email[k], email) == 0))
        k++;
    return k;
}

static enum store_outcome foresee(struct model *m, const struct act *x)
{
    size_t k = x->key, owner = x->email[0] ? owner_of(m, x->email) : KEYS;
    if (x->op == STORE_DELETE) {
        bool was = m->exists[k];
        m->exists[k] = false;
        return was ? OUTCOME_DELETED : OUTCOME_FAILED;
    }
    if ((owner != KEYS && owner != k) || (x->op == STORE_CREATE && m->exists[k]))
        return OUTCOME_FAILED;
    bool is_new = !m->exists[k], changed = false;
    if (is_new)
        m->email[k][0] = m->name[k][0] = 0;
    m->exists[k] = true;
    if (x->email[0] && strcmp(m->email[k], x->email) != 0) {
        (void)snprintf(m->email[k], sizeof m->email[k], "%s", x->email);
        changed = true;
    }
    if (x->name[0] && strcmp(m->name[k], x->name) != 0) {
        (void)snprintf(m->name[k], sizeof m->name[k], "%s", x->name);
        changed = true;
    }
    return is_new ? OUTCOME_CREATED : changed ? OUTCOME_UPDATED : OUTCOME_UNCHANGED;
}

static struct act random_act(unsigned *seed)
{
    struct act x = {.key = (size_t)rand_r(seed) % KEYS};
    int die = rand_r(seed) % 10;
    x.op = die == 0 ? STORE_DELETE : die == 1 ? STORE_CREATE : STORE_UPSERT;
    x.from_file = x.op == STORE_UPSERT && rand_r(seed) % 3;
    if (rand_r(seed) % 2)
        (void)snprintf(x.email, sizeof x.email, rand_r(seed) % 4 ? "e%d@x.ru" : "E%d@x.ru",
                       rand_r(seed) % EMAILS);
    if (rand_r(seed) % 2)
        (void)snprintf(x.name, sizeof x.name, "name %d", rand_r(seed) % NAMES);
    return x;
}

static void fill_change(struct arena *a, const struct act *x, struct store_change *c)
{
    AUTO(buf_done) struct buf scratch = {0};
    str key = arena_format(a, "k%zu", x->key);
    *c = (struct store_change){.op = x->op,
                               .key = x->op == STORE_CREATE ? STORE_KEY_NONE
                                      : x->from_file        ? STORE_KEY_EXTERNAL_ID
                                                            : STORE_KEY_PATH,
                               .key_text = key};
    if (x->op == STORE_CREATE)
        set_patch(a, &c->patch, arena_format(a, "x=%.*s", STR_ARG(key)).ptr);
    set_patch(a, &c->patch,
              arena_format(a, "%s%s;%s%s", x->email[0] ? "e=" : "", x->email,
                           x->name[0] ? "n=" : "", x->name)
                  .ptr);
    if (x->from_file)
        c->imprint = consumer_patch_imprint(&c->patch, &c->merge, false, &scratch);
}

static void compare_with_model(struct world *w, size_t company, const struct model *m)
{
    struct store_reader *reader;
    struct err err = {0};
    uint64_t count, want = 0;
    assert_true(store_reader_open(w->company[company], &reader, &err));
    for (size_t k = 0; k < KEYS; k++) {
        AUTO(arena_done) struct arena a = {0};
        struct consumer c;
        bool found = store_get(reader, &a, arena_format(&a, "k%zu", k), &c, &err);
        assert_int_equal(found, m->exists[k]);
        if (!found)
            continue;
        assert_true(str_eq(c.email, str_of(m->email[k])) || (!c.email.len && !m->email[k][0]));
        assert_true(str_eq(c.name, str_of(m->name[k])) || (!c.name.len && !m->name[k][0]));
        want++;
    }
    assert_true(store_count(reader, &count, &err));
    AUTO(arena_done) struct arena a = {0};
    struct consumer *all;
    size_t listed, others = 0;
    assert_true(store_list(reader, &a, 0, 0, 1000, &all, &listed, &err));
    for (size_t i = 0; i < listed; i++)
        others += !str_starts(all[i].external_id, STR("k"));
    assert_int_equal(listed, count);
    assert_int_equal(count - others, want);
    store_reader_free(reader);
}

static void thousands_of_changes_agree_with_the_model(void **state)
{
    struct world *w = *state;
    // Batches of changes in one company, the same one at a time in the next, and held over many
    // batches in the third.
    static const size_t steps[] = {BATCH, 1, 2};
    for (size_t way = 0; way < COUNT(steps); way++) {
        struct model model = {0};
        struct store_task task = {.origin = origin_of(ORIGIN_COMMAND_LINE, 0)};
        const struct store_deed deed = {.what = STR("upload")};
        struct err made = {0};
        assert_true(store_task_create(w->company[way], &task, &deed, &made));
        unsigned seed = 20260925;
        for (size_t done = 0; done < CHANGES; done += BATCH) {
            AUTO(arena_done) struct arena a = {0};
            struct act act[BATCH];
            enum store_outcome want[BATCH];
            struct store_change *change = ARENA_NEW(&a, struct store_change, BATCH);
            struct err err = {0};
            size_t step = steps[way];
            for (size_t i = 0; i < BATCH; i++) {
                act[i] = random_act(&seed);
                fill_change(&a, &act[i], &change[i]);
                change[i].record = done + i + 1;
                want[i] = foresee(&model, &act[i]);
            }
            for (size_t i = 0; i < BATCH; i += step) {
                struct store_batch batch = {.change = change + i, .count = step, .arena = &a};
                if (way == 2) {
                    // A file deletes nobody.
                    if (act[i].op != STORE_DELETE && act[i + 1].op != STORE_DELETE)
                        batch.task_id = task.id;
                    batch.more = i + step < BATCH;
                    // Somebody else writes: what is held comes first.
                    if (i == BATCH / 2)
                        assert_true(store_task_update(w->company[way], &task, NULL, &err));
                }
                if (!store_apply(w->company[way], &batch, &err))
                    fail_msg("%zu at once: %s", step, err.msg);
            }
            for (size_t i = 0; i < BATCH; i++)
                if (change[i].outcome != want[i])
                    fail_msg("%zu at once: change %zu of k%zu: %s, foreseen %d", step, done + i,
                             act[i].key, outcome_text(&a, &change[i]), (int)want[i]);
            compare_with_model(w, way, &model);
        }
    }
}

static void put_name(struct world *w, const char *key, const char *name)
{
    AUTO(arena_done) struct arena a = {0};
    struct store_change c = {.op = STORE_UPSERT, .key = STORE_KEY_PATH, .key_text = str_of(key)};
    struct store_batch batch = {.change = &c, .count = 1, .arena = &a};
    struct err err = {0};
    consumer_patch_set_text(&a, &c.patch, FIELD_NAME, str_of(name), &(struct consumer_rules){0});
    assert_true(store_apply(w->company[1], &batch, &err));
    assert_int_equal(c.problems.count, 0);
}

static void a_reader_that_holds_sees_what_was_acknowledged(void **state)
{
    struct world *w = *state;
    AUTO(store_reader_free) struct store_reader *held = NULL;
    struct err err = {0};
    assert_true(store_reader_open(w->company[1], &held, &err));
    for (int i = 0; i < 20; i++) {
        AUTO(arena_done) struct arena a = {0};
        struct consumer c;
        char name[16];
        (void)snprintf(name, sizeof name, "n%d", i);
        put_name(w, "held", name);
        for (int again = 0; again < 2; again++) {
            assert_true(store_reader_hold(held, &err));
            assert_true(store_get(held, &a, STR("held"), &c, &err));
            assert_true(str_eq(c.name, str_of(name)));
        }
        if (i % 5 == 4)
            store_reader_rest(held);
    }
    // Others write and copy the log meanwhile; who holds on sees one moment, until he asks again.
    struct consumer before;
    AUTO(arena_done) struct arena a = {0};
    assert_true(store_reader_hold(held, &err));
    assert_true(store_get(held, &a, STR("held"), &before, &err));
    put_name(w, "held", "later");
    assert_true(store_get(held, &a, STR("held"), &before, &err));
    assert_true(str_eq(before.name, STR("n19")));
    store_reader_rest(held);
    store_reader_rest(held);
    assert_true(store_get(held, &a, STR("held"), &before, &err));
    assert_true(str_eq(before.name, STR("later")));
}

/* Acts on customer `key`; the outcome is failed when there is none. */
static enum store_outcome act_on(struct store_company *company, enum store_op op, const char *key)
{
    AUTO(arena_done) struct arena a = {0};
    struct store_change c = {.op = op, .key = STORE_KEY_PATH, .key_text = str_of(key)};
    struct store_batch batch = {.change = &c, .count = 1, .small = true, .arena = &a};
    struct err err = {0};
    assert_true(store_apply(company, &batch, &err));
    return c.outcome;
}

/* Makes `key` and deletes whoever is nobody, all or nothing: nothing. */
static void fail_whole(struct store_company *company, const char *key)
{
    AUTO(arena_done) struct arena a = {0};
    struct store_change c[] = {
        {.op = STORE_UPSERT, .key = STORE_KEY_PATH, .key_text = str_of(key)},
        {.op = STORE_DELETE, .key = STORE_KEY_PATH, .key_text = STR("nobody")}};
    struct store_batch batch = {
        .change = c, .count = COUNT(c), .small = true, .whole = true, .arena = &a};
    struct err err = {0};
    assert_true(store_apply(company, &batch, &err));
    assert_int_equal(c[1].outcome, OUTCOME_FAILED);
}

static void days_count_who_came_and_went(void **state)
{
    struct world *w = *state;
    AUTO(arena_done) struct arena a = {0};
    AUTO(store_reader_free) struct store_reader *r = NULL;
    struct store_company *company;
    struct store_day *day;
    struct err err = {0};
    size_t days;
    int64_t id, first, last;
    assert_true(
        store_company_create(w->store, NULL, STR("Days"), STR("Asia/Kamchatka"), &id, &err));
    assert_true(store_company_open(w->store, id, &company, &err));
    assert_true(store_reader_open(company, &r, &err));
    first = store_company_day(company, clock_now_us());
    assert_true(store_days(r, &a, 0, INT64_MAX, &day, &days, &err));
    assert_int_equal(days, 0);
    assert_int_equal(act_on(company, STORE_UPSERT, "a"), OUTCOME_CREATED);
    assert_int_equal(act_on(company, STORE_UPSERT, "b"), OUTCOME_CREATED);
    assert_int_equal(act_on(company, STORE_DELETE, "a"), OUTCOME_DELETED);
    assert_int_equal(act_on(company, STORE_DELETE, "a"), OUTCOME_FAILED);
    fail_whole(company, "c");
    last = store_company_day(company, clock_now_us());
    assert_true(store_days(r, &a, first, last, &day, &days, &err));
    uint64_t created = 0, deleted = 0;
    for (size_t i = 0; i < days; i++) {
        created += day[i].created;
        deleted += day[i].deleted;
    }
    assert_true(days && days <= (size_t)(last - first + 1)); // midnight may have passed
    assert_int_equal(created, 2);
    assert_int_equal(deleted, 1);
    assert_true(store_days(r, &a, last + 1, INT64_MAX, &day, &days, &err));
    assert_int_equal(days, 0);
    // A day begins where the company is: at noon of UTC it is past midnight there.
    assert_int_equal(store_company_day(company, INT64_C(11) * 3600 * 1000000), 0);
    assert_int_equal(store_company_day(company, INT64_C(13) * 3600 * 1000000), 1);
}

static void a_trial_foretells_and_writes_nothing(void **state)
{
    struct world *w = *state;
    struct model model = {0}, before;
    unsigned seed = 7;
    AUTO(arena_done) struct arena a = {0};
    struct store_change *change = ARENA_NEW(&a, struct store_change, BATCH);
    struct err err = {0};
    // Files only: what a dry run is for.  The state to begin with is what the run before left.
    struct store_reader *reader;
    assert_true(store_reader_open(w->company[0], &reader, &err));
    for (size_t k = 0; k < KEYS; k++) {
        struct consumer c;
        model.exists[k] = store_get(reader, &a, arena_format(&a, "k%zu", k), &c, &err);
        if (model.exists[k]) {
            (void)snprintf(model.email[k], 16, "%.*s", STR_ARG(c.email));
            (void)snprintf(model.name[k], 16, "%.*s", STR_ARG(c.name));
        }
    }
    store_reader_free(reader);
    before = model;
    for (size_t run = 0; run < 2; run++) {
        AUTO(store_trial_free) struct store_trial *trial = NULL;
        assert_true(store_trial_open(w->company[0], &trial, &err));
        model = before;
        for (size_t round = 0; round < 5; round++) {
            for (size_t i = 0; i < BATCH; i++) {
                struct act x = random_act(&seed);
                x.op = STORE_UPSERT;
                x.from_file = true;
                fill_change(&a, &x, &change[i]);
                change[i].record = (uint64_t)foresee(&model, &x);
            }
            struct store_batch batch = {.change = change, .count = BATCH, .arena = &a};
            assert_true(store_trial_apply(trial, &batch, &err));
            for (size_t i = 0; i < BATCH; i++)
                assert_int_equal(change[i].outcome, change[i].record);
        }
    }
    compare_with_model(w, 0, &before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_act_one_after_another),
        cmocka_unit_test(two_rows_that_swap_an_email_both_fail),
        cmocka_unit_test(thousands_of_changes_agree_with_the_model),
        cmocka_unit_test(a_reader_that_holds_sees_what_was_acknowledged),
        cmocka_unit_test(days_count_who_came_and_went),
        cmocka_unit_test(a_trial_foretells_and_writes_nothing),
    };
    return cmocka_run_group_tests(tests, build_world, raze_world);
}
