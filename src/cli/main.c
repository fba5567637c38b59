/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "cli/commands.h"
#include "cli/remote.h"
#include "exporter/program.h"
#include "version.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DATA                                                                                       \
    {                                                                                              \
        "data", true                                                                               \
    }
#define COMPANY                                                                                    \
    {                                                                                              \
        "company", true                                                                            \
    }
#define LANGUAGE                                                                                   \
    {                                                                                              \
        "lang", true                                                                               \
    }
#define DATA_HELP    "  --data DIR        the data directory (or the variable CLIENTELE_DATA)\n"
#define COMPANY_HELP "  --company NAME    which company; not needed when there is only one\n"
#define READING_OPTIONS                                                                            \
    {"format", true}, {"encoding", true}, {"delimiter", true}, {"quote", true},                    \
    {                                                                                              \
        "sheet", true                                                                              \
    }
#define READING_HELP                                                                                        \
    "  --format F        csv, xlsx or jsonl; told from the content unless stated\n"                         \
    "  --encoding E      of a text file, such as windows-1251; UTF-8 and byte order marks are recognised\n" \
    "  --delimiter C     one character, or comma, semicolon, tab, pipe; told from the file unless stated\n" \
    "  --quote Q         double, single or none; told from the file's header unless stated\n"               \
    "  --sheet S         a workbook's sheet, by number or name; the first visible one unless stated\n"

/* A command under two names. */
#define UNDO_WORDS "--data DIR [--company NAME] TASK [--dry-run] [--corrections] [--json]"
#define UNDO_HELP                                                                                  \
    DATA_HELP COMPANY_HELP "  --dry-run         say what would happen, write nothing\n"            \
                           "  --corrections     take back what corrected it, too\n"                \
                           "  --json            print the whole import as JSON\n"                  \
                           "What others changed since stays, and is listed.\n"
#define UNDO_OPTIONS                                                                               \
    DATA, COMPANY, {"dry-run", false}, {"corrections", false}, {"json", false}, LANGUAGE

