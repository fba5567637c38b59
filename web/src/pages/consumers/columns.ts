// The columns of the list: those of the address, else those chosen here last, else the usual ones.
import { session } from "../../lib/session.svelte.ts";
import type { GridColumn } from "./grid.svelte";
import { fieldInfo } from "./fields.ts";
import { readFields, writeFields } from "./filter.ts";
import { fieldLabel } from "./show.ts";
import { words } from "../../messages/consumers.ts";

export const USUAL: readonly string[] = ["email", "phone", "external_id", "created_at", "unsubscribed"];
const MOST = 30;

const key = () => `consumers.columns:${session.companyId}`;

export function chosenColumns(address: string | null): string[] {
    let text = address;
    try {
        text ??= localStorage.getItem(key());
    } catch {
        // Nothing was kept.
    }
    return text === null
        ? [...USUAL]
        : [...new Set(readFields(text))].filter((field) => field !== "name").slice(0, MOST);
}

/** Remembers them, and gives what the address says of them. */
export function rememberColumns(fields: readonly string[] | null): string {
    const text = fields && writeFields(fields);
    try {
        if (text === null) localStorage.removeItem(key());
        else localStorage.setItem(key(), text);
    } catch {
        // The address says it.
    }
    return text ?? "";
}

const PX: Record<string, number> = {
    email: 220,
    phone: 140,
    external_id: 130,
    created_at: 180,
    updated_at: 180,
    unsubscribed: 100,
    complained: 180,
    permanent_failed: 190,
    avatar_url: 200,
    id: 220,
};

/** The first column says who it is, and is in the order of the name. */
export function gridColumns(fields: readonly string[]): GridColumn[] {
    return [
        { field: "name", label: words.who, px: 220, sorts: true },
        ...fields.map((field) => ({
            field,
            label: fieldLabel(field),
            px: PX[field] ?? 140,
            sorts: fieldInfo(field).sorts === true,
        })),
    ];
}
