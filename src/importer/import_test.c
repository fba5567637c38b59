/* Files through the whole importer into a real store.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "importer/import.h"

#include "base/buf.h"
#include "base/crypto.h"
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct world {
    char dir[64], file[96];
    struct store *store;
    struct store_company *company;
};

static int build_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct err err = {0};
    int64_t id;
    crypto_init();
    (void)snprintf(w->dir, sizeof w->dir, "/tmp/clientele-import-XXXXXX");
    if (!w || !mkdtemp(w->dir))
        return -1;
    (void)snprintf(w->file, sizeof w->file, "%s/file.csv", w->dir);
    char data[96];
    (void)snprintf(data, sizeof data, "%s/data", w->dir);
    const struct store_config config = {.data_dir = data};
    if (!store_create(&config, &err) || !store_open(&config, &w->store, &err) ||
        !store_company_create(w->store, NULL, STR("Test"), STR("Europe/Moscow"), &id, &err) ||
        !store_company_open(w->store, id, &w->company, &err)) {
        print_error("%s\n", err.msg);
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

static void write_text(struct world *w, const char *text)
{
    struct err err = {0};
    assert_true(file_write(w->file, str_of(text), 0600, &err));
}

#define COUNTS "%llu = +%llu ~%llu =%llu .%llu !%llu"
static str run(struct world *w, struct arena *a, const struct import_settings *settings, bool dry)
{
    AUTO(import_plan_free) struct import_plan *plan = NULL;
    AUTO(store_trial_free) struct store_trial *trial = NULL;
    struct file_problem problem;
    struct import_progress progress;
    struct err err = {0};
    if (!import_open(w->file, settings, store_company_zone(w->company), &plan, &problem, &err))
        return arena_format(a, "%s", file_problem_code_name(problem.code));
    if (dry)
        assert_true(store_trial_open(w->company, &trial, &err));
    const struct import_target to = {.company = w->company, .trial = trial};
    if (!import_run(plan, &to, NULL, &progress, &problem, &err))
        return arena_format(a, "stopped: %s", file_problem_code_name(problem.code));
    const struct store_counts *c = &progress.counts;
    return arena_format(a, COUNTS, (unsigned long long)c->records, (unsigned long long)c->created,
                        (unsigned long long)c->updated, (unsigned long long)c->unchanged,
                        (unsigned long long)c->skipped, (unsigned long long)c->failed);
}

#define H "external_id;email;name;phone;created_at;ltv\n"

static void files_are_imported(void **state)
{
    struct world *w = *state;
    /* One company, one step after another: "records = +created ~updated =unchanged .skipped
     * !failed". */
    static const struct {
        const char *name, *file, *want;
        struct import_settings settings;
        bool dry;
    } steps[] = {
        {"a dry run counts", H "1;a@b.ru;A;;;5\n2;c@d.ru;B;;;\n", "2 = +2 ~0 =0 .0 !0", {0}, true},
        {"and writes nothing: the same file creates",
         H "1;a@b.ru;A;;;5\n2;c@d.ru;B;;;\n",
         "2 = +2 ~0 =0 .0 !0",
         {0},
         false},
        {"again it changes nothing",
         H "1;a@b.ru;A;;;5\n2;c@d.ru;B;;;\n",
         "2 = +0 ~0 =2 .0 !0",
         {0},
         false},
        {"bad rows do not stop good ones",
         H "3;bad;C;;;\n4;e@f.ru;D;;;\n5;A@B.ru;E;;;\n",
         "3 = +1 ~0 =0 .0 !2",
         {0},
         false},
        {"a repeat acts in file order",
         H "6;;x;;;\n6;;y;;;\n6;;y;;;\n",
         "3 = +1 ~1 =1 .0 !0",
         {0},
         false},
        {"the first may win",
         H "7;;x;;;\n7;;y;;;\n",
         "2 = +1 ~0 =0 .1 !0",
         {.repeats = REPEATS_FIRST_WINS},
         false},
        {"a repeat may fail",
         H "8;;x;;;\n8;;y;;;\n",
         "2 = +1 ~0 =0 .0 !1",
         {.repeats = REPEATS_FAIL},
         false},
        {"updating only skips strangers",
         "external_id;ltv\n1;6\n99;6\n",
         "2 = +0 ~1 =0 .1 !0",
         {.mode = MODE_UPDATE_ONLY},
         false},
        {"an e-mail is given up before it is taken",
         H "1;[clear];;;;\n9;a@b.ru;;;;\n",
         "2 = +1 ~1 =0 .0 !0",
         {0},
         false},
        {"two that swap both fail",
         H "2;a@b.ru;;;;\n9;c@d.ru;;;;\n",
         "2 = +0 ~0 =0 .0 !2",
         {0},
         false},
        {"JSON Lines too",
         "{\"external_id\":\"10\",\"custom_attributes\":{\"n\":1.10}}\nnot json\n",
         "2 = +1 ~0 =0 .0 !1",
         {.rows = {.format = ROWS_JSONL}},
         false},
        {"a header further down is named",
         "Отчёт;;\nза год;;\n" H "1;;;;;\n",
         "header_later",
         {0},
         false},
        {"and taken when stated",
         "Отчёт;;\nза год;;\n" H "1;;;;;\n",
         "1 = +0 ~0 =1 .0 !0",
         {.header_row = 3},
         false},
        {"a header alone", H, "header_only", {0}, false},
        {"a nameless column with values",
         "external_id;email;name;phone;created_at;\n1;;;;;x\n",
         "header_empty",
         {0},
         false},
        {"a quote that is never closed", H "1;;\"x;;;\n", "quote_open", {0}, false},
    };
    for (size_t i = 0; i < COUNT(steps); i++) {
        AUTO(arena_done) struct arena a = {0};
        write_text(w, steps[i].file);
        str got = run(w, &a, &steps[i].settings, steps[i].dry);
        if (!str_eq(got, str_of(steps[i].want)))
            fail_msg("%s: got '%.*s'", steps[i].name, STR_ARG(got));
    }
}