static const struct cli_command commands[] = {
    {"init",
     "--data DIR [--company NAME --admin EMAIL [--password-file FILE] [--zone ZONE]]",
     "Makes a data directory with its first company and the server's admin",
     DATA_HELP
     "Without --company and --admin both are made in the browser, with the code that serve prints.\n"
     "  --company NAME    the company\n  --admin EMAIL     the admin, who may do everything in the cabinet\n"
     "  --password-file F the admin's password; asked for unless given\n"
     "  --zone ZONE       the company's time zone; Europe/Moscow unless given\n",
     cmd_init,
     {DATA, COMPANY, {"admin", true}, {"password-file", true}, {"zone", true}, LANGUAGE},
     0,
     false},
    {"company create",
     "--data DIR NAME [--zone ZONE]",
     "Makes a company",
     DATA_HELP "  --zone ZONE       its time zone; Europe/Moscow unless given\n",
     cmd_company_create,
     {DATA, {"zone", true}, LANGUAGE},
     1,
     true},
    {"company list",
     "--data DIR",
     "Lists the companies: number, name, time zone, settings",
     DATA_HELP,
     cmd_company_list,
     {DATA, LANGUAGE},
     0,
     true},
    {"company rename",
     "--data DIR OLD NEW",
     "Renames a company",
     DATA_HELP,
     cmd_company_rename,
     {DATA, LANGUAGE},
     2,
     true},
    {"company set",
     "--data DIR NAME [--zone ZONE] [--put-contacts update|ignore] [--import-webhooks none|record|digest] ...",
     "Changes a company's settings",
     DATA_HELP
     "  --put-contacts H  whether PUT changes e-mail and phone of a customer who exists\n"
     "  --import-webhooks H  what webhooks are told of an import that does not say: none, each record, or a digest\n"
     "  --zone ZONE       in which times are shown, and a file's dates are read; what is stored stays\n"
     "  --import-defaults JSON  settings of imports that say nothing else; {} is none\n"
     "  --keep-files-days N, --keep-trail-days N, --keep-audit-days N\n"
     "                    as in 'serve', but shorter than there; 'server' is as long as there\n",
     cmd_company_set,
     {DATA,
      {"zone", true},
      {"put-contacts", true},
      {"import-webhooks", true},
      {"import-defaults", true},
      {"keep-files-days", true},
      {"keep-trail-days", true},
      {"keep-audit-days", true},
      LANGUAGE},
     1,
     true},
    {"company delete",
     "--data DIR NAME --yes",
     "Removes a company with its users, tokens and customers, for good",
     DATA_HELP "  --yes             yes, for good\n",
     cmd_company_delete,
     {DATA, {"yes", false}, LANGUAGE},
     1,
     true},
    {"user create",
     "--data DIR [--company NAME] EMAIL [--role R] [--password-file F]",
     "Makes a user; without a password, prints a one-time link for setting one",
     DATA_HELP COMPANY_HELP
     "  --role R          company_manager (unless given): customers and imports; company_moderator: reads them;\n                    company_admin: all of the company; admin: all companies, and no --company\n  --password-file F the password\n"
     "  --base-url URL    where the link begins; http://127.0.0.1:8080 unless given\n",
     cmd_user_create,
     {DATA, COMPANY, {"role", true}, {"password-file", true}, {"base-url", true}, LANGUAGE},
     1,
     true},
    {"user list",
     "--data DIR [--company NAME]",
     "Lists a company's users, the server's admins first",
     DATA_HELP COMPANY_HELP,
     cmd_user_list,
     {DATA, COMPANY, LANGUAGE},
     0,
     true},
    {"user role",
     "--data DIR [--company NAME] EMAIL ROLE",
     "Changes a user's role: company_manager, company_moderator or company_admin",
     DATA_HELP COMPANY_HELP,
     cmd_user_role,
     {DATA, COMPANY, LANGUAGE},
     2,
     true},
    {"user disable",
     "--data DIR [--company NAME] EMAIL",
     "Keeps a user out",
     DATA_HELP COMPANY_HELP,
     cmd_user_disable,
     {DATA, COMPANY, LANGUAGE},
     1,
     true},
    {"user enable",
     "--data DIR [--company NAME] EMAIL",
     "Lets a user in again",
     DATA_HELP COMPANY_HELP,
     cmd_user_enable,
     {DATA, COMPANY, LANGUAGE},
     1,
     true},
    {"user reset-password",
     "--data DIR [--company NAME] EMAIL",
     "Prints a one-time link for setting a new password, good for 24 hours",
     DATA_HELP COMPANY_HELP
     "  --base-url URL    where the link begins; http://127.0.0.1:8080 unless given\n",
     cmd_user_reset_password,
     {DATA, COMPANY, {"base-url", true}, LANGUAGE},
     1,
     true},
    {"token create",
     "--data DIR [--company NAME] --name TEXT [--scope S] [--expires WHEN] [--value-file F]",
     "Makes an API token and prints it alone",
     DATA_HELP COMPANY_HELP
     "  --name TEXT       what it is for\n  --scope S         consumers:read, consumers:write, imports, exports or admin\n                    (which includes the others), separated by commas; all unless given\n"
     "  --expires WHEN    a date, or 90d; as late as a token may unless given: two years, or the setting\n"
     "                    token_max_days of the server, CLIENTELE_TOKEN_MAX_DAYS where none runs\n"
     "  --value-file F    keep the key in this file, so that integrations move without change\n",
     cmd_token_create,
     {DATA,
      COMPANY,
      {"name", true},
      {"scope", true},
      {"expires", true},
      {"value-file", true},
      LANGUAGE},
     0,
     true},
    {"token list",
     "--data DIR [--company NAME]",
     "Lists a company's tokens: number, name, scope, expiry, last use",
     DATA_HELP COMPANY_HELP,
     cmd_token_list,
     {DATA, COMPANY, LANGUAGE},
     0,
     true},
    {"token show",
     "--data DIR [--company NAME] TOKEN",
     "Prints a token's key; TOKEN is its number or name",
     DATA_HELP COMPANY_HELP,
     cmd_token_show,
     {DATA, COMPANY, LANGUAGE},
     1,
     true},
    {"token revoke",
     "--data DIR [--company NAME] TOKEN",
     "Revokes a token at once",
     DATA_HELP COMPANY_HELP,
     cmd_token_revoke,
     {DATA, COMPANY, LANGUAGE},
     1,
     true},
    {"webhook create",
     "--data DIR [--company NAME] URL [--events E,...] [--json]",
     "Makes a webhook and prints the secret that signs its messages",
     DATA_HELP COMPANY_HELP
     "  --events E,...    consumer.created, consumer.updated, consumer.deleted, import_task.completed,\n"
     "                    import_task.failed, import_task.reverted, consumer.*; all unless given\n"
     "  --json            print the whole webhook as JSON\n",
     cmd_webhook_create,
     {DATA, COMPANY, {"events", true}, {"json", false}, LANGUAGE},
     1,
     true},
    {"webhook list",
     "--data DIR [--company NAME] [--json]",
     "Lists a company's webhooks: number, state, events, address",
     DATA_HELP COMPANY_HELP "  --json            each as a line of JSON\n",
     cmd_webhook_list,
     {DATA, COMPANY, {"json", false}, LANGUAGE},
     0,
     true},
    {"webhook set",
     "--data DIR [--company NAME] WEBHOOK [--url URL] [--events E,...]",
     "Changes where a webhook goes and what it is told of",
     DATA_HELP COMPANY_HELP
     "  --url URL         its address\n  --events E,...    as for webhook create\n",
     cmd_webhook_set,
     {DATA, COMPANY, {"url", true}, {"events", true}, LANGUAGE},
     1,
     true},
    {"webhook rotate",
     "--data DIR [--company NAME] WEBHOOK",
     "Makes a new secret and prints it; the old one signs, too, for 24 hours",
     DATA_HELP COMPANY_HELP,
     cmd_webhook_rotate,
     {DATA, COMPANY, LANGUAGE},
     1,
     true},
    {"webhook enable",
     "--data DIR [--company NAME] WEBHOOK",
     "Has a disabled webhook told of what happens from now on",
     DATA_HELP COMPANY_HELP,
     cmd_webhook_enable,
     {DATA, COMPANY, LANGUAGE},
     1,
     true},
    {"webhook disable",
     "--data DIR [--company NAME] WEBHOOK",
     "Has a webhook told nothing any more; what waits for it is dropped",
     DATA_HELP COMPANY_HELP,
     cmd_webhook_disable,
     {DATA, COMPANY, LANGUAGE},
     1,
     true},
    {"webhook delete",
     "--data DIR [--company NAME] WEBHOOK",
     "Removes a webhook with its deliveries",
     DATA_HELP COMPANY_HELP,
     cmd_webhook_delete,
     {DATA, COMPANY, LANGUAGE},
     1,
     true},
    {"webhook test",
     "--data DIR [--company NAME] WEBHOOK [--json]",
     "Sends a webhook a test message and says what came of it",
     DATA_HELP COMPANY_HELP "  --json            print the delivery as JSON\n",
     cmd_webhook_test,
     {DATA, COMPANY, {"json", false}, LANGUAGE},
     1,
     true},
    {"webhook deliveries",
     "--data DIR [--company NAME] WEBHOOK [--json]",
     "Lists what was sent to a webhook, the newest first: number, time, event, state, attempts",
     DATA_HELP COMPANY_HELP "  --json            each as a line of JSON\n",
     cmd_webhook_deliveries,
     {DATA, COMPANY, {"json", false}, LANGUAGE},
     1,
     true},
    {"webhook redeliver",
     "--data DIR [--company NAME] WEBHOOK DELIVERY",
     "Sends a delivery once more",
     DATA_HELP COMPANY_HELP,
     cmd_webhook_redeliver,
     {DATA, COMPANY, LANGUAGE},
     2,
     true},
    {"import",
     "--data DIR [--company NAME] FILE [options]",
     "Imports a CSV, XLSX or JSON Lines file of customers",
     DATA_HELP COMPANY_HELP READING_HELP
     "  --header-row N    the line (row number) of the header\n  --update-only     only customers who exist; external_id is enough\n"
     "  --blank-missing   missing required columns count as blank\n  --clear-blank     a blank cell clears what is stored\n"
     "  --allow-opt-in    unsubscribed and complained may become false again\n"
     "  --lenient-email   leave another customer's e-mail out instead of failing the row\n"
     "  --repeats R       a key that comes again: in_order, first_wins or fail\n"
     "  --create-only     only customers who are new\n"
     "  --mode M          both, create_only or update_only\n"
     "  --from F          whose export the file is: aplaut (its ids become legacy_id), or anywhere\n"
     "  --taken-email T   another customer's e-mail: fail, leave_out, or adopt him if he has no external_id\n"
     "  --attributes A    custom attributes: merge or replace\n"
     "  --bad-values B    a bad e-mail, date, ...: fail the row, or leave_out the value\n"
     "  --hidden-rows H   rows that a filter hides: keep or leave_out\n"
     "  --date-order O    what 01/02/2018 is: dmy, mdy; or fail, as without it\n"
     "  --repair C=RULE[:VALUE]  accepts a repair that a dry run found for the column C; may be repeated\n"
     "  --repairs JSON    all of them: '[{\"column\":\"Tel.\",\"rule\":\"phone_8_to_7\"}]'\n"
     "  --webhooks W      what webhooks are told: none, each record, or one digest; as the company has it unless given\n"
     "  --all-or-nothing  check everything first; nothing is written when a row fails\n"
     "  --mapping JSON    what columns become: '{\"Tel.\":\"phone\",\"Note\":\"ignore\"}'\n"
     "  --go-on           yes to questions that ask whether you are sure\n"
     "  --remembered      with the settings of the last import of a file with this header\n"
     "  --refuse-duplicate  fail when the same content was imported before\n"
     "  --manual          only look at the file, and wait for 'clientele task start'\n"
     "  --dry-run         say what would happen, write nothing\n"
     "  --errors FILE     every problem as CSV: record, line, column, value, code, reason\n"
     "  --json            print one JSON object\n  --lang L          en or ru\n",
     cmd_import,
     {DATA,
      COMPANY,
      READING_OPTIONS,
      {"header-row", true},
      {"update-only", false},
      {"blank-missing", false},
      {"clear-blank", false},
      {"allow-opt-in", false},
      {"lenient-email", false},
      {"repeats", true},
      {"mode", true},
      {"from", true},
      {"create-only", false},
      {"taken-email", true},
      {"attributes", true},
      {"bad-values", true},
      {"hidden-rows", true},
      {"date-order", true},
      {"repair", true},
      {"repairs", true},
      {"webhooks", true},
      {"all-or-nothing", false},
      {"mapping", true},
      {"go-on", false},
      {"remembered", false},
      {"refuse-duplicate", false},
      {"manual", false},
      {"dry-run", false},
      {"errors", true},
      {"json", false},
      LANGUAGE},
     1,
     true},
    {"task list",
     "--data DIR [--company NAME] [--state S,...] [--json]",
     "Lists imports, the newest first",
     DATA_HELP COMPANY_HELP
     "  --state S,...     only those in these states, such as ready,completed_with_errors\n"
     "  --json            each as a line of JSON\n",
     cmd_task_list,
     {DATA, COMPANY, {"state", true}, {"json", false}, LANGUAGE},
     0,
     true},
    {"task show",
     "--data DIR [--company NAME] TASK",
     "Prints all of one import as JSON",
     DATA_HELP COMPANY_HELP,
     cmd_task_show,
     {DATA, COMPANY, LANGUAGE},
     1,
     true},
    {"task settings",
     "--data DIR [--company NAME] TASK --set NAME=VALUE... [--json]",
     "Changes settings of an import that has not begun; it is looked at again",
     DATA_HELP COMPANY_HELP
     "  --set NAME=VALUE  a setting as the API names it, such as mode=update_only; may repeat\n"
     "  --json            print the whole import as JSON\n",
     cmd_task_settings,
     {DATA, COMPANY, {"set", true}, {"json", false}, LANGUAGE},
     1,
     true},
    {"task dry-run",
     "--data DIR [--company NAME] TASK [--json]",
     "Says what an import that is ready would do, and writes nothing",
     DATA_HELP COMPANY_HELP "  --json            print the whole import as JSON\n",
     cmd_task_dry_run,
     {DATA, COMPANY, {"json", false}, LANGUAGE},
     1,
     true},
    {"task start",
     "--data DIR [--company NAME] TASK [--fingerprint F] [--json]",
     "Starts an import that is ready",
     DATA_HELP COMPANY_HELP
     "  --fingerprint F   of the dry run whose outcome it must have, else nothing is written\n"
     "  --json            print the whole import as JSON\n",
     cmd_task_start,
     {DATA, COMPANY, {"fingerprint", true}, {"json", false}, LANGUAGE},
     1,
     true},
    {"task cancel",
     "--data DIR [--company NAME] TASK",
     "Cancels an import; rows that are in stay",
     DATA_HELP COMPANY_HELP,
     cmd_task_cancel,
     {DATA, COMPANY, LANGUAGE},
     1,
     true},
    {"task undo",
     UNDO_WORDS,
     "Takes an import back: what it created and what it changed",
     UNDO_HELP,
     cmd_task_undo,
     {UNDO_OPTIONS},
     1,
     true},
    {"task revert",
     UNDO_WORDS,
     "The same as task undo",
     UNDO_HELP,
     cmd_task_undo,
     {UNDO_OPTIONS},
     1,
     true},
    {"task kept",
     "--data DIR [--company NAME] TASK [--json]",
     "Lists what an undo left as it was, and why",
     DATA_HELP COMPANY_HELP "  --json            each as a line of JSON\n",
     cmd_task_kept,
     {DATA, COMPANY, {"json", false}, LANGUAGE},
     1,
     true},
    {"task errors",
     "--data DIR [--company NAME] TASK [--warnings] [--all] [--json] [--output FILE]",
     "Says why records of an import failed: by reason, with their lines",
     DATA_HELP COMPANY_HELP
     "  --warnings        of records that came in with a warning\n"
     "  --all             every single one, as CSV\n"
     "  --json            lines of JSON\n"
     "  --output FILE     where --all goes, instead of the standard output\n",
     cmd_task_errors,
     {DATA,
      COMPANY,
      {"warnings", false},
      {"all", false},
      {"json", false},
      {"output", true},
      LANGUAGE},
     1,
     true},
    {"task failed-rows",
     "--data DIR [--company NAME] TASK [--format csv|xlsx] [--output FILE]",
     "Writes an import's failed rows, to be corrected and imported again",
     DATA_HELP COMPANY_HELP "  --format F        csv (default) or xlsx; JSON Lines stay that\n"
                            "  --output FILE     instead of the standard output\n",
     cmd_task_failed_rows,
     {DATA, COMPANY, {"format", true}, {"output", true}, LANGUAGE},
     1,
     true},
    {"task diff",
     "--data DIR [--company NAME] TASK [--output FILE]",
     "Writes what a dry run found, as CSV: record, line, external_id, action, field, old, new, repaired",
     DATA_HELP COMPANY_HELP "  --output FILE     instead of the standard output\n",
     cmd_task_diff,
     {DATA, COMPANY, {"output", true}, LANGUAGE},
     1,
     true},
    {"task missing",
     "--data DIR [--company NAME] TASK [--output FILE]",
     "Writes who was in the previous file and is not in this one, as a dry run found it",
     DATA_HELP COMPANY_HELP "  --output FILE     instead of the standard output\n",
     cmd_task_missing,
     {DATA, COMPANY, {"output", true}, LANGUAGE},
     1,
     true},
    {"task file",
     "--data DIR [--company NAME] TASK [--output FILE]",
     "Writes the imported file as it came",
     DATA_HELP COMPANY_HELP "  --output FILE     instead of the standard output\n",
     cmd_task_file,
     {DATA, COMPANY, {"output", true}, LANGUAGE},
     1,
     true},
    {"rows",
     "FILE [options]",
     "Prints every record of a file as the importer reads it, one JSON array a line",
     READING_HELP,
     cmd_rows,
     {READING_OPTIONS, LANGUAGE},
     1,
     false},
    {"export",
     "--data DIR [--company NAME] --format csv|xlsx|jsonl [--filter F] [--fields LIST] [--gzip] [--output FILE]",
     "Writes customers; importing the file again changes nothing",
     DATA_HELP COMPANY_HELP
     "  --format F        csv, xlsx or jsonl\n"
     "  --fields LIST     only these: external_id,email,custom_attributes.ltv\n"
     "  --filter F        only whom it lets through, as the API's: unsubscribed:eq:false\n"
     "  --sort S          by id unless given; created_at:desc\n"
     "  --jq PROGRAM      what makes a row of a customer, such as '[.id, .email]'; csv and xlsx\n"
     "  --gzip            pack the file\n"
     "  --output FILE     instead of the standard output\n",
     cmd_export,
     {DATA,
      COMPANY,
      {"format", true},
      {"fields", true},
      {"filter", true},
      {"sort", true},
      {"jq", true},
      {"gzip", false},
      {"output", true},
      LANGUAGE},
     0,
     true},
    {"sample",
     "--format csv|xlsx [--output FILE] [--data DIR [--company NAME]]",
     "Writes a sample file to fill in, with the company's own attributes",
     DATA_HELP COMPANY_HELP
     "  --format F        csv or xlsx\n  --output FILE     instead of the standard output\n",
     cmd_sample,
     {DATA, COMPANY, {"format", true}, {"output", true}, LANGUAGE},
     0,
     false,
     true},
    {"backup",
     "--data DIR --to FILE [--force]",
     "Writes all data into one file, also while a server runs",
     DATA_HELP
     "  --to FILE         a tar; packed when the name ends in .zst or .gz; - for a pipe\n"
     "  --force           replace a file that is there\n"
     "It holds personal data and, unless it is kept elsewhere, the sealing key: guard it.\n",
     cmd_backup,
     {DATA, {"to", true}, {"force", false}, LANGUAGE},
     0,
     true},
    {"restore",
     "--from FILE --data DIR",
     "Makes a data directory from a backup and checks it",
     "  --from FILE       what 'clientele backup' wrote; - for a pipe\n"
     "  --data DIR        empty, or not there yet\n",
     cmd_restore,
     {{"from", true}, DATA, LANGUAGE},
     0,
     false},
    {"check",
     "--data DIR",
     "Looks for damage in the data, also while a server runs",
     DATA_HELP "Databases, files of imports, and what points at what; reads everything.\n",
     cmd_check,
     {DATA, LANGUAGE},
     0,
     true},
    {"serve",
     "--data DIR [--listen ADDRESS:PORT]... [--config FILE]",
     "Serves the API until SIGTERM, then finishes what is in flight",
     DATA_HELP
     "  --listen A:P      127.0.0.1:8080 unless given; may repeat; [::1]:8080; port 0 takes a free one\n"
     "  --tls-cert FILE, --tls-key FILE\n"
     "                    a certificate with its chain and its key, PEM: --listen speaks TLS, or only --listen-tls\n"
     "                    when that is given; both are read again at SIGHUP\n"
     "  --listen-tls A:P  as --listen, with TLS; may repeat\n"
     "  --trusted-proxy A  an address or range whose X-Forwarded-For is believed; may repeat\n"
     "  --cors-origin O   web pages from https://HOST may read answers; may repeat; * is all\n"
     "  --rate-limit-token R, --rate-limit-address R\n"
     "                    requests of one token and of one address: 100/s, 600/m, 1/2s; off unless given\n"
     "  --rate-limit-failures R  wrong tokens from one address; 60/m unless given\n"
     "  --config FILE     an ini file with the same settings\n  --threads N       event loops; 1 unless given\n"
     "  --upload-limit N  of a file; 2G unless given\n"
     "  --batch-rows N    of a file that become one commit at most; 50000 unless given\n  --log-level L     debug, info, warning or error\n"
     "  --seal-key FILE   the key that seals tokens, when it is kept outside the data directory\n"
     "  --webhook-allow N webhooks may go to these networks, too: yes (loopback and private ones), or 10.1.0.0/16,...\n"
     "  --webhook-ca FILE certificates that webhooks trust, instead of the system's\n"
     "  --inbox DIR       files that come into DIR/COMPANY/ are imported, and moved to done/ or failed/ there\n"
     "  --keep-files-days N, --keep-trail-days N, --keep-audit-days N\n"
     "                    how long imported files, what their undo needs, and their tasks are kept; 7, 30, 1096\n"
     "  --keep-parts-hours N  how long an upload may pause before it is forgotten; 24\n"
     "  --keep-exports-hours N  how long an export's file is kept; 24\n"
     "  --public-url URL  how clients reach this server, for links; as they asked unless given\n"
     "  --errors F        vendor, or jsonapi: errors are JSON:API's array for all clients, not only for who asks\n"
     "  --token-max-days N  how long a new token lasts at most; 730\n"
     "  --commit-each     one commit per request, for measuring\n"
     "Each setting can also come from the variable CLIENTELE_NAME, lists with spaces or commas between; options win\n"
     "over variables, variables over the file.\n",
     cmd_serve,
     {DATA,
      {"listen", true},
      {"tls-cert", true},
      {"tls-key", true},
      {"listen-tls", true},
      {"trusted-proxy", true},
      {"cors-origin", true},
      {"rate-limit-token", true},
      {"rate-limit-address", true},
      {"rate-limit-failures", true},
      {"config", true},
      {"threads", true},
      {"upload-limit", true},
      {"batch-rows", true},
      {"log-level", true},
      {"seal-key", true},
      {"inbox", true},
      {"webhook-allow", true},
      {"webhook-ca", true},
      {"keep-files-days", true},
      {"keep-trail-days", true},
      {"keep-audit-days", true},
      {"keep-parts-hours", true},
      {"keep-exports-hours", true},
      {"public-url", true},
      {"errors", true},
      {"token-max-days", true},
      {"commit-each", false},
      LANGUAGE},
     0,
     false},
};

