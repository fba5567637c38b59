/* init, company, user: who is in the data directory.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/found.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#define DAY_US INT64_C(86400000000)

/* Reads a line from the person, without showing it. */
static bool prompt(struct cli *c, const char *text, struct buf *line)
{
    struct termios before, quiet;
    bool terminal = tcgetattr(c->in, &before) == 0;
    struct err ignored;
    char ch;
    if (terminal) {
        quiet = before;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        (void)tcsetattr(c->in, TCSAFLUSH, &quiet);
        IGNORE(file_write_fd(c->err, str_of(text), &ignored));
    }
    ssize_t n;
    while ((n = read(c->in, &ch, 1)) == 1 && ch != '\n')
        buf_add_char(line, ch);
    if (terminal) {
        (void)tcsetattr(c->in, TCSAFLUSH, &before);
        IGNORE(file_write_fd(c->err, STR("\n"), &ignored));
    }
    return n >= 0 && !buf_over(line);
}

/* The password from --password-file, or asked for. */
static int get_password(struct cli *c, struct buf *password)
{
    const char *file = cli_option(c, "password-file");
    struct err err = {0};
    password->max = 4096;
    if (file) {
        if (!file_read(cli_path(c, file), password, &err))
            return cli_fail(c, EXIT_FAILED, "--password-file: %s", err.msg);
        while (password->len && (password->ptr[password->len - 1] == '\n' ||
                                 password->ptr[password->len - 1] == '\r'))
            password->len--;
    } else {
        AUTO(buf_done) struct buf again = {.max = 4096};
        if (!prompt(c, "Password: ", password) || (isatty(c->in) && !prompt(c, "Again: ", &again)))
            return cli_fail(c, EXIT_FAILED, "the password cannot be read");
        if (isatty(c->in) && !str_eq(buf_str(password), buf_str(&again)))
            return cli_fail(c, EXIT_FAILED, "the two passwords differ");
    }
    return password_check(buf_str(password), &err) ? EXIT_OK
                                                   : cli_fail(c, EXIT_USAGE, "%s", err.msg);
}

/* Whoever opens the cabinet first, and knows the code that serve prints, makes company and admin.
 */
static int init_empty(struct cli *c, const char *data)
{
    const struct store_config config = {.data_dir = cli_path(c, data)};
    AUTO(store_free) struct store *store = NULL;
    struct err err = {0};
    if (!store_create(&config, &err) || !store_open(&config, &store, &err))
        return cli_fail_err(c, &err);
    cli_print(c,
              "made %s; next:\n  clientele serve --data '%s'\n"
              "and open the cabinet with the code that it prints\n",
              data, data);
    return EXIT_OK;
}

int cmd_init(struct cli *c)
{
    const char *data = cli_option(c, "data"), *company = cli_option(c, "company"),
               *admin = cli_option(c, "admin"), *zone = cli_option(c, "zone");
    AUTO(buf_done) struct buf password = {0};
    AUTO(store_free) struct store *store = NULL;
    AUTO(zone_free) struct zone *known = NULL;
    struct err err = {0};
    int64_t id, user;
    if (data && !company && !admin)
        return init_empty(c, data);
    if (!data || !company || !admin)
        return cli_fail(
            c, EXIT_USAGE,
            "--data DIR is needed, and --company NAME and --admin EMAIL, or none of the two; see "
            "'clientele init --help'");
    // Everything that can be wrong is checked before anything is made.
    if (!company_name_check(str_of(company), &err) ||
        !zone_open(zone ? zone : "Europe/Moscow", &known, &err))
        return cli_fail(c, EXIT_USAGE, "%s", err.msg);
    if (!consumer_email_valid(&c->arena, str_of(admin)))
        return cli_fail(c, EXIT_USAGE, "--admin must be an e-mail address");
    int code = get_password(c, &password);
    if (code != EXIT_OK)
        return code;
    const struct store_config config = {.data_dir = cli_path(c, data)};
    if (!store_create(&config, &err) || !store_open(&config, &store, &err) ||
        !store_company_create(store, &command_line_asker, str_of(company),
                              str_of(zone ? zone : "Europe/Moscow"), &id, &err) ||
        !store_user_create(store, &command_line_asker, 0, str_of(admin), ROLE_ADMIN,
                           buf_str(&password), &user, &err))
        return cli_fail_err(c, &err);
    cli_print(c,
              "made %s with the company %s; next:\n"
              "  clientele token create --data '%s' --company '%s' --name WHAT-FOR\n"
              "  clientele serve --data '%s'\n",
              data, company, data, company, data);
    return EXIT_OK;
}

