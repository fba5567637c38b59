/* rows, export, sample: files read and written without changing a customer.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/ahead.h"
#include "base/file.h"
#include "cli/commands.h"
#include "exporter/export.h"
#include "exporter/request.h"

#include <fcntl.h>
#include <unistd.h>

enum { FLUSH_BYTES = 256 * 1024, SHEET_COLUMNS = 16384 /* as many as Excel has */ };

static int unreadable(struct cli *c, const struct file_problem *problem)
{
    return cli_fail(c, EXIT_FILE, "%.*s",
                    STR_ARG(wording_file_problem(&c->arena, c->language, problem)));
}

static int rows_options_of(struct cli *c, struct rows_options *options)
{
    static const char *const names[] = {"format", "encoding", "delimiter", "quote", "sheet"};
    struct import_settings settings = {0};
    for (size_t i = 0; i < COUNT(names); i++) {
        const char *value = cli_option(c, names[i]);
        struct err err = {0};
        if (value &&
            !import_settings_set(&c->arena, &settings, str_of(names[i]), str_of(value), &err))
            return cli_fail(c, EXIT_USAGE, "--%s", err.msg);
    }
    *options = settings.rows;
    options->columns = SHEET_COLUMNS;
    return EXIT_OK;
}

/* A text may hold nothing, or one column; under the name of a workbook it is one that never arrived
 * whole. */
static bool rows_may_be(const struct cli *c, const struct rows *rows, struct file_problem *problem)
{
    if (!str_ends(str_of(c->word[0]), STR(".xlsx")))
        return true;
    if (!rows_bytes(rows))
        return file_problem_set(problem, FILE_EMPTY, (str){0}, (str){0});
    return !rows_about(rows)->one_column ||
           file_problem_set(problem, FILE_WORKBOOK_DAMAGED, (str){0}, STR("not a zip archive"));
}

int cmd_rows(struct cli *c)
{
    AUTO(rows_free) struct rows *rows = NULL;
    AUTO(behind_free) struct behind *behind = NULL;
    AUTO(buf_done) struct buf out = {0};
    struct rows_options options;
    struct file_problem problem = {0};
    struct row row;
    enum rows_step step;
    struct err err = {0};
    if (!c->words)
        return cli_fail(c, EXIT_USAGE, "say which file: clientele rows FILE");
    int code = rows_options_of(c, &options);
    if (code != EXIT_OK)
        return code;
    if (!rows_open(cli_path(c, c->word[0]), &options, &rows, &problem, &err))
        return unreadable(c, &problem);
    if (!rows_may_be(c, rows, &problem))
        return unreadable(c, &problem);
    behind = behind_new(c->out);
    while ((step = rows_next(rows, &row, &problem, &err)) == ROWS_ROW) {
        for (size_t i = 0; i < row.count; i++) {
            buf_add_char(&out, i ? ',' : '[');
            json_write_string(&out, row.cell[i]);
        }
        buf_add(&out, row.count ? STR("]\n") : STR("[]\n"));
        if (out.len >= FLUSH_BYTES)
            behind_add(behind, &out);
    }
    behind_add(behind, &out);
    if (!behind_end(behind, &err))
        return cli_fail(c, EXIT_FAILED, "%s", err.msg);
    return step == ROWS_END ? EXIT_OK : unreadable(c, &problem);
}