static size_t words_of(const char *name)
{
    size_t n = 1;
    for (; *name; name++)
        n += *name == ' ';
    return n;
}

const struct cli_command *cli_find(int argc, char **argv, int *ret_words)
{
    for (size_t i = 0; i < COUNT(commands); i++) {
        size_t words = words_of(commands[i].name);
        str rest = str_of(commands[i].name);
        bool same = (size_t)argc >= words;
        for (size_t w = 0; w < words && same; w++)
            same = str_eq(str_split(&rest, ' '), str_of(argv[w]));
        if (same) {
            *ret_words = (int)words;
            return &commands[i];
        }
    }
    return NULL;
}

static void print_commands(struct cli *c)
{
    cli_print(c, "clientele " CLIENTELE_VERSION ": a registry of a company's customers\n\n");
    for (size_t i = 0; i < COUNT(commands); i++)
        cli_print(c, "  %-20s %s\n", commands[i].name, commands[i].summary);
    cli_print(c, "\nclientele COMMAND --help says more.\n");
}

static enum language language_of(int argc, char **argv)
{
    static const char *const variables[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], "--lang") == 0)
            return wording_language_of(str_of(argv[i + 1]), LANGUAGE_EN);
    for (size_t i = 0; i < COUNT(variables); i++) {
        const char *value = getenv(variables[i]);
        if (value && value[0])
            return wording_language_of(str_of(value), LANGUAGE_EN);
    }
    return LANGUAGE_EN;
}

