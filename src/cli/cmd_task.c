/* task ...: imports that are or were: look at one, and ask something of it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "cli/found.h"

#include <time.h>

enum {
    LISTED = 50,
    LISTED_JSON = 1000,
    WAIT_FIRST_NS = 1000000,
    WAIT_MOST_NS = 64000000,
    KEPT_PAGE = 1000
};

/* --- looking --- */

/* --state completed,failed: a bit for each. */
static int read_states(struct cli *c, unsigned *ret_states)
{
    const char *text = cli_option(c, "state");
    *ret_states = text ? 0 : TASKS_ALL;
    for (str rest = str_of(text); rest.len;) {
        str name = str_trim(str_split(&rest, ','));
        enum task_state state = task_state_of(name);
        if (state == TASK_STATE_COUNT)
            return cli_fail(c, EXIT_USAGE, "there is no state '%.*s'",
                            STR_ARG(str_shown(name, 40)));
        *ret_states |= 1U << state;
    }
    return EXIT_OK;
}

int cmd_task_list(struct cli *c)
{
    AUTO(found_done) struct found f = {0};
    bool json = cli_option(c, "json");
    struct store_task *task;
    unsigned states;
    size_t count;
    struct err err = {0};
    int code = read_states(c, &states);
    if (code == EXIT_OK)
        code = found_company(c, &f);
    if (code != EXIT_OK)
        return code;
    if (!store_task_history(f.reader, &c->arena, &(struct store_history){.states = states}, 0,
                            json ? LISTED_JSON : LISTED, &task, &count, &err))
        return cli_fail_err(c, &err);
    for (size_t i = 0; i < count; i++)
        (json ? found_print_json : found_print_line)(c, &f, &task[i]);
    return EXIT_OK;
}

int cmd_task_show(struct cli *c)
{
    AUTO(found_done) struct found f = {0};
    int code = found_task(c, &f);
    if (code == EXIT_OK)
        found_print_json(c, &f, &f.task);
    return code;
}

/* --- asking --- */

/* Looks on until nothing moves any more. */
static bool wait_for_rest(struct cli *c, struct found *f, struct err *err)
{
    struct timespec pause = {.tv_nsec = WAIT_FIRST_NS};
    AUTO(arena_done) struct arena a = {0};
    do {
        (void)nanosleep(&pause, NULL);
        pause.tv_nsec = MIN(pause.tv_nsec * 2, (long)WAIT_MOST_NS);
        if (c->gone && c->gone(c->context))
            return err_set(err, ERR_BUSY, "what was asked for goes on when the program runs again");
        arena_reset(&a);
        if (!store_task_get(f->reader, &a, f->task.id, &f->task, err))
            return false;
    } while (!jobs_task_rests(&f->task));
    return store_task_get(f->reader, &c->arena, f->task.id, &f->task, err);
}

/* Why it was not done: in the person's language when the state forbids it. */
static int refused(struct cli *c, struct found *f, enum task_action action, const struct err *err)
{
    struct err ignored;
    if (err->code == ERR_INVALID || (action == TASK_SETTINGS && err->code == ERR_NOT_FOUND))
        return cli_fail(c, EXIT_USAGE, "%s", err->msg);
    if (err->code != ERR_CONFLICT ||
        !store_task_get(f->reader, &c->arena, f->task.id, &f->task, &ignored))
        return cli_fail_err(c, err);
    return cli_fail(
        c, EXIT_FAILED, "%.*s",
        STR_ARG(jobs_refusal(c->jobs, f->company, &c->arena, c->language, &f->task, action)));
}

static int print_outcome(struct cli *c, struct found *f)
{
    const struct store_task *t = &f->task;
    if (cli_option(c, "json"))
        found_print_json(c, f, t);
    else
        found_print_line(c, f, t);
    if (!t->failure.len)
        return t->state == TASK_COMPLETED_WITH_ERRORS ? EXIT_ROWS_FAILED : EXIT_OK;
    struct file_problem problem = wording_failure_parse(t->failure);
    str text = wording_file_problem(&c->arena, c->language, &problem);
    return cli_fail(c, t->state == TASK_FAILED ? EXIT_FILE : EXIT_FAILED, "%.*s", STR_ARG(text));
}

