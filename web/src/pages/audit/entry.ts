// An entry of the audit log, and what it says to people.
import { date } from "../../lib/format.ts";
import { href } from "../../lib/router.svelte.ts";
import type { Role } from "../../lib/session.svelte.ts";
import { audit as t } from "../../messages/audit.ts";
import { common } from "../../messages/common.ts";

export interface Entry {
    at: string;
    action: string;
    who: { kind: string; id: string | null; name: string | null };
    address: string | null;
    subject: { type: string; id: string; name: string | null } | null;
    details: Record<string, unknown>;
}

export function whoOf(entry: Entry): string {
    const { kind, id, name } = entry.who;
    if (kind === "user") return name ?? `№ ${id ?? "?"}`;
    const word = t.kind[kind] ?? kind;
    return name ? `${word} ${name}` : id ? `${word} № ${id}` : word;
}

/** Where the subject is shown; undefined: nowhere. */
export function subjectLink(entry: Entry): string | undefined {
    const { type, id } = entry.subject ?? {};
    if (!id || entry.action.endsWith(".deleted") || entry.action === "consumer.erased") return undefined;
    switch (type) {
        case "consumers":
            return href(`/consumers/${encodeURIComponent(id)}`);
        case "import_tasks":
            return href(`/imports/${id}`);
        case "webhooks":
            return href(`/settings/webhooks/${id}`);
        case "tokens":
            return href("/developers/tokens");
        case "users":
            return href("/settings/users");
        default:
            return undefined;
    }
}

/** What the subject is called; "" when the action says it all. */
export function subjectName(entry: Entry): string {
    const subject = entry.subject;
    if (!subject || subject.type === "companies") return "";
    // Who did it to himself is named once.
    if (subject.type === "users" && subject.id === entry.who.id && entry.who.kind === "user") return "";
    return subject.name ?? `№ ${subject.id}`;
}

function shown(name: string, value: unknown): string {
    if (value === null || value === undefined || value === "") return t.nothingSet;
    if (name === "role") return common.roles[value as Role] ?? String(value);
    if (typeof value === "object")
        return Object.keys(value).length ? JSON.stringify(value).slice(0, 300) : t.nothingSet;
    return String(value);
}

/** What else is known, a line each. */
export function detailsOf(entry: Entry): string[] {
    const lines: string[] = [];
    for (const [name, value] of Object.entries(entry.details ?? {})) {
        if (value === null || value === undefined) continue;
        if (name === "times") lines.push(t.times(Number(value)));
        else if (name === "fields" && Array.isArray(value)) lines.push(t.fields(value.join(", ")));
        else if (name === "expires_at") lines.push(`→ ${date(String(value))}`);
        else if (Array.isArray(value)) lines.push(value.join(", "));
        else if (typeof value === "object" && ("old" in value || "new" in value)) {
            const { old: before, new: after } = value as { old?: unknown; new?: unknown };
            lines.push(t.change(t.setting[name] ?? name, shown(name, before), shown(name, after)));
        } else lines.push(`${t.setting[name] ?? name}: ${shown(name, value)}`);
    }
    return lines;
}