static const char *data_of(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--data") == 0 && i + 1 < argc)
            return argv[i + 1];
        if (strncmp(argv[i], "--data=", 7) == 0)
            return argv[i] + 7;
    }
    return getenv("CLIENTELE_DATA");
}

static bool wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0)
            return true;
    return false;
}

static volatile sig_atomic_t interrupted;

static void note_signal(int number)
{
    interrupted = 1;
    (void)signal(number, SIG_DFL); // the second time it ends the program at once
}

static bool person_left(void *context)
{
    (void)context;
    return interrupted;
}

/* Opens the store here, or hands the command to the process that has it open. */
static int run_on_store(struct cli *c, const struct cli_command *command, int words, int argc,
                        char **argv)
{
    const char *data = data_of(argc, argv);
    struct store_config config = {
        .data_dir = data, .seal_key_file = cli_seal_key(), .token_max_days = cli_token_max_days()};
    struct store *store;
    struct err err = {0};
    int code;
    if (!data)
        return cli_fail(c, EXIT_USAGE, "--data DIR is needed; see 'clientele %s --help'",
                        command->name);
    if (store_open(&config, &store, &err)) {
        // A command's own messages go where the server's may.
        const char *allow = getenv("CLIENTELE_WEBHOOK_ALLOW");
        struct webhook_networks networks = {.count = 0};
        bool read = !allow || webhook_networks_parse(str_of(allow), &networks, &err);
        const struct jobs_config jobs = {.store = store,
                                         .data_dir = data,
                                         .once = true,
                                         .webhook_allow = &networks,
                                         .webhook_ca = getenv("CLIENTELE_WEBHOOK_CA")};
        log_level_set(LOG_WARNING); // the command itself says what came of it
        code = read && jobs_start(&jobs, &c->jobs, &err) ? EXIT_OK : cli_fail_err(c, &err);
        c->store = store;
        c->gone = person_left;
        (void)signal(SIGINT, note_signal);
        (void)signal(SIGTERM, note_signal);
        if (code == EXIT_OK)
            code = cli_run(c, command, argc - words + 1, argv + words - 1);
        jobs_stop(c->jobs);
        store_free(store);
        return code;
    }
    if (err.code != ERR_BUSY)
        return cli_fail_err(c, &err);
    return remote_run(c, data, argc, argv, &code, &err) ? code : cli_fail_err(c, &err);
}

