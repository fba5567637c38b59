/* SPDX-License-Identifier: Apache-2.0 */
#include "base/background.h"
#include "base/clock.h"
#include "base/file.h"
#include "cli/error_table.h"
#include "cli/found.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum {
    SHOWN_ERRORS = 10,
    JSON_ERRORS = 100,
    ERRORS_PAGE = 5000,
    BAR_EVERY_US = 100000,
    WAIT_FIRST_NS = 1000000,
    WAIT_MOST_NS = 32000000,
    COPY_BYTES = 256 * 1024,
};

struct import {
    struct cli *c;
    struct jobs *jobs;
    struct store_company *company;
    struct store_reader *reader;
    bool bar, json, dry, manual;
    int64_t drawn_us;
    uint64_t errors;          /* problems seen, of all records */
    struct buf report;        /* the first of them, as text or JSON */
    struct row_writer *table; /* all of them, when a file was asked for */
    int table_fd;
    struct err table_failed;
    struct store_task task;
};

static void draw_bar(struct import *i, const struct jobs_live *p)
{
    int64_t now = clock_monotonic_us();
    char text[160];
    if (!i->bar || now - i->drawn_us < BAR_EVERY_US)
        return;
    i->drawn_us = now;
    unsigned percent = p->bytes ? (unsigned)(MIN(p->bytes_done, p->bytes) * 100 / p->bytes) : 0;
    int len = snprintf(text, sizeof text, "\r[%-30.*s] %3u%%  %llu  %.0f/s ",
                       (int)(percent * 30 / 100), "##############################", percent,
                       (unsigned long long)p->counts.records, p->records_per_s);
    struct err ignored;
    IGNORE(file_write_fd(i->c->err, (str){text, (size_t)len}, &ignored));
}

static str reason_of(struct import *i, const struct store_task_error *e)
{
    const struct problem p = {.code = e->code, .field = e->field, .key = e->key};
    return wording_problem(&i->c->arena, i->c->language, &p);
}

static void add_json_error(struct import *i, const struct store_task_error *p)
{
    if (i->report.len)
        buf_add_char(&i->report, ',');
    jobs_error_json(&i->report, &i->c->arena, i->c->language, p);
}

static void add_text_error(struct import *i, const struct store_task_error *p)
{
    struct buf *b = &i->report;
    str field = p->key.len ? p->key : p->field;
    buf_format(b, i->c->language == LANGUAGE_RU ? "  строка %llu: %.*s" : "  line %llu: %.*s",
               (unsigned long long)p->line, STR_ARG(field));
    if (p->value.len)
        buf_format(b, " '%.*s'", STR_ARG(str_shown(p->value, 60)));
    buf_add_char(b, ' ');
    buf_add(b, reason_of(i, p));
    buf_add_char(b, '\n');
}