int cmd_company_create(struct cli *c)
{
    const char *zone = cli_option(c, "zone");
    struct err err = {0};
    int64_t id;
    if (!c->words)
        return cli_fail(c, EXIT_USAGE,
                        "say the company's name: clientele company create --data DIR NAME");
    return store_company_create(c->store, &command_line_asker, str_of(c->word[0]),
                                str_of(zone ? zone : "Europe/Moscow"), &id, &err)
               ? EXIT_OK
               : cli_fail_err(c, &err);
}

int cmd_company_list(struct cli *c)
{
    struct company *company;
    size_t count;
    struct err err = {0};
    if (!store_company_list(c->store, &c->arena, &company, &count, &err))
        return cli_fail_err(c, &err);
    for (size_t i = 0; i < count; i++)
        cli_print(c, "%lld\t%s\t%s\tput_contacts=%s\timport_webhooks=%s\n",
                  (long long)company[i].id, company[i].name.ptr, company[i].zone.ptr,
                  company[i].put_contacts == PUT_CONTACTS_UPDATE ? "update" : "ignore",
                  import_webhooks_name[company[i].import_webhooks == IMPORT_WEBHOOKS_DEFAULT
                                           ? IMPORT_WEBHOOKS_DIGEST
                                           : company[i].import_webhooks]);
    return EXIT_OK;
}

static int named_company(struct cli *c, struct company *company)
{
    struct err err = {0};
    if (!c->words)
        return cli_fail(c, EXIT_USAGE, "say the company's name");
    return store_company_by_name(c->store, &c->arena, str_of(c->word[0]), company, &err)
               ? EXIT_OK
               : cli_fail_err(c, &err);
}

int cmd_company_rename(struct cli *c)
{
    struct company company;
    struct err err = {0};
    if (c->words != 2)
        return cli_fail(
            c, EXIT_USAGE,
            "say the old name and the new one: clientele company rename --data DIR OLD NEW");
    int code = named_company(c, &company);
    if (code != EXIT_OK)
        return code;
    company.name = str_of(c->word[1]);
    return store_company_change(c->store, &command_line_asker, company.id, COMPANY_NAME, &company,
                                &err)
               ? EXIT_OK
               : cli_fail_err(c, &err);
}

/* --- company set --- */

static int set_put_contacts(struct cli *c, const char *value, struct company *company)
{
    company->put_contacts =
        strcmp(value, "update") == 0 ? PUT_CONTACTS_UPDATE : PUT_CONTACTS_IGNORE;
    return company->put_contacts == PUT_CONTACTS_UPDATE || strcmp(value, "ignore") == 0
               ? EXIT_OK
               : cli_fail(c, EXIT_USAGE, "--put-contacts is update or ignore");
}

static int set_import_webhooks(struct cli *c, const char *value, struct company *company)
{
    enum import_webhooks how = IMPORT_WEBHOOKS_NONE;
    while (how < IMPORT_WEBHOOKS_COUNT && strcmp(value, import_webhooks_name[how]) != 0)
        how++;
    company->import_webhooks = how;
    return how < IMPORT_WEBHOOKS_COUNT
               ? EXIT_OK
               : cli_fail(c, EXIT_USAGE, "--import-webhooks is none, record or digest");
}

static int set_import_defaults(struct cli *c, const char *value, struct company *company)
{
    struct json tree;
    struct json_place place;
    struct err err = {0};
    if (!json_parse(str_of(value), &c->arena, &tree, &place, &err) || tree.kind != JSON_OBJECT)
        return cli_fail(c, EXIT_USAGE,
                        "--import-defaults is a JSON object such as {\"mode\":\"update_only\"}");
    return import_defaults_read(&c->arena, &tree, &company->import_defaults, &err)
               ? EXIT_OK
               : cli_fail(c, EXIT_USAGE, "--import-defaults: %s", err.msg);
}