int main(int argc, char **argv)
{
    struct cli c = {.in = STDIN_FILENO,
                    .out = STDOUT_FILENO,
                    .err = STDERR_FILENO,
                    .language = language_of(argc, argv)};
    int words = 0;
    (void)signal(SIGPIPE, SIG_IGN);
    if (argc == 2 && strcmp(argv[1], PROGRAM_CHILD) == 0)
        return program_child();
    c.cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    argc--;
    argv++;
    if (argc == 0 || strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "help") == 0) {
        print_commands(&c);
        return argc ? EXIT_OK : EXIT_USAGE;
    }
    if (strcmp(argv[0], "--version") == 0) {
        cli_print(&c, "clientele " CLIENTELE_VERSION "\n");
        return EXIT_OK;
    }
    const struct cli_command *command = cli_find(argc, argv, &words);
    if (!command)
        return cli_fail(
            &c, EXIT_USAGE, "there is no command '%s%s%s'; 'clientele --help' lists them", argv[0],
            argc > 1 && argv[1][0] != '-' ? " " : "", argc > 1 && argv[1][0] != '-' ? argv[1] : "");
    const char *data = data_of(argc, argv);
    bool store = command->needs_store || (command->may_use_store && data && data[0]);
    if (store && !wants_help(argc, argv))
        return run_on_store(&c, command, words, argc, argv);
    return cli_run(&c, command, argc - words + 1, argv + words - 1);
}