static bool open_table(struct import *i, const char *path, struct err *err)
{
    int fd = open(cli_path(i->c, path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(err, "cannot create '%s'", path);
    i->table_fd = fd;
    return row_writer_open(fd, ROWS_CSV, &i->table, err) && error_table_begin(i->table, err);
}

/* Ends the table of errors; false when it could not be written whole. */
static bool close_table(struct import *i)
{
    if (!i->table)
        return true;
    bool ok = i->table_failed.code == ERR_NONE && row_writer_end(i->table, &i->table_failed);
    row_writer_free(i->table);
    if (i->table_fd >= 0 && close(i->table_fd) != 0 && ok)
        ok = err_errno(&i->table_failed, "cannot write it");
    return ok;
}

static void see_error(struct import *i, const struct store_task_error *e)
{
    i->errors++;
    if (i->table && i->table_failed.code == ERR_NONE)
        IGNORE(error_table_add(i->table, i->c->language, e, &i->table_failed));
    if (i->json && i->errors <= JSON_ERRORS)
        add_json_error(i, e);
    else if (!i->json && i->errors <= SHOWN_ERRORS)
        add_text_error(i, e);
}

/* Goes through the task's problems; beyond those shown they only count when a file wants them. */
static bool see_errors(struct import *i, struct err *err)
{
    const enum problem_list which = i->dry ? PROBLEMS_TRIAL_REFUSE : PROBLEMS_REFUSE;
    uint64_t after = 0;
    for (;;) {
        AUTO(arena_done) struct arena a = {0};
        struct store_task_error *error;
        size_t count;
        if (!store_task_errors_after(i->reader, &a, i->task.id, which, after, ERRORS_PAGE, &error,
                                     &count, err))
            return false;
        if (!count)
            return true;
        for (size_t n = 0; n < count; n++)
            see_error(i, &error[n]);
        after = error[count - 1].record;
    }
}

/* The settings that have a flag of their own: --update-only is update_only. */
static int read_settings(struct cli *c, struct import_settings *settings)
{
    const char *name;
    for (size_t i = 0; (name = import_settings_name(i)) != NULL; i++) {
        char option[32];
        struct err err = {0};
        (void)snprintf(option, sizeof option, "%s", name);
        for (char *p = option; *p; p++)
            *p = *p == '_' ? '-' : *p;
        const struct option_value *all = cli_options(c, option);
        for (size_t n = 0; n < all->count; n++)
            if (!import_settings_set(&c->arena, settings, str_of(name),
                                     all->value[n][0] ? str_of(all->value[n]) : STR("true"), &err))
                return cli_fail(c, EXIT_USAGE, "--%.*s",
                                STR_ARG(wording_setting(&c->arena, c->language, str_of(err.msg))));
    }
    return EXIT_OK;
}

static int report_unreadable(struct import *i)
{
    struct cli *c = i->c;
    struct file_problem problem = wording_failure_parse(i->task.failure);
    str sentence = wording_file_problem(&c->arena, c->language, &problem);
    if (i->json) {
        AUTO(buf_done) struct buf b = {0};
        buf_format(&b, "{\"state\":\"failed\",\"import_task\":\"%lld\",", (long long)i->task.id);
        import_counts_write(&b, &i->task.counts);
        buf_add(&b, STR(",\"failure\":"));
        buf_add(&b, i->task.failure);
        json_add_string(&b, "message", sentence);
        buf_add(&b, STR("}\n"));
        cli_write(c, buf_str(&b));
        return EXIT_FILE;
    }
    return cli_fail(c, EXIT_FILE, "%.*s", STR_ARG(sentence));
}

static void print_json(struct import *i, const struct store_counts *n, double seconds)
{
    AUTO(buf_done) struct buf b = {0};
    const struct store_task *t = &i->task;
    buf_format(&b, "{\"state\":\"%s\",\"dry_run\":%s,\"import_task\":\"%lld\",",
               n->failed ? "completed_with_errors" : "completed", i->dry ? "true" : "false",
               (long long)t->id);
    import_counts_write(&b, n);
    buf_format(&b, ",\"seconds\":%.3f,\"rows_per_second\":%.0f,", seconds,
               seconds > 0 ? (double)n->records / seconds : 0);
    if (t->same_as)
        buf_format(&b, "\"same_content_as\":\"%lld\",", (long long)t->same_as);
    if (t->parent)
        buf_format(&b, "\"corrects\":\"%lld\",", (long long)t->parent);
    buf_add(&b, str_first(str_from(t->analysis, 1), t->analysis.len - 2));
    if (i->dry) {
        buf_add(&b, STR(",\"dry_run_result\":"));
        buf_add(&b, t->trial_result);
    }
    buf_format(&b, ",\"problems\":%llu,\"errors\":[", (unsigned long long)i->errors);
    buf_add(&b, buf_str(&i->report));
    buf_add(&b, STR("]}\n"));
    cli_write(i->c, buf_str(&b));
}

static const char *ru_rows(uint64_t n)
{
    uint64_t tens = n % 100, ones = n % 10;
    return tens >= 11 && tens <= 14 ? "строк"
           : ones == 1              ? "строка"
           : ones >= 2 && ones <= 4 ? "строки"
                                    : "строк";
}

static void print_summary(struct import *i, const struct store_counts *n, double seconds)
{
    struct cli *c = i->c;
    bool ru = c->language == LANGUAGE_RU;
    cli_print(
        c,
        ru ? "%s: %llu %s = %llu добавлено + %llu обновлено + %llu без изменений + %llu пропущено + %llu не загружено (%.1f с)\n"
           : "%s: %llu %s = %llu created + %llu updated + %llu unchanged + %llu skipped + %llu failed (%.1f s)\n",
        i->dry ? (ru ? "Проверка" : "Dry run") : (ru ? "Готово" : "Done"),
        (unsigned long long)n->records,
        ru                ? ru_rows(n->records)
        : n->records == 1 ? "row"
                          : "rows",
        (unsigned long long)n->created, (unsigned long long)n->updated,
        (unsigned long long)n->unchanged, (unsigned long long)n->skipped,
        (unsigned long long)n->failed, seconds);
    if (n->with_warnings)
        cli_print(c, ru ? "С предупреждениями: %llu\n" : "With warnings: %llu\n",
                  (unsigned long long)n->with_warnings);
    if (i->dry)
        cli_show_findings(c, i->task.analysis);
    cli_write(c, buf_str(&i->report));
    if (i->errors > SHOWN_ERRORS)
        cli_print(c,
                  ru ? "  и ещё %llu; все запишет --errors ФАЙЛ\n"
                     : "  and %llu more; --errors FILE writes all\n",
                  (unsigned long long)(i->errors - SHOWN_ERRORS));
    if (n->failed && !i->dry)
        cli_print(
            c,
            ru ? "Остальные строки уже в базе. Не загруженные запишет 'clientele task failed-rows %lld': исправьте и загрузите их.\n"
               : "The other rows are in. 'clientele task failed-rows %lld' writes those that failed: correct and import them.\n",
            (long long)i->task.id);
    if (!i->dry && n->created + n->updated)
        cli_print(c,
                  ru ? "Вернуть как было: clientele task undo %lld\n"
                     : "To take it back: clientele task undo %lld\n",
                  (long long)i->task.id);
}

/* What errno says of the file. */
static int report_unopened(struct import *i, const char *what)
{
    struct file_problem problem = {0};
    struct err err = {0};
    (void)file_problem_errno(&problem, what, &err);
    i->task.failure = wording_failure_text(&i->c->arena, &problem);
    return report_unreadable(i);
}

/* Copies the file to where the jobs keep theirs. */
static int receive_file(struct import *i, const char *path, struct jobs_upload **ret_upload)
{
    struct err err = {0};
    ssize_t n = 0;
    int fd = open(cli_path(i->c, path), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return report_unopened(i, "cannot open it");
    bool ok = jobs_upload_open(i->jobs, UINT64_MAX, ret_upload, &err);
    char *piece = arena_alloc(&i->c->arena, 1, COPY_BYTES, 1);
    while (ok && (n = read(fd, piece, COPY_BYTES)) > 0) {
        ok = jobs_upload_add(*ret_upload, (str){piece, (size_t)n}, &err);
        background_pause(); // it hashes, in a server perhaps
    }
    const int number = errno;
    (void)close(fd);
    errno = number;
    if (ok && n < 0)
        return report_unopened(i, "cannot read it");
    return ok ? EXIT_OK : cli_fail_err(i->c, &err);
}

static bool is_over(const struct import *i)
{
    const struct store_task *t = &i->task;
    return t->state >= TASK_COMPLETED || (i->dry && t->trial == TRIAL_DONE) ||
           (i->manual && jobs_task_rests(t));
}

/* Looks on until the task is over; a person who leaves cancels it. */
static bool wait_for_end(struct import *i, int64_t id, struct err *err)
{
    const int64_t company = store_company_info(i->company)->id;
    struct timespec pause = {.tv_nsec = WAIT_FIRST_NS};
    AUTO(arena_done) struct arena a = {0};
    struct jobs_live live;
    bool cancelled = false;
    do {
        arena_reset(&a);
        if (!cancelled && i->c->gone && i->c->gone(i->c->context)) {
            cancelled = true;
            struct err ignored = {0};
            IGNORE(jobs_task_cancel(i->jobs, i->company, id, &command_line_asker, &ignored));
        }
        jobs_task_live(i->jobs, company, id, &live);
        draw_bar(i, &live);
        (void)nanosleep(&pause, NULL);
        pause.tv_nsec = MIN(pause.tv_nsec * 2, (long)WAIT_MOST_NS);
        if (!store_task_get(i->reader, &a, id, &i->task, err))
            return false;
    } while (!is_over(i));
    return store_task_get(i->reader, &i->c->arena, id, &i->task, err);
}

/* The counters of what was asked for. */
static struct store_counts counts_of(struct import *i)
{
    struct store_counts n = {0};
    struct json tree;
    struct json_place place;
    struct err err;
    const struct {
        const char *name;
        uint64_t *number;
    } members[] = {{"records", &n.records},
                   {"created", &n.created},
                   {"updated", &n.updated},
                   {"unchanged", &n.unchanged},
                   {"skipped", &n.skipped},
                   {"failed", &n.failed},
                   {"with_warnings", &n.with_warnings}};
    if (!i->dry)
        return i->task.counts;
    if (json_parse(i->task.trial_result, &i->c->arena, &tree, &place, &err))
        for (size_t m = 0; m < COUNT(members); m++) {
            const struct json *value = json_get(&tree, members[m].name);
            if (value)
                IGNORE(str_to_u64(value->text, members[m].number));
        }
    return n;
}

/* It waits for a person now. */
static int report_waiting(struct import *i)
{
    const struct found f = {i->company, i->reader, {0}};
    (i->json ? found_print_json : found_print_line)(i->c, &f, &i->task);
    if (!i->task.failure.len)
        return EXIT_OK;
    struct file_problem problem = wording_failure_parse(i->task.failure);
    return cli_fail(i->c, EXIT_FILE, "%.*s",
                    STR_ARG(wording_file_problem(&i->c->arena, i->c->language, &problem)));
}

static int report(struct import *i, double seconds)
{
    const struct store_counts n = counts_of(i);
    struct err err = {0};
    if (i->manual && i->task.state != TASK_CANCELLED)
        return report_waiting(i);
    if (i->task.state == TASK_FAILED)
        return report_unreadable(i);
    if (i->task.state == TASK_CANCELLED && !i->dry)
        return cli_fail(
            i->c, EXIT_FAILED,
            "cancelled after %llu rows, which stay; 'clientele task undo %lld' takes them back",
            (unsigned long long)n.records, (long long)i->task.id);
    if (!see_errors(i, &err))
        return cli_fail_err(i->c, &err);
    if (i->json)
        print_json(i, &n, seconds);
    else
        print_summary(i, &n, seconds);
    return n.failed ? EXIT_ROWS_FAILED : EXIT_OK;
}

static int run(struct import *i, const struct import_settings *settings, struct jobs_upload *upload)
{
    struct err err = {0};
    int64_t id, start = clock_monotonic_us();
    const char *name = strrchr(i->c->word[0], '/');
    const struct jobs_import_options options = {
        .file_name = str_of(name ? name + 1 : i->c->word[0]),
        .settings = settings,
        .by = command_line_asker,
        .manual = i->manual,
        .trial = i->dry,
        .refuse_same = cli_option(i->c, "refuse-duplicate"),
        .remembered = cli_option(i->c, "remembered"),
        .packed = true,
    };
    bool ok =
        jobs_import(i->jobs, i->company, upload, &options, &id, &err) && wait_for_end(i, id, &err);
    struct err ignored;
    if (i->bar)
        IGNORE(file_write_fd(i->c->err, STR("\r\033[K"), &ignored));
    return ok ? report(i, (double)(clock_monotonic_us() - start) / 1e6) : cli_fail_err(i->c, &err);
}

int cmd_import(struct cli *c)
{
    AUTO(jobs_upload_free) struct jobs_upload *upload = NULL;
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    struct import i = {.c = c,
                       .jobs = c->jobs,
                       .json = cli_option(c, "json"),
                       .dry = cli_option(c, "dry-run"),
                       .manual = cli_option(c, "manual"),
                       .bar = isatty(c->err) && !cli_option(c, "json"),
                       .table_fd = -1};
    struct import_settings settings = {0};
    struct company company;
    struct err err = {0};
    if (i.manual && i.dry)
        return cli_fail(c, EXIT_USAGE, "--manual leaves the dry run to 'clientele task dry-run'");
    if (!c->words)
        return cli_fail(c, EXIT_USAGE, "say which file: clientele import --data DIR FILE");
    int code = read_settings(c, &settings);
    if (code == EXIT_OK)
        code = cli_company(c, &company);
    if (code == EXIT_OK)
        code = receive_file(&i, c->word[0], &upload);
    if (code != EXIT_OK)
        return code;
    if (!store_company_open(c->store, company.id, &i.company, &err) ||
        !store_reader_open(i.company, &reader, &err))
        return cli_fail_err(c, &err);
    i.reader = reader;
    const char *errors = cli_option(c, "errors");
    if (errors && !open_table(&i, errors, &err)) {
        (void)close_table(&i);
        return cli_fail_err(c, &err);
    }
    code = run(&i, &settings, upload);
    buf_done(&i.report);
    if (!close_table(&i))
        return cli_fail(c, EXIT_FAILED, "the rows are in, but '%s' is not whole: %s", errors,
                        i.table_failed.msg);
    return code;
}
