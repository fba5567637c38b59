/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/file.h"
#include "cli/commands.h"
#include "domain/cell.h"
#include "formats/row_writer.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { SHOWN_ERRORS = 10, JSON_ERRORS = 100, BAR_EVERY_US = 100000 };

struct import {
    struct cli *c;
    bool bar, json;
    int64_t drawn_us;
    uint64_t errors;          /* problems seen, of all records */
    struct buf report;        /* the first of them, as text or JSON */
    struct row_writer *table; /* all of them, when a file was asked for */
    int table_fd;
    struct err table_failed;
};

static void draw_bar(void *context, const struct import_progress *p)
{
    struct import *i = context;
    int64_t now = clock_monotonic_us();
    char text[160];
    if (!i->bar || (now - i->drawn_us < BAR_EVERY_US && p->bytes_done < p->bytes))
        return;
    i->drawn_us = now;
    unsigned percent = p->bytes ? (unsigned)(p->bytes_done * 100 / p->bytes) : 100;
    int len =
        snprintf(text, sizeof text, "\r[%-30.*s] %3u%%  %llu ", (int)(percent * 30 / 100),
                 "##############################", percent, (unsigned long long)p->counts.records);
    struct err ignored;
    IGNORE(file_write_fd(i->c->err, (str){text, (size_t)len}, &ignored));
}

static void add_json_error(struct import *i, const struct store_change *change,
                           const struct problem *p)
{
    struct buf *b = &i->report;
    buf_format(b, "%s{\"record\":%llu,\"line\":%llu,\"code\":\"%s\",\"field\":", b->len ? "," : "",
               (unsigned long long)change->record, (unsigned long long)change->line,
               problem_code_name(p->code));
    json_write_string(b, p->field);
    if (p->key.len) {
        buf_add(b, STR(",\"key\":"));
        json_write_string(b, p->key);
    }
    buf_add(b, STR(",\"value\":"));
    json_write_string(b, p->value);
    buf_add(b, STR(",\"detail\":"));
    json_write_string(b, wording_problem(&i->c->arena, i->c->language, p));
    if (p->other_id) {
        char id[CONSUMER_ID_BYTES];
        consumer_id_text(p->other_id, id);
        buf_format(b, ",\"other_id\":\"%s\"", id);
    }
    buf_add_char(b, '}');
}

static void add_text_error(struct import *i, const struct store_change *change,
                           const struct problem *p)
{
    struct buf *b = &i->report;
    str field = p->key.len ? p->key : p->field;
    buf_format(b, i->c->language == LANGUAGE_RU ? "  строка %llu: %.*s" : "  line %llu: %.*s",
               (unsigned long long)change->line, STR_ARG(field));
    if (p->value.len)
        buf_format(b, " '%.*s'", STR_ARG(str_shown(p->value, 60)));
    buf_add_char(b, ' ');
    buf_add(b, wording_problem(&i->c->arena, i->c->language, p));
    buf_add_char(b, '\n');
}

static void add_table_error(struct import *i, const struct store_change *change,
                            const struct problem *p)
{
    AUTO(arena_done) struct arena a = {0};
    char other[CONSUMER_ID_BYTES] = "";
    if (p->other_id)
        consumer_id_text(p->other_id, other);
    str value =
        cell_needs_guard(p->value) ? arena_format(&a, "'%.*s", STR_ARG(p->value)) : p->value;
    const str cell[] = {arena_format(&a, "%llu", (unsigned long long)change->record),
                        arena_format(&a, "%llu", (unsigned long long)change->line),
                        p->key.len ? p->key : p->field,
                        value,
                        str_of(problem_code_name(p->code)),
                        wording_problem(&a, i->c->language, p),
                        str_of(other)};
    if (i->table_failed.code == ERR_NONE)
        IGNORE(row_writer_add(i->table, cell, COUNT(cell), &i->table_failed));
}