/* --set NAME=VALUE, any number of times, as a JSON object. */
static int read_settings(struct cli *c, struct json *ret_settings)
{
    struct json_place place;
    struct err err = {0};
    AUTO(buf_done) struct buf b = {0};
    const struct option_value *set = cli_options(c, "set");
    buf_add_char(&b, '{');
    for (size_t i = 0; i < set->count; i++) {
        str rest = str_of(set->value[i]), name = str_split(&rest, '=');
        if (!rest.ptr || !name.len)
            return cli_fail(c, EXIT_USAGE,
                            "--set takes NAME=VALUE, for example --set mode=update_only");
        if (i)
            buf_add_char(&b, ',');
        json_write_string(&b, name);
        buf_add_char(&b, ':');
        json_write_string(&b, rest);
    }
    buf_add_char(&b, '}');
    str text = arena_str(&c->arena, buf_str(&b));
    return json_parse(text, &c->arena, ret_settings, &place, &err)
               ? EXIT_OK
               : cli_fail(c, EXIT_USAGE, "--set: this is no text");
}

int cmd_task_settings(struct cli *c)
{
    AUTO(found_done) struct found f = {0};
    struct json settings;
    struct err err = {0};
    int code = found_task(c, &f);
    if (code == EXIT_OK)
        code = read_settings(c, &settings);
    if (code != EXIT_OK)
        return code;
    if (!jobs_task_settings(c->jobs, f.company, f.task.id, &settings, &command_line_asker, &err))
        return refused(c, &f, TASK_SETTINGS, &err);
    return wait_for_rest(c, &f, &err) ? print_outcome(c, &f) : cli_fail_err(c, &err);
}

int cmd_task_dry_run(struct cli *c)
{
    AUTO(found_done) struct found f = {0};
    struct err err = {0};
    int code = found_task(c, &f);
    if (code != EXIT_OK)
        return code;
    if (!jobs_task_trial(c->jobs, f.company, f.task.id, &command_line_asker, &err))
        return refused(c, &f, TASK_DRY_RUN, &err);
    if (!wait_for_rest(c, &f, &err))
        return cli_fail_err(c, &err);
    if (f.task.trial != TRIAL_DONE || cli_option(c, "json"))
        return print_outcome(c, &f);
    cli_print(c, "%.*s\n", STR_ARG(f.task.trial_result));
    return EXIT_OK;
}

int cmd_task_start(struct cli *c)
{
    AUTO(found_done) struct found f = {0};
    struct err err = {0};
    int code = found_task(c, &f);
    if (code != EXIT_OK)
        return code;
    if (!jobs_task_start(c->jobs, f.company, f.task.id, str_of(cli_option(c, "fingerprint")),
                         &command_line_asker, &err))
        return refused(c, &f, TASK_START, &err);
    return wait_for_rest(c, &f, &err) ? print_outcome(c, &f) : cli_fail_err(c, &err);
}

int cmd_task_cancel(struct cli *c)
{
    AUTO(found_done) struct found f = {0};
    struct err err = {0};
    int code = found_task(c, &f);
    if (code != EXIT_OK)
        return code;
    if (!jobs_task_cancel(c->jobs, f.company, f.task.id, &command_line_asker, &err))
        return refused(c, &f, TASK_CANCEL, &err);
    if (!wait_for_rest(c, &f, &err))
        return cli_fail_err(c, &err);
    found_print_line(c, &f, &f.task);
    return EXIT_OK;
}

