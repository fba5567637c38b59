// Where a customer and his values come from.
import { href } from "../../lib/router.svelte.ts";
import { words } from "../../messages/consumers.ts";
import type { Json } from "./exact.ts";
import { ATTRIBUTE } from "./filter.ts";

export interface By {
    kind: "token" | "import" | "user" | "command_line" | "inbox" | "unknown";
    id: string | null;
    /** Of an import its file's, of a user the e-mail; null: no longer known. */
    name: string | null;
    record?: number | null;
    line?: number | null;
}
export interface Change {
    at: string;
    by: By;
    values: { field: string; key: string | null; old: Json; new: Json }[];
}
export interface Origins {
    created: { at: string; by: By };
    values: { field: string; key: string | null; at: string; by: By; former?: Json }[];
    changes: Change[];
    kept_since: string | null;
}

export function fieldName(one: { field: string; key?: string | null }): string {
    return one.key === null || one.key === undefined ? one.field : ATTRIBUTE + one.key;
}

/** Who it was, in words, and where more about it stands. */
export function byText(by: By): { text: string; href?: string } {
    switch (by.kind) {
        case "token":
            return { text: by.name === null ? words.origin.tokenGone : words.origin.token(by.name) };
        case "import": {
            const text = by.name === null ? words.origin.import : words.origin.importNamed(by.name);
            return by.id === null ? { text } : { text, href: href(`/imports/${by.id}`) };
        }
        case "user":
            return { text: by.name ?? words.origin.userGone };
        case "command_line":
        case "inbox":
            return { text: words.origin[by.kind] };
        default:
            return { text: words.origin.unknown };
    }
}
