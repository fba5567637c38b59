/* task ...: imports that were: what came of them, what failed, the way back.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "cli/commands.h"
#include "cli/error_table.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

enum {
    LISTED = 50,
    WAIT_NS = 20000000,
    COPY_BYTES = 64 * 1024,
    KEPT_PAGE = 1000,
    GROUPS = 100,
    GROUP_RANGES = 20,
    ERRORS_PAGE = 5000
};

struct found {
    struct store_company *company;
    struct store_reader *reader;
    struct store_task task;
};

static void found_done(struct found *f)
{
    store_reader_free(f->reader);
}
DEFINE_AUTO_STRUCT(struct found, found_done)

static int open_company(struct cli *c, struct found *f)
{
    struct company company;
    struct err err = {0};
    int code = cli_company(c, &company);
    if (code != EXIT_OK)
        return code;
    return store_company_open(c->store, company.id, &f->company, &err) &&
                   store_reader_open(f->company, &f->reader, &err)
               ? EXIT_OK
               : cli_fail_err(c, &err);
}

static int find(struct cli *c, struct found *f)
{
    uint64_t id;
    struct err err = {0};
    if (!c->words || !str_to_u64(str_of(c->word[0]), &id) || id > INT64_MAX)
        return cli_fail(c, EXIT_USAGE,
                        "say which import by its number; 'clientele task list' lists them");
    int code = open_company(c, f);
    if (code != EXIT_OK)
        return code;
    return store_task_get(f->reader, &c->arena, (int64_t)id, &f->task, &err)
               ? EXIT_OK
               : cli_fail_err(c, &err);
}

int cmd_task_list(struct cli *c)
{
    AUTO(found_done) struct found f = {0};
    struct store_task *task;
    size_t count;
    struct err err = {0};
    int code = open_company(c, &f);
    if (code != EXIT_OK)
        return code;
    if (!store_task_list(f.reader, &c->arena, TASKS_ALL, 0, LISTED, &task, &count, &err))
        return cli_fail_err(c, &err);
    for (size_t i = 0; i < count; i++) {
        const struct store_counts *n = &task[i].counts;
        char stamp[ZONE_STAMP_BYTES];
        (void)zone_stamp(store_company_zone(f.company), task[i].created_at_us, stamp);
        cli_print(c, "%lld\t%.19s\t%s\t%llu = +%llu ~%llu =%llu .%llu !%llu\t%.*s\n",
                  (long long)task[i].id, stamp, task_state_name(task[i].state),
                  (unsigned long long)n->records, (unsigned long long)n->created,
                  (unsigned long long)n->updated, (unsigned long long)n->unchanged,
                  (unsigned long long)n->skipped, (unsigned long long)n->failed,
                  STR_ARG(task[i].file_name));
    }
    return EXIT_OK;
}

int cmd_task_show(struct cli *c)
{
    AUTO(found_done) struct found f = {0};
    AUTO(buf_done) struct buf b = {0};
    struct jobs_corrections corrections;
    struct err err = {0};
    int code = find(c, &f);
    if (code != EXIT_OK)
        return code;
    if (!jobs_corrections_get(f.reader, &c->arena, &f.task, &corrections, &err))
        return cli_fail_err(c, &err);
    jobs_task_json(&b, c->jobs, f.company, &f.task, &corrections, c->language, &c->arena);
    buf_add_char(&b, '\n');
    cli_write(c, buf_str(&b));
    return EXIT_OK;
}

/* Looks on until the undo (or its dry run) is done. */
static bool wait_for_undo(struct cli *c, struct found *f, bool dry, struct err *err)
{
    const struct timespec pause = {.tv_nsec = WAIT_NS};
    do {
        (void)nanosleep(&pause, NULL);
        if (c->gone && c->gone(c->context))
            return err_set(err, ERR_BUSY, "the undo goes on when the program runs again");
        if (!store_task_get(f->reader, &c->arena, f->task.id, &f->task, err))
            return false;
    } while (dry ? !f->task.undo_preview.len : f->task.state != TASK_REVERTED);
    return true;
}