static bool cancel_at_once(void *context)
{
    (void)context;
    return true;
}

static void a_task_goes_on_where_it_was_cut_off(void **state)
{
    struct world *w = *state;
    AUTO(arena_done) struct arena a = {0};
    AUTO(buf_done) struct buf text = {0};
    AUTO(import_plan_free) struct import_plan *plan = NULL;
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    const struct import_settings none = {0};
    const struct import_watch cancel = {.cancelled = cancel_at_once};
    struct store_task task = {
        .file_name = STR("f.csv"), .settings = STR("{}"), .sha256 = STR(""), .upload = STR("f")};
    const struct store_deed deed = {.what = STR("create")};
    struct file_problem problem;
    struct import_progress progress;
    struct err err = {0};
    buf_add(&text, STR(H));
    for (int i = 0; i < 5000; i++)
        buf_format(&text, "r%d;%s;;;;\n", i, i % 100 ? "" : "bad");
    assert_true(file_write(w->file, buf_str(&text), 0600, &err));
    assert_true(store_task_create(w->company, &task, &deed, &err));
    assert_true(import_open(w->file, &none, store_company_zone(w->company), &plan, &problem, &err));
    struct import_target to = {.company = w->company, .task_id = task.id};
    assert_false(import_run(plan, &to, &cancel, &progress, &problem, &err));
    assert_true(progress.counts.records > 0 && progress.counts.records < 5000);
    assert_true(store_reader_open(w->company, &reader, &err));
    assert_true(store_task_get(reader, &a, task.id, &task, &err));
    assert_int_equal(task.counts.records, progress.counts.records);
    to.skip = task.counts.records;
    assert_true(import_run(plan, &to, NULL, &progress, &problem, &err));
    assert_true(store_task_get(reader, &a, task.id, &task, &err));
    assert_int_equal(task.counts.records, 5000);
    assert_int_equal(task.counts.created, 4950);
    assert_int_equal(task.counts.failed, 50);
    struct store_task_error *error;
    size_t count;
    assert_true(store_task_errors(reader, &a, task.id, PROBLEMS_REFUSE,
                                  &(struct store_errors_from){0}, 100, &error, &count, &err));
    assert_int_equal(count, 50);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(error[i].record, i * 100 + 1);
        assert_int_equal(error[i].line, i * 100 + 2);
        assert_int_equal(error[i].code, PROBLEM_EMAIL_INVALID);
        assert_true(str_eq(error[i].column, STR("email")));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_are_imported, build_world, raze_world),
        cmocka_unit_test_setup_teardown(a_task_goes_on_where_it_was_cut_off, build_world,
                                        raze_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
