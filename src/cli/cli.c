/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include "base/buf.h"
#include "base/file.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void cli_write(struct cli *c, str text)
{
    struct err ignored;
    IGNORE(file_write_fd(c->out, text, &ignored));
}

void cli_print(struct cli *c, const char *format, ...)
{
    char text[4096];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    cli_write(c, (str){text, (size_t)MIN(len, (int)sizeof text - 1)});
}

int cli_fail(struct cli *c, int exit_code, const char *format, ...)
{
    char text[2048];
    va_list args;
    size_t n = (size_t)snprintf(text, sizeof text, "clientele: ");
    va_start(args, format);
    int len = vsnprintf(text + n, sizeof text - n - 1, format, args);
    va_end(args);
    n += len > 0 ? (size_t)len : 0;
    n = MIN(n, sizeof text - 2);
    text[n++] = '\n';
    struct err ignored;
    IGNORE(file_write_fd(c->err, (str){text, n}, &ignored));
    return exit_code;
}

int cli_fail_err(struct cli *c, const struct err *err)
{
    int code = err->code == ERR_NOT_FOUND ? EXIT_NOT_FOUND
               : err->code == ERR_BUSY    ? EXIT_BUSY
                                          : EXIT_FAILED;
    return cli_fail(c, code, "%s", err->msg);
}

const struct option_value *cli_options(const struct cli *c, const char *name)
{
    for (size_t i = 0; c->spec[i].name; i++)
        if (strcmp(c->spec[i].name, name) == 0)
            return &c->option[i];
    die("cli: the command has no option --%s", name);
}

const char *cli_option(const struct cli *c, const char *name)
{
    const struct option_value *all = cli_options(c, name);
    return all->count ? all->value[all->count - 1] : NULL;
}

const char *cli_path(struct cli *c, const char *path)
{
    if (path[0] == '/' || c->cwd < 0)
        return path;
    return arena_format(&c->arena, "/proc/self/fd/%d/%s", c->cwd, path).ptr;
}

uint64_t cli_token_max_days(void)
{
    const char *text = getenv("CLIENTELE_TOKEN_MAX_DAYS");
    uint64_t days;
    return text && str_to_u64(str_of(text), &days) && days <= 36500 ? days : 0;
}

const char *cli_seal_key(void)
{
    const char *path = getenv("CLIENTELE_SEAL_KEY");
    return path && path[0] ? path : NULL;
}

int cli_company(struct cli *c, struct company *ret_company)
{
    const char *name = cli_option(c, "company");
    struct company *all;
    size_t count;
    struct err err = {0};
    if (name)
        return store_company_by_name(c->store, &c->arena, str_of(name), ret_company, &err)
                   ? EXIT_OK
                   : cli_fail_err(c, &err);
    if (!store_company_list(c->store, &c->arena, &all, &count, &err))
        return cli_fail_err(c, &err);
    if (count != 1)
        return cli_fail(c, EXIT_USAGE,
                        count
                            ? "there are several companies: say which with --company NAME"
                            : "there is no company yet: make one with 'clientele company create'");
    *ret_company = all[0];
    return EXIT_OK;
}

static int print_help(struct cli *c, const struct cli_command *command)
{
    cli_print(c, "usage: clientele %s %s\n\n%s.\n\n%s", command->name, command->synopsis,
              command->summary, command->help);
    cli_print(
        c,
        "\nExit codes: 0 done; 1 failed; 2 wrong words; 3 some rows failed; 4 the file cannot be read;\n"
        "5 no such company, user or token; 6 the data directory is in use.\n");
    return EXIT_OK;
}

int cli_run(struct cli *c, const struct cli_command *command, int argc, char **argv)
{
    struct err err = {0};
    size_t specs = 0;
    while (command->spec[specs].name)
        specs++;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0)
            return print_help(c, command);
    c->spec = command->spec;
    memset(c->option, 0, sizeof c->option);
    if (!options_read(command->spec, specs, argc, argv, c->option, c->word, command->max_words,
                      &c->words, &err))
        return cli_fail(c, EXIT_USAGE, "%s; see 'clientele %s --help'", err.msg, command->name);
    int code = command->run(c);
    arena_done(&c->arena);
    return code;
}