static bool list_kept(struct cli *c, const struct found *f, struct err *err)
{
    for (uint64_t skip = 0;; skip += KEPT_PAGE) {
        struct store_kept *kept;
        size_t count;
        if (!store_undo_kept(f->reader, &c->arena, f->task.id, skip, KEPT_PAGE, &kept, &count, err))
            return false;
        for (size_t i = 0; i < count; i++) {
            const struct problem p = {.code = kept[i].code, .field = kept[i].field};
            cli_print(c, "  %.*s: %.*s %.*s\n",
                      STR_ARG(kept[i].external_id.len ? kept[i].external_id : STR("-")),
                      STR_ARG(kept[i].key.len ? kept[i].key : kept[i].field),
                      STR_ARG(wording_problem(&c->arena, c->language, &p)));
        }
        if (count < KEPT_PAGE)
            return true;
    }
}

static void print_undone(struct cli *c, const struct store_undo_counts *n)
{
    cli_print(
        c,
        c->language == LANGUAGE_RU
            ? "Удалено %llu, возвращено %llu, частично %llu, оставлено %llu, уже удалены %llu\n"
            : "Removed %llu, restored %llu, partly %llu, kept %llu, gone %llu\n",
        (unsigned long long)n->removed, (unsigned long long)n->restored,
        (unsigned long long)n->partly, (unsigned long long)n->kept, (unsigned long long)n->gone);
}

/* What became of one undo that was asked for, or of one that could not be. */
static bool tell_undo(struct cli *c, struct found *f, struct err *err)
{
    if (f->task.state != TASK_REVERTING && f->task.state != TASK_REVERTED)
        return true;
    if (!wait_for_undo(c, f, false, err))
        return false;
    cli_print(c, "%lld: ", (long long)f->task.id);
    print_undone(c, &f->task.undo);
    return list_kept(c, f, err);
}

static bool undo_with_corrections(struct cli *c, struct found *f,
                                  const struct jobs_corrections *corrections, struct err *err)
{
    const int64_t id = f->task.id;
    if (!jobs_task_undo_all(c->jobs, f->company, id, err))
        return false;
    for (size_t i = 0; i <= corrections->count; i++)
        if (!store_task_get(f->reader, &c->arena, i < corrections->count ? corrections->id[i] : id,
                            &f->task, err) ||
            !tell_undo(c, f, err))
            return false;
    return true;
}

/* Corrections that stay are not forgotten. */
static void print_left(struct cli *c, int64_t id, const struct jobs_corrections *corrections)
{
    if (corrections->count)
        cli_print(
            c,
            c->language == LANGUAGE_RU
                ? "Исправлений этой загрузки: %zu. Их тоже вернёт: clientele task undo %lld --corrections\n"
                : "Corrections of this import: %zu. 'clientele task undo %lld --corrections' takes them back, too\n",
            corrections->count, (long long)id);
}

int cmd_task_undo(struct cli *c)
{
    AUTO(found_done) struct found f = {0};
    struct jobs_corrections corrections;
    struct err err = {0};
    bool dry = cli_option(c, "dry-run"), both = cli_option(c, "corrections");
    int code = find(c, &f);
    if (code != EXIT_OK)
        return code;
    if (!jobs_corrections_get(f.reader, &c->arena, &f.task, &corrections, &err))
        return cli_fail_err(c, &err);
    if (both && !dry)
        return undo_with_corrections(c, &f, &corrections, &err) ? EXIT_OK : cli_fail_err(c, &err);
    if (!jobs_task_undo(c->jobs, f.company, f.task.id, dry, &err) ||
        !wait_for_undo(c, &f, dry, &err))
        return cli_fail_err(c, &err);
    if (dry)
        cli_print(c, "%.*s\n", STR_ARG(f.task.undo_preview));
    else
        print_undone(c, &f.task.undo);
    if (!dry && !list_kept(c, &f, &err))
        return cli_fail_err(c, &err);
    if (!dry)
        print_left(c, f.task.id, &corrections);
    return EXIT_OK;
}

