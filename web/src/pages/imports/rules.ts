// The rules of an import: their names, in the order in which they are shown, and what each is unless said otherwise.
import type { Task } from "./types.ts";

export const RESET = {
    mode: "both",
    clear_blank: "false",
    repeats: "in_order",
    taken_email: "fail",
    bad_values: "fail",
    attributes: "merge",
    blank_missing: "false",
    allow_opt_in: "false",
    hidden_rows: "keep",
    date_order: "fail",
    all_or_nothing: "false",
    webhooks: "default",
};
export type RuleName = keyof typeof RESET;

export function ruleOf(task: Task, name: RuleName): string {
    const said = task.attributes.settings[name];
    return said === undefined || said === null ? RESET[name] : String(said);
}