static bool list_kept(struct cli *c, const struct found *f, bool json, struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    for (uint64_t after = 0;;) {
        struct store_kept *k;
        size_t count;
        arena_reset(&a);
        if (!store_undo_kept(f->reader, &a, f->task.id, after, 0, KEPT_PAGE, &k, &count, err))
            return false;
        for (size_t i = 0; i < count; i++) {
            AUTO(buf_done) struct buf b = {0};
            after = k[i].seq;
            if (json)
                jobs_kept_json(&b, &a, c->language, store_company_zone(f->company), &k[i]);
            else
                buf_format(
                    &b, "  %.*s",
                    STR_ARG(wording_kept(&a, c->language, store_company_zone(f->company), &k[i])));
            buf_add_char(&b, '\n');
            cli_write(c, buf_str(&b));
        }
        if (count < KEPT_PAGE)
            return true;
    }
}

int cmd_task_kept(struct cli *c)
{
    AUTO(found_done) struct found f = {0};
    struct err err = {0};
    int code = found_task(c, &f);
    if (code != EXIT_OK)
        return code;
    return list_kept(c, &f, cli_option(c, "json"), &err) ? EXIT_OK : cli_fail_err(c, &err);
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
    if (!wait_for_rest(c, f, err))
        return false;
    cli_print(c, "%lld: ", (long long)f->task.id);
    print_undone(c, &f->task.undo);
    return list_kept(c, f, false, err);
}

static bool undo_with_corrections(struct cli *c, struct found *f,
                                  const struct jobs_history *history, struct err *err)
{
    const int64_t id = f->task.id;
    if (!jobs_task_undo_all(c->jobs, f->company, id, &command_line_asker, err))
        return false;
    for (size_t i = 0; i <= history->corrections; i++)
        if (!store_task_get(f->reader, &c->arena,
                            i < history->corrections ? history->correction[i] : id, &f->task,
                            err) ||
            !tell_undo(c, f, err))
            return false;
    return true;
}

/* Corrections that stay are not forgotten. */
static void print_left(struct cli *c, int64_t id, const struct jobs_history *history)
{
    if (history->corrections)
        cli_print(
            c,
            c->language == LANGUAGE_RU
                ? "Исправлений этой загрузки: %zu. Их тоже вернёт: clientele task undo %lld --corrections\n"
                : "Corrections of this import: %zu. 'clientele task undo %lld --corrections' takes them back, too\n",
            history->corrections, (long long)id);
}

static void print_preview(struct cli *c, const struct store_task *task)
{
    AUTO(buf_done) struct buf b = {0};
    jobs_undo_preview_json(&b, task, c->language);
    buf_add_char(&b, '\n');
    cli_write(c, buf_str(&b));
}

int cmd_task_undo(struct cli *c)
{
    AUTO(found_done) struct found f = {0};
    struct jobs_history history;
    struct err err = {0};
    bool dry = cli_option(c, "dry-run"), both = cli_option(c, "corrections");
    int code = found_task(c, &f);
    if (code != EXIT_OK)
        return code;
    if (!jobs_history_get(f.reader, &c->arena, &f.task, &history, &err))
        return cli_fail_err(c, &err);
    if (both && !dry)
        return undo_with_corrections(c, &f, &history, &err) ? EXIT_OK
                                                            : refused(c, &f, TASK_REVERT, &err);
    if (!jobs_task_undo(c->jobs, f.company, f.task.id, dry, &command_line_asker, &err))
        return refused(c, &f, TASK_REVERT, &err);
    if (!wait_for_rest(c, &f, &err))
        return cli_fail_err(c, &err);
    if (cli_option(c, "json")) {
        found_print_json(c, &f, &f.task);
        return EXIT_OK;
    }
    if (dry) {
        print_preview(c, &f.task);
        return EXIT_OK;
    }
    print_undone(c, &f.task.undo);
    if (!list_kept(c, &f, false, &err))
        return cli_fail_err(c, &err);
    print_left(c, f.task.id, &history);
    return EXIT_OK;
}