/* Where the file goes: --output, or the person's stdout. */
static int open_output(struct cli *c, enum rows_format format, bool gzip, int *ret_fd)
{
    const char *path = cli_option(c, "output");
    struct err err = {0};
    *ret_fd = c->out;
    if (path) {
        *ret_fd = open(cli_path(c, path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (*ret_fd < 0) {
            err_errno(&err, "cannot create '%s'", path);
            return cli_fail(c, EXIT_FAILED, "%s", err.msg);
        }
    } else if ((format == ROWS_XLSX || gzip) && isatty(c->out)) {
        return cli_fail(c, EXIT_USAGE,
                        "a packed file is not for a terminal: add --output FILE or > FILE");
    }
    return EXIT_OK;
}

static int format_of(struct cli *c, bool with_jsonl, enum rows_format *ret_format)
{
    const char *name = cli_option(c, "format");
    *ret_format = name ? rows_format_of(str_of(name)) : ROWS_UNKNOWN;
    if (*ret_format == ROWS_UNKNOWN || (*ret_format == ROWS_JSONL && !with_jsonl))
        return cli_fail(c, EXIT_USAGE,
                        with_jsonl ? "--format is csv, xlsx or jsonl" : "--format is csv or xlsx");
    return EXIT_OK;
}

static int open_reader(struct cli *c, struct store_company **ret_company,
                       struct store_reader **ret_reader)
{
    struct company company;
    struct err err = {0};
    int code = cli_company(c, &company);
    if (code != EXIT_OK)
        return code;
    return store_company_open(c->store, company.id, ret_company, &err) &&
                   store_reader_open(*ret_company, ret_reader, &err)
               ? EXIT_OK
               : cli_fail_err(c, &err);
}

/* Half a file is worse than none. */
static int finish(struct cli *c, int fd, bool ok, const struct err *err)
{
    if (fd != c->out) {
        (void)close(fd);
        if (!ok)
            (void)unlink(cli_path(c, cli_option(c, "output")));
    }
    return ok ? EXIT_OK : cli_fail(c, EXIT_FAILED, "%s", err->msg);
}

/* --fields, --filter, --sort, --jq, --gzip */
static int export_choices(struct cli *c, struct export_request *r, struct export_options *options)
{
    const char *list = cli_option(c, "fields"), *program = cli_option(c, "jq"),
               *filter = cli_option(c, "filter"), *sort = cli_option(c, "sort");
    struct err err = {0};
    if (list && !export_fields_parse(&r->fields, &c->arena, str_of(list), &err))
        return cli_fail(c, EXIT_USAGE, "--fields: %s", err.msg);
    if (filter && !export_request_filter(&c->arena, str_of(filter), r, &err))
        return cli_fail(c, EXIT_USAGE, "--filter: %s", err.msg);
    if (sort && !export_request_sort(&c->arena, str_of(sort), r, &err))
        return cli_fail(c, EXIT_USAGE, "--sort: %s", err.msg);
    if (program && (list || options->format == ROWS_JSONL))
        return cli_fail(c, EXIT_USAGE,
                        "--jq makes the columns of a csv or xlsx file, without --fields");
    if (cli_option(c, "gzip") && options->format == ROWS_XLSX)
        return cli_fail(c, EXIT_USAGE, "--gzip: a workbook is packed already");
    options->program = str_of(program);
    options->gzip = cli_option(c, "gzip");
    return EXIT_OK;
}

int cmd_export(struct cli *c)
{
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    struct store_company *company;
    struct export_request request = {0};
    struct export_options options = {
        .fields = &request.fields, .filter = &request.filter, .order = &request.order};
    uint64_t count;
    struct err err = {0};
    int fd = -1, code = format_of(c, true, &options.format);
    if (code == EXIT_OK)
        code = export_choices(c, &request, &options);
    if (code == EXIT_OK)
        code = open_reader(c, &company, &reader);
    if (code == EXIT_OK)
        code = open_output(c, options.format, options.gzip, &fd);
    if (code != EXIT_OK)
        return code;
    bool ok = export_run(reader, store_company_zone(company), &options, fd, &count, &err);
    if (!ok && err.code == ERR_CONFLICT)
        err_context(&err, "--jq: ");
    return finish(c, fd, ok, &err);
}

int cmd_sample(struct cli *c)
{
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    struct store_company *company;
    enum rows_format format;
    struct err err = {0};
    int fd = -1, code = format_of(c, false, &format);
    if (code == EXIT_OK && c->store)
        code = open_reader(c, &company, &reader);
    if (code == EXIT_OK)
        code = open_output(c, format, false, &fd);
    if (code != EXIT_OK)
        return code;
    bool ok = export_sample(reader, format, c->language == LANGUAGE_RU, fd, &err);
    return finish(c, fd, ok, &err);
}
