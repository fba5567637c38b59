/* task ...: what an import leaves to be read: its problems and its files.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "cli/error_table.h"
#include "cli/found.h"

#include <fcntl.h>
#include <unistd.h>

enum { ERRORS_PAGE = 5000, GROUPS_MAX = 100, GROUP_RANGES = 20 };

/* --- problems --- */

static bool print_groups(struct cli *c, const struct found *f, enum problem_list which,
                         struct err *err)
{
    struct store_error_group *group;
    size_t count;
    if (!store_task_error_groups(f->reader, &c->arena, f->task.id, which, GROUPS_MAX, &group,
                                 &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct store_error_group *g = &group[i];
        AUTO(buf_done) struct buf b = {0};
        if (cli_option(c, "json")) {
            jobs_group_json(&b, &c->arena, c->language, g);
            buf_add_char(&b, '\n');
            cli_write(c, buf_str(&b));
            continue;
        }
        const struct problem p = {.code = g->code, .field = g->field, .key = g->key};
        const struct store_task_error e = {.column = g->column, .field = g->field, .key = g->key};
        cli_print(c, "%llu × %.*s: %.*s; %.*s\n", (unsigned long long)g->count,
                  STR_ARG(error_table_column(&e)),
                  STR_ARG(wording_problem(&c->arena, c->language, &p)),
                  STR_ARG(wording_lines(&c->arena, c->language, g, GROUP_RANGES)));
    }
    return true;
}

/* One as a line of JSON. */
static bool write_json(struct cli *c, struct arena *a, const struct store_task_error *e, int fd,
                       struct err *err)
{
    AUTO(buf_done) struct buf b = {0};
    jobs_error_json(&b, a, c->language, e);
    buf_add_char(&b, '\n');
    return file_write_fd(fd, buf_str(&b), err);
}

/* Every problem, page by page, as CSV or as lines of JSON. */
static bool write_problems(struct cli *c, const struct found *f, enum problem_list which, int fd,
                           struct err *err)
{
    AUTO(row_writer_free) struct row_writer *w = NULL;
    bool json = cli_option(c, "json");
    uint64_t after = 0;
    if (!json && (!row_writer_open(fd, ROWS_CSV, &w, err) || !error_table_begin(w, err)))
        return false;
    for (;;) {
        AUTO(arena_done) struct arena a = {0};
        struct store_task_error *e;
        size_t count;
        if (!store_task_errors_after(f->reader, &a, f->task.id, which, after, ERRORS_PAGE, &e,
                                     &count, err))
            return false;
        for (size_t i = 0; i < count; i++)
            if (!(json ? write_json(c, &a, &e[i], fd, err)
                       : error_table_add(w, c->language, &e[i], err)))
                return false;
        if (!count)
            return json || row_writer_end(w, err);
        after = e[count - 1].record;
    }
}

int cmd_task_errors(struct cli *c)
{
    AUTO(found_done) struct found f = {0};
    const char *path = cli_option(c, "output");
    struct err err = {0};
    int code = found_task(c, &f);
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

/* --- files --- */

/* Copies what fd holds to --output or the person's stdout. */
static int copy_out(struct cli *c, int fd)
{
    const char *path = cli_option(c, "output");
    struct err err = {0};
    int to =
        path ? open(cli_path(c, path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : c->out;
    bool ok = to >= 0 ? file_copy(fd, to, &err) : err_errno(&err, "cannot create '%s'", path);
    if (path && to >= 0)
        (void)close(to);
    (void)close(fd);
    return ok ? EXIT_OK : cli_fail_err(c, &err);
}

int cmd_task_failed_rows(struct cli *c)
{
    AUTO(found_done) struct found f = {0};
    const char *name = cli_option(c, "format");
    enum rows_format format = name ? rows_format_of(str_of(name)) : ROWS_CSV;
    struct err err = {0};
    int fd, code = found_task(c, &f);
    if (code != EXIT_OK)
        return code;
    if (format != ROWS_CSV && format != ROWS_XLSX)
        return cli_fail(c, EXIT_USAGE, "--format is csv or xlsx");
    if (!jobs_failed_rows(c->jobs, f.company, &f.task, format, c->language, &fd, &err))
        return cli_fail_err(c, &err);
    return copy_out(c, fd);
}

static int copy_kept(struct cli *c, enum jobs_file which)
{
    AUTO(found_done) struct found f = {0};
    struct err err = {0};
    int fd, code = found_task(c, &f);
    if (code != EXIT_OK)
        return code;
    if (!jobs_file_open(c->jobs, &f.task, which, &fd, &err))
        return cli_fail_err(c, &err);
    return copy_out(c, fd);
}

int cmd_task_diff(struct cli *c)
{
    return copy_kept(c, JOBS_FILE_DIFF);
}

int cmd_task_missing(struct cli *c)
{
    return copy_kept(c, JOBS_FILE_MISSING);
}

int cmd_task_file(struct cli *c)
{
    return copy_kept(c, JOBS_FILE_ITSELF);
}
