/* backup, restore, check: the data directory as a whole.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "backup/backup.h"
#include "base/file.h"
#include "cli/commands.h"
#include "version.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static bool keep_on(void *context)
{
    const struct cli *c = context;
    return !c->gone || !c->gone(c->context);
}

/* By the name's end, as tar --auto-compress does. */
static enum tar_packing packing_of(const char *name)
{
    return str_ends(str_of(name), STR(".zst"))                                         ? TAR_ZSTD
           : str_ends(str_of(name), STR(".gz")) || str_ends(str_of(name), STR(".tgz")) ? TAR_GZIP
                                                                                       : TAR_PLAIN;
}

static void print_totals(struct cli *c, int fd, const char *what, const struct backup_totals *t)
{
    struct err ignored;
    str line = arena_format(
        &c->arena, "%s %llu %s, %llu files, %.1f MB%s\n", what, (unsigned long long)t->companies,
        t->companies == 1 ? "company" : "companies", (unsigned long long)t->files,
        (double)t->bytes / 1e6,
        t->sealing_key
            ? ""
            : "; without the sealing key of the tokens, which is kept elsewhere: keep it safe, too");
    IGNORE(file_write_fd(fd, line, &ignored));
}

/* The file appears whole or not at all: it is written beside its place and then put there. */
static int write_file(struct cli *c, struct backup_options *o, const char *name)
{
    char partial[PATH_MAX], folder[PATH_MAX];
    const char *path = cli_path(c, name);
    struct backup_totals totals;
    struct err err = {0};
    (void)snprintf(partial, sizeof partial, "%s.partial", path);
    (void)snprintf(folder, sizeof folder, "%s", path);
    o->work_dir = dirname(folder);
    o->packing = packing_of(name);
    int fd = open(partial, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        err_errno(&err, "cannot create '%s.partial'", name);
        return cli_fail(c, EXIT_FAILED, "no backup was made: %s", err.msg);
    }
    bool ok = backup_write(o, fd, &totals, &err) &&
              (fsync(fd) == 0 || err_errno(&err, "cannot sync '%s'", name)) &&
              (rename(partial, path) == 0 || err_errno(&err, "cannot rename to '%s'", name));
    (void)close(fd);
    if (!ok) {
        (void)unlink(partial);
        return cli_fail(c, EXIT_FAILED, "no backup was made: %s", err.msg);
    }
    int dir = open(o->work_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir >= 0) {
        (void)fsync(dir);
        (void)close(dir);
    }
    print_totals(c, c->out, "backed up:", &totals);
    return EXIT_OK;
}

static int write_stream(struct cli *c, struct backup_options *o)
{
    struct backup_totals totals;
    struct err err = {0};
    if (isatty(c->out))
        return cli_fail(c, EXIT_USAGE,
                        "a backup is not for a terminal: name a file, or add > FILE");
    o->work_dir = o->data_dir;
    if (!backup_write(o, c->out, &totals, &err))
        return cli_fail(c, EXIT_FAILED, "the backup is not whole: %s", err.msg);
    print_totals(c, c->err, "backed up:", &totals);
    return EXIT_OK;
}

int cmd_backup(struct cli *c)
{
    const char *to = cli_option(c, "to");
    struct backup_options o = {.store = c->store,
                               .data_dir = store_data_dir(c->store),
                               .version = CLIENTELE_VERSION,
                               .keep_on = keep_on,
                               .context = c};
    struct stat st;
    if (!to)
        return cli_fail(c, EXIT_USAGE, "--to FILE is needed (- for a pipe)");
    if (strcmp(to, "-") == 0)
        return write_stream(c, &o);
    if (stat(cli_path(c, to), &st) == 0 && !cli_option(c, "force"))
        return cli_fail(c, EXIT_FAILED, "'%s' is there already: name another, or add --force", to);
    return write_file(c, &o, to);
}

/* --- check --- */

static void complain(void *context, const char *text)
{
    cli_print(context, "%s\n", text);
}

static int check(struct cli *c, struct store *store)
{
    struct check_totals totals;
    struct err err = {0};
    if (!backup_check(store, store_data_dir(store), complain, c, &totals, &err))
        return cli_fail_err(c, &err);
    cli_print(c, "checked: companies %llu, customers %llu, imports %llu, exports %llu: ",
              (unsigned long long)totals.companies, (unsigned long long)totals.customers,
              (unsigned long long)totals.tasks, (unsigned long long)totals.exports);
    if (totals.wrong)
        cli_print(c, "%llu things are wrong\n", (unsigned long long)totals.wrong);
    else
        cli_print(c, "all is well\n");
    return totals.wrong ? EXIT_FAILED : EXIT_OK;
}

int cmd_check(struct cli *c)
{
    return check(c, c->store);
}

/* --- restore --- */

static int check_restored(struct cli *c, const char *data)
{
    AUTO(store_free) struct store *store = NULL;
    const struct store_config config = {.data_dir = data, .seal_key_file = cli_seal_key()};
    struct err err = {0};
    if (!store_open(&config, &store, &err))
        return cli_fail(c, EXIT_FAILED, "restored, but it cannot be opened: %s", err.msg);
    return check(c, store);
}

int cmd_restore(struct cli *c)
{
    const char *from = cli_option(c, "from"), *data = cli_option(c, "data");
    struct backup_totals totals;
    struct err err = {0};
    if (!from || !data)
        return cli_fail(
            c, EXIT_USAGE,
            "--from FILE (- for a pipe) and --data DIR are needed; see 'clientele restore --help'");
    bool stream = strcmp(from, "-") == 0;
    int fd = stream ? c->in : open(cli_path(c, from), O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        err_errno(&err, "cannot open '%s'", from);
        return cli_fail(c, EXIT_FILE, "%s", err.msg);
    }
    bool ok = backup_restore(fd, cli_path(c, data), &totals, &err);
    if (!stream)
        (void)close(fd);
    if (!ok)
        return cli_fail(c, EXIT_FAILED, "nothing was restored: %s", err.msg);
    print_totals(c, c->out, "restored:", &totals);
    if (!totals.sealing_key && !cli_seal_key()) {
        cli_print(c, "not checked: say in CLIENTELE_SEAL_KEY where the sealing key is, and run "
                     "'clientele check'\n");
        return EXIT_OK;
    }
    return check_restored(c, cli_path(c, data));
}