static bool open_table(struct import *i, const char *path, struct err *err)
{
    static const str header[] = {{"record", 6}, {"line", 4},   {"column", 6},  {"value", 5},
                                 {"code", 4},   {"reason", 6}, {"other_id", 8}};
    int fd = open(cli_path(i->c, path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(err, "cannot create '%s'", path);
    i->table_fd = fd;
    return row_writer_open(fd, ROWS_CSV, &i->table, err) &&
           row_writer_add(i->table, header, COUNT(header), err);
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

static void see_record(void *context, const struct store_change *change)
{
    struct import *i = context;
    for (const struct problem *p = change->problems.first; p; p = p->next) {
        i->errors++;
        if (i->table)
            add_table_error(i, change, p);
        if (i->json && i->errors <= JSON_ERRORS)
            add_json_error(i, change, p);
        else if (!i->json && i->errors <= SHOWN_ERRORS)
            add_text_error(i, change, p);
    }
}

static bool person_left(void *context)
{
    struct cli *c = ((struct import *)context)->c;
    return c->gone && c->gone(c->context);
}

/* The settings that have a flag of their own: --update-only is update_only. */
static int read_settings(struct cli *c, struct import_settings *settings)
{
    static const char *const names[] = {
        "format",      "encoding",      "delimiter",   "sheet",        "header-row",   "repeats",
        "update-only", "blank-missing", "clear-blank", "allow-opt-in", "lenient-email"};
    enum { WITH_VALUE = 6 }; // the others are there or not
    for (size_t i = 0; i < COUNT(names); i++) {
        const char *value = cli_option(c, names[i]);
        char setting[32];
        struct err err = {0};
        if (!value)
            continue;
        (void)snprintf(setting, sizeof setting, "%s", names[i]);
        for (char *p = setting; *p; p++)
            *p = *p == '-' ? '_' : *p;
        if (!import_settings_set(&c->arena, settings, str_of(setting),
                                 i < WITH_VALUE ? str_of(value) : STR("true"), &err))
            return cli_fail(c, EXIT_USAGE, "--%s", err.msg);
    }
    return EXIT_OK;
}

static void add_understood(struct buf *b, const struct import_plan *plan)
{
    const struct rows_about *about = import_plan_about(plan);
    size_t count;
    const struct import_column *column = import_plan_columns(plan, &count);
    buf_format(b, ",\"format\":\"%s\"", rows_format_name(about->format));
    if (about->format != ROWS_XLSX)
        buf_format(b, ",\"encoding\":\"%.*s\"", STR_ARG(about->encoding));
    if (about->format == ROWS_CSV) {
        buf_add(b, STR(",\"delimiter\":"));
        json_write_string(b, (str){&about->delimiter, 1});
    }
    if (about->format == ROWS_XLSX) {
        buf_add(b, STR(",\"sheet\":"));
        json_write_string(b, about->sheet);
    }
    buf_add(b, STR(",\"columns\":["));
    for (size_t i = 0; i < count; i++) {
        buf_add(b, i ? STR(",{\"header\":") : STR("{\"header\":"));
        json_write_string(b, column[i].header);
        buf_add(b, STR(",\"becomes\":"));
        json_write_string(b, column[i].by_id ? STR("id")
                             : column[i].field != FIELD_COUNT
                                 ? str_of(consumer_field_name(column[i].field))
                             : str_is_null(column[i].attribute) ? (str){0}
                                                                : STR("custom_attributes"));
        if (column[i].warning)
            buf_format(b, ",\"warning\":\"%s\"", column[i].warning);
        buf_add_char(b, '}');
    }
    buf_add_char(b, ']');
}

static int report_unreadable(struct cli *c, const struct file_problem *problem,
                             const struct import_progress *done, bool json)
{
    str sentence = wording_file_problem(&c->arena, c->language, problem);
    if (json) {
        AUTO(buf_done) struct buf b = {0};
        buf_add(&b, STR("{\"state\":\"failed\","));
        import_counts_write(&b, &done->counts);
        buf_add(&b, STR(",\"failure\":"));
        buf_add(&b, wording_failure_text(&c->arena, problem));
        buf_add(&b, STR(",\"message\":"));
        json_write_string(&b, sentence);
        buf_add(&b, STR("}\n"));
        cli_write(c, buf_str(&b));
        return EXIT_FILE;
    }
    return cli_fail(c, EXIT_FILE, "%.*s", STR_ARG(sentence));
}

static void print_json(struct cli *c, struct import *i, const struct import_plan *plan,
                       const struct import_progress *p, double seconds, bool dry)
{
    AUTO(buf_done) struct buf b = {0};
    buf_format(&b, "{\"state\":\"%s\",\"dry_run\":%s,",
               p->counts.failed ? "completed_with_errors" : "completed", dry ? "true" : "false");
    import_counts_write(&b, &p->counts);
    buf_format(&b, ",\"seconds\":%.3f,\"rows_per_second\":%.0f", seconds,
               seconds > 0 ? (double)p->counts.records / seconds : 0);
    add_understood(&b, plan);
    buf_format(&b, ",\"problems\":%llu,\"errors\":[", (unsigned long long)i->errors);
    buf_add(&b, buf_str(&i->report));
    buf_add(&b, STR("]}\n"));
    cli_write(c, buf_str(&b));
}

static const char *ru_rows(uint64_t n)
{
    uint64_t tens = n % 100, ones = n % 10;
    return tens >= 11 && tens <= 14 ? "строк"
           : ones == 1              ? "строка"
           : ones >= 2 && ones <= 4 ? "строки"
                                    : "строк";
}

static void print_summary(struct cli *c, struct import *i, const struct import_progress *p,
                          double seconds, bool dry)
{
    const struct store_counts *n = &p->counts;
    bool ru = c->language == LANGUAGE_RU;
    cli_print(
        c,
        ru ? "%s: %llu %s = %llu добавлено + %llu обновлено + %llu без изменений + %llu пропущено + %llu не загружено (%.1f с)\n"
           : "%s: %llu %s = %llu created + %llu updated + %llu unchanged + %llu skipped + %llu failed (%.1f s)\n",
        dry ? (ru ? "Проверка" : "Dry run") : (ru ? "Готово" : "Done"),
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
    cli_write(c, buf_str(&i->report));
    if (i->errors > SHOWN_ERRORS)
        cli_print(c,
                  ru ? "  и ещё %llu; все запишет --errors ФАЙЛ\n"
                     : "  and %llu more; --errors FILE writes all\n",
                  (unsigned long long)(i->errors - SHOWN_ERRORS));
    if (n->failed && !dry)
        cli_print(c,
                  ru ? "Остальные строки уже в базе: исправьте только эти и загрузите их снова.\n"
                     : "The other rows are in: correct only these and import them again.\n");
}

static int run(struct cli *c, struct import *i, struct import_plan *plan,
               struct store_company *company)
{
    AUTO(store_trial_free) struct store_trial *trial = NULL;
    const struct import_watch watch = {draw_bar, see_record, person_left, i};
    bool dry = cli_option(c, "dry-run");
    struct import_progress progress = {0};
    struct file_problem problem = {0};
    struct err err = {0};
    int64_t start = clock_monotonic_us();
    if (dry && !store_trial_open(company, &trial, &err))
        return cli_fail_err(c, &err);
    bool ok = import_run(plan, company, trial, 0, 0, &watch, &progress, &problem, &err);
    double seconds = (double)(clock_monotonic_us() - start) / 1e6;
    if (i->bar)
        IGNORE(file_write_fd(c->err, STR("\r\033[K"), &err));
    if (!ok && problem.code != FILE_OK)
        return report_unreadable(c, &problem, &progress, i->json);
    if (!ok)
        return cli_fail(c, EXIT_FAILED, "stopped after %llu rows, which stay: %s",
                        (unsigned long long)progress.counts.records,
                        err.code == ERR_BUSY
                            ? "cancelled; the same command goes on, rows that are in are unchanged"
                            : err.msg);
    if (i->json)
        print_json(c, i, plan, &progress, seconds, dry);
    else
        print_summary(c, i, &progress, seconds, dry);
    return progress.counts.failed ? EXIT_ROWS_FAILED : EXIT_OK;
}

int cmd_import(struct cli *c)
{
    AUTO(import_plan_free) struct import_plan *plan = NULL;
    struct import i = {.c = c,
                       .json = cli_option(c, "json"),
                       .bar = isatty(c->err) && !cli_option(c, "json"),
                       .table_fd = -1};
    struct import_settings settings = {0};
    struct company company;
    struct store_company *opened;
    struct file_problem problem = {0};
    const struct import_progress nothing = {0};
    struct err err = {0};
    if (!c->words)
        return cli_fail(c, EXIT_USAGE, "say which file: clientele import --data DIR FILE");
    int code = read_settings(c, &settings);
    if (code == EXIT_OK)
        code = cli_company(c, &company);
    if (code != EXIT_OK)
        return code;
    if (!store_company_open(c->store, company.id, &opened, &err))
        return cli_fail_err(c, &err);
    if (!import_open(cli_path(c, c->word[0]), &settings, store_company_zone(opened), &plan,
                     &problem, &err))
        return report_unreadable(c, &problem, &nothing, i.json);
    const char *errors = cli_option(c, "errors");
    if (errors && !open_table(&i, errors, &err)) {
        (void)close_table(&i);
        return cli_fail_err(c, &err);
    }
    code = run(c, &i, plan, opened);
    buf_done(&i.report);
    if (!close_table(&i))
        return cli_fail(c, EXIT_FAILED, "the rows are in, but '%s' is not whole: %s", errors,
                        i.table_failed.msg);
    return code;
}