static int set_zone(struct cli *c, const char *value, struct company *company)
{
    struct store_company *opened;
    struct err err = {0};
    bool moves;
    company->zone = str_of(value);
    if (!store_company_open(c->store, company->id, &opened, &err) ||
        !jobs_any_moves(opened, &moves, &err))
        return cli_fail_err(c, &err);
    return moves ? cli_fail(c, EXIT_FAILED,
                            "imports are under way, and their dates are read in the old zone: wait "
                            "for them, or cancel them, and try again")
                 : EXIT_OK;
}

/* "server", or a number of days that is no more than the server's. */
static int set_days(struct cli *c, const char *option, const char *value, int64_t server_us,
                    int64_t *days)
{
    uint64_t number = 0, most = (uint64_t)(server_us / DAY_US);
    if (strcmp(value, "server") != 0 &&
        (!str_to_u64(str_of(value), &number) || !number || number > most))
        return cli_fail(c, EXIT_USAGE,
                        "--%s is a number of days from 1 to %llu, as long as the server keeps "
                        "them, or 'server'",
                        option, (unsigned long long)most);
    *days = (int64_t)number;
    return EXIT_OK;
}

int cmd_company_set(struct cli *c)
{
    static const struct {
        const char *option;
        enum company_field field;
        int (*set)(struct cli *c, const char *value, struct company *company);
    } settings[] = {{"zone", COMPANY_ZONE, set_zone},
                    {"put-contacts", COMPANY_PUT_CONTACTS, set_put_contacts},
                    {"import-webhooks", COMPANY_IMPORT_WEBHOOKS, set_import_webhooks},
                    {"import-defaults", COMPANY_IMPORT_DEFAULTS, set_import_defaults}};
    const struct jobs_keep keep = jobs_keep(c->jobs, NULL);
    struct company company = {0};
    struct err err = {0};
    unsigned fields = 0;
    int code = named_company(c, &company);
    const struct {
        const char *option;
        enum company_field field;
        int64_t server_us, *days;
    } days[] = {{"keep-files-days", COMPANY_KEEP_FILES, keep.files_us, &company.keep_files_days},
                {"keep-trail-days", COMPANY_KEEP_TRAIL, keep.trail_us, &company.keep_trail_days},
                {"keep-audit-days", COMPANY_KEEP_AUDIT, keep.audit_us, &company.keep_audit_days}};
    for (size_t i = 0; i < COUNT(settings) && code == EXIT_OK; i++) {
        const char *value = cli_option(c, settings[i].option);
        if (value)
            code = settings[i].set(c, value, &company);
        fields |= value ? settings[i].field : 0;
    }
    for (size_t i = 0; i < COUNT(days) && code == EXIT_OK; i++) {
        const char *value = cli_option(c, days[i].option);
        if (value)
            code = set_days(c, days[i].option, value, days[i].server_us, days[i].days);
        fields |= value ? days[i].field : 0;
    }
    if (code != EXIT_OK)
        return code;
    if (!fields)
        return cli_fail(c, EXIT_USAGE, "say what to set; see 'clientele company set --help'");
    return store_company_change(c->store, &command_line_asker, company.id, fields, &company, &err)
               ? EXIT_OK
               : cli_fail_err(c, &err);
}

int cmd_company_delete(struct cli *c)
{
    struct company company = {0};
    struct err err = {0};
    int code = named_company(c, &company);
    if (code != EXIT_OK)
        return code;
    if (!cli_option(c, "yes"))
        return cli_fail(
            c, EXIT_USAGE,
            "this removes the company, its users, tokens and customers for good: add --yes");
    return store_company_delete(c->store, &command_line_asker, company.id, &err)
               ? EXIT_OK
               : cli_fail_err(c, &err);
}

/* --- users --- */

/* The user of the e-mail that was said: of --company, or the only one anywhere. */
static int named_user(struct cli *c, struct user *ret_user)
{
    struct company company;
    struct user *user;
    size_t count;
    struct err err = {0};
    if (!c->words)
        return cli_fail(c, EXIT_USAGE, "say the user's e-mail");
    if (cli_option(c, "company")) {
        int code = cli_company(c, &company);
        if (code != EXIT_OK)
            return code;
        return store_user_by_email(c->store, &c->arena, company.id, str_of(c->word[0]), ret_user,
                                   &err)
                   ? EXIT_OK
                   : cli_fail_err(c, &err);
    }
    if (!store_user_of_email(c->store, &c->arena, str_of(c->word[0]), &user, &count, &err))
        return cli_fail_err(c, &err);
    if (!count)
        return cli_fail(c, EXIT_NOT_FOUND,
                        "there is no such user; 'clientele user list' shows those there are");
    if (count > 1)
        return cli_fail(c, EXIT_USAGE,
                        "there are %zu users with that e-mail: say which with --company", count);
    *ret_user = user[0];
    return EXIT_OK;
}

