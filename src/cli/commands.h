/* commands: every subcommand's function, for the table in main.c.  Each returns an exit code of
 * cli.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/cli.h"

/* Named after the words that call them: */
int cmd_init(struct cli *c);
int cmd_company_create(struct cli *c);
int cmd_company_list(struct cli *c);
int cmd_company_rename(struct cli *c);
int cmd_company_set(struct cli *c);
int cmd_company_delete(struct cli *c);
int cmd_user_create(struct cli *c);
int cmd_user_list(struct cli *c);
int cmd_user_role(struct cli *c);
int cmd_user_disable(struct cli *c);
int cmd_user_enable(struct cli *c);
int cmd_user_reset_password(struct cli *c);
int cmd_token_create(struct cli *c);
int cmd_token_list(struct cli *c);
int cmd_token_show(struct cli *c);
int cmd_token_revoke(struct cli *c);
int cmd_webhook_create(struct cli *c);
int cmd_webhook_list(struct cli *c);
int cmd_webhook_set(struct cli *c);
int cmd_webhook_rotate(struct cli *c);
int cmd_webhook_enable(struct cli *c);
int cmd_webhook_disable(struct cli *c);
int cmd_webhook_delete(struct cli *c);
int cmd_webhook_test(struct cli *c);
int cmd_webhook_deliveries(struct cli *c);
int cmd_webhook_redeliver(struct cli *c);
int cmd_import(struct cli *c);
int cmd_task_list(struct cli *c);
int cmd_task_show(struct cli *c);
int cmd_task_settings(struct cli *c);
int cmd_task_dry_run(struct cli *c);
int cmd_task_start(struct cli *c);
int cmd_task_cancel(struct cli *c);
int cmd_task_undo(struct cli *c);
int cmd_task_kept(struct cli *c);
int cmd_task_errors(struct cli *c);
int cmd_task_failed_rows(struct cli *c);
int cmd_task_diff(struct cli *c);
int cmd_task_missing(struct cli *c);
int cmd_task_file(struct cli *c);
int cmd_rows(struct cli *c);
int cmd_export(struct cli *c);
int cmd_sample(struct cli *c);
int cmd_backup(struct cli *c);
int cmd_restore(struct cli *c);
int cmd_check(struct cli *c);
int cmd_serve(struct cli *c);

/* Prints what an analysis (its JSON) found, with the options that accept the repairs. */
void cli_show_findings(struct cli *c, str analysis);

#endif