/* Copies what fd holds to --output or the person's stdout. */
static int copy_out(struct cli *c, int fd)
{
    const char *path = cli_option(c, "output");
    struct err err = {0};
    char piece[COPY_BYTES];
    ssize_t n = 0;
    int to =
        path ? open(cli_path(c, path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : c->out;
    bool ok = to >= 0 || err_errno(&err, "cannot create '%s'", path);
    if (ok && lseek(fd, 0, SEEK_SET) != 0)
        ok = err_errno(&err, "cannot read the file");
    while (ok && (n = read(fd, piece, sizeof piece)) > 0)
        ok = file_write_fd(to, (str){piece, (size_t)n}, &err);
    if (path && to >= 0)
        (void)close(to);
    (void)close(fd);
    return ok ? EXIT_OK : cli_fail_err(c, &err);
}

/* --- problems --- */

static bool print_groups(struct cli *c, const struct found *f, enum problem_list which,
                         struct err *err)
{
    struct store_error_group *group;
    size_t count;
    if (!store_task_error_groups(f->reader, &c->arena, f->task.id, which, GROUPS, &group, &count,
                                 err))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct store_error_group *g = &group[i];
        const struct problem p = {.code = g->code, .field = g->field, .key = g->key};
        const struct store_task_error e = {.column = g->column, .field = g->field, .key = g->key};
        cli_print(c, "%llu × %.*s: %.*s; %.*s\n", (unsigned long long)g->count,
                  STR_ARG(error_table_column(&e)),
                  STR_ARG(wording_problem(&c->arena, c->language, &p)),
                  STR_ARG(wording_lines(&c->arena, c->language, g, GROUP_RANGES)));
    }
    return true;
}

/* Every problem, page by page, as CSV. */
static bool write_problems(struct cli *c, const struct found *f, enum problem_list which, int fd,
                           struct err *err)
{
    AUTO(row_writer_free) struct row_writer *w = NULL;
    uint64_t after = 0;
    if (!row_writer_open(fd, ROWS_CSV, &w, err) || !error_table_begin(w, err))
        return false;
    for (;;) {
        AUTO(arena_done) struct arena a = {0};
        struct store_task_error *e;
        size_t count;
        if (!store_task_errors_after(f->reader, &a, f->task.id, which, after, ERRORS_PAGE, &e,
                                     &count, err))
            return false;
        for (size_t i = 0; i < count; i++)
            if (!error_table_add(w, c->language, &e[i], err))
                return false;
        if (!count)
            return row_writer_end(w, err);
        after = e[count - 1].record;
    }
}

int cmd_task_errors(struct cli *c)
{
    AUTO(found_done) struct found f = {0};
    const char *path = cli_option(c, "output");
    struct err err = {0};
    int code = find(c, &f);
    if (code != EXIT_OK)
        return code;
    bool warned = cli_option(c, "warnings"), tried = !f.task.counts.records;
    enum problem_list which = tried ? (warned ? PROBLEMS_TRIAL_WARN : PROBLEMS_TRIAL_REFUSE)
                                    : (warned ? PROBLEMS_WARN : PROBLEMS_REFUSE);
    if (!cli_option(c, "all"))
        return print_groups(c, &f, which, &err) ? EXIT_OK : cli_fail_err(c, &err);
    int fd =
        path ? open(cli_path(c, path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : c->out;
    bool ok = (fd >= 0 || err_errno(&err, "cannot create '%s'", path)) &&
              write_problems(c, &f, which, fd, &err);
    if (path && fd >= 0)
        (void)close(fd);
    return ok ? EXIT_OK : cli_fail_err(c, &err);
}

int cmd_task_failed_rows(struct cli *c)
{
    AUTO(found_done) struct found f = {0};
    const char *name = cli_option(c, "format");
    enum rows_format format = name ? rows_format_of(str_of(name)) : ROWS_CSV;
    struct err err = {0};
    int fd, code = find(c, &f);
    if (code != EXIT_OK)
        return code;
    if (format != ROWS_CSV && format != ROWS_XLSX)
        return cli_fail(c, EXIT_USAGE, "--format is csv or xlsx");
    if (!jobs_failed_rows(c->jobs, f.company, &f.task, format, c->language, &fd, &err))
        return cli_fail_err(c, &err);
    return copy_out(c, fd);
}

int cmd_task_diff(struct cli *c)
{
    AUTO(found_done) struct found f = {0};
    struct err err = {0};
    int fd, code = find(c, &f);
    if (code != EXIT_OK)
        return code;
    if (!jobs_file_open(c->jobs, &f.task, JOBS_FILE_DIFF, &fd, &err))
        return cli_fail_err(c, &err);
    return copy_out(c, fd);
}