static int print_link(struct cli *c, int64_t user_id)
{
    const char *base = cli_option(c, "base-url");
    char secret[TOKEN_TEXT_BYTES];
    struct err err = {0};
    if (!store_user_reset(c->store, &command_line_asker, user_id, clock_now_us() + DAY_US, secret,
                          &err))
        return cli_fail_err(c, &err);
    cli_print(c, "%s/cabinet/invite#%s\n", base ? base : "http://127.0.0.1:8080", secret);
    return EXIT_OK;
}

#define ROLES "company_manager, company_moderator, company_admin"

int cmd_user_create(struct cli *c)
{
    const char *role_name = cli_option(c, "role");
    AUTO(buf_done) struct buf password = {0};
    enum user_role role = ROLE_MANAGER;
    struct company company = {0};
    struct err err = {0};
    int64_t id;
    int code = EXIT_OK;
    if (!c->words)
        return cli_fail(c, EXIT_USAGE,
                        "say the user's e-mail: clientele user create --data DIR EMAIL");
    if (role_name && !user_role_of(str_of(role_name), &role))
        return cli_fail(c, EXIT_USAGE, "--role is " ROLES " or admin");
    if (role == ROLE_ADMIN && cli_option(c, "company"))
        return cli_fail(c, EXIT_USAGE, "an admin is of all companies: leave --company out");
    if (role != ROLE_ADMIN)
        code = cli_company(c, &company);
    bool with_password = cli_option(c, "password-file");
    if (code == EXIT_OK && with_password)
        code = get_password(c, &password);
    if (code != EXIT_OK)
        return code;
    if (!store_user_create(c->store, &command_line_asker, company.id, str_of(c->word[0]), role,
                           with_password ? buf_str(&password) : (str){0}, &id, &err))
        return cli_fail_err(c, &err);
    return with_password ? EXIT_OK : print_link(c, id);
}

static bool list_users(struct cli *c, int64_t company_id, struct err *err)
{
    struct user *user;
    size_t count;
    if (!store_user_list(c->store, &c->arena, company_id, &user, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        cli_print(c, "%s\t%s%s\n", user[i].email.ptr, user_role_name(user[i].role),
                  user[i].disabled        ? "\tdisabled"
                  : !user[i].has_password ? "\tinvited"
                                          : "");
    return true;
}

int cmd_user_list(struct cli *c)
{
    struct company company;
    struct err err = {0};
    int code = cli_company(c, &company);
    if (code != EXIT_OK)
        return code;
    return list_users(c, 0, &err) && list_users(c, company.id, &err) ? EXIT_OK
                                                                     : cli_fail_err(c, &err);
}

int cmd_user_role(struct cli *c)
{
    enum user_role role;
    struct user user = {0};
    struct err err = {0};
    if (c->words != 2 || !user_role_of(str_of(c->word[1]), &role) || role == ROLE_ADMIN)
        return cli_fail(c, EXIT_USAGE, "say the e-mail and the role: " ROLES);
    int code = named_user(c, &user);
    if (code != EXIT_OK)
        return code;
    if (user.role == ROLE_ADMIN)
        return cli_fail(c, EXIT_USAGE, "an admin stays one: make another user, and disable this");
    return store_user_set_role(c->store, &command_line_asker, user.id, role, &err)
               ? EXIT_OK
               : cli_fail_err(c, &err);
}

static int set_disabled(struct cli *c, bool disabled)
{
    struct user user = {0};
    struct err err = {0};
    int code = named_user(c, &user);
    if (code != EXIT_OK)
        return code;
    return store_user_set_disabled(c->store, &command_line_asker, user.id, disabled, &err)
               ? EXIT_OK
               : cli_fail_err(c, &err);
}

int cmd_user_disable(struct cli *c)
{
    return set_disabled(c, true);
}

int cmd_user_enable(struct cli *c)
{
    return set_disabled(c, false);
}

int cmd_user_reset_password(struct cli *c)
{
    struct user user = {0};
    int code = named_user(c, &user);
    return code == EXIT_OK ? print_link(c, user.id) : code;
}
