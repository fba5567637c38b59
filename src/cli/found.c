/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/found.h"

#include "base/buf.h"

const struct asker command_line_asker = {
    .origin = ORIGIN_COMMAND_LINE // as origin_of(ORIGIN_COMMAND_LINE, 0) has it
};

void found_done(struct found *f)
{
    store_reader_free(f->reader);
}

int found_company(struct cli *c, struct found *f)
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

int found_task(struct cli *c, struct found *f)
{
    uint64_t id;
    struct err err = {0};
    if (!c->words || !str_to_u64(str_of(c->word[0]), &id) || id > INT64_MAX)
        return cli_fail(c, EXIT_USAGE,
                        "say which import by its number; 'clientele task list' lists them");
    int code = found_company(c, f);
    if (code != EXIT_OK)
        return code;
    return store_task_get(f->reader, &c->arena, (int64_t)id, &f->task, &err)
               ? EXIT_OK
               : cli_fail_err(c, &err);
}

void found_print_line(struct cli *c, const struct found *f, const struct store_task *task)
{
    const struct store_counts *n = &task->counts;
    char stamp[ZONE_STAMP_BYTES];
    (void)zone_stamp(store_company_zone(f->company), task->created_at_us, stamp);
    cli_print(c, "%lld\t%.19s\t%s\t%llu = +%llu ~%llu =%llu .%llu !%llu\t%.*s\n",
              (long long)task->id, stamp, task_state_name(task->state),
              (unsigned long long)n->records, (unsigned long long)n->created,
              (unsigned long long)n->updated, (unsigned long long)n->unchanged,
              (unsigned long long)n->skipped, (unsigned long long)n->failed,
              STR_ARG(task->file_name));
}

void found_print_json(struct cli *c, const struct found *f, const struct store_task *task)
{
    AUTO(buf_done) struct buf b = {0}, attributes = {0};
    struct jobs_history history;
    struct err ignored = {0};
    if (!jobs_history_get(f->reader, &c->arena, task, &history, &ignored))
        history = (struct jobs_history){0};
    jobs_task_json(&attributes, c->jobs, f->company, task, &history, c->language, &c->arena);
    buf_format(&b, "{\"id\":\"%lld\",", (long long)task->id);
    buf_add(&b, str_from(buf_str(&attributes), 1));
    buf_add_char(&b, '\n');
    cli_write(c, buf_str(&b));
}
