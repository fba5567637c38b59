// What a customer has, and what may be asked of each: docs/lists.md.
import type { Operator } from "./filter.ts";
import { keyOf } from "./filter.ts";

export type Kind = "text" | "email" | "phone" | "date" | "boolean" | "id" | "attribute" | "url";

export interface FieldInfo {
    name: string;
    kind: Kind;
    /** Lists can be ordered by it. */
    sorts?: true;
    /** Lists can be filtered by it. */
    filters?: true;
    /** Nobody sets it by hand. */
    given?: true;
}

export const FIELDS: readonly FieldInfo[] = [
    { name: "name", kind: "text", sorts: true, filters: true },
    { name: "first_name", kind: "text", sorts: true, filters: true },
    { name: "email", kind: "email", sorts: true, filters: true },
    { name: "phone", kind: "phone", sorts: true, filters: true },
    { name: "external_id", kind: "text", sorts: true, filters: true },
    { name: "legacy_id", kind: "text", sorts: true, filters: true },
    { name: "created_at", kind: "date", sorts: true, filters: true },
    { name: "updated_at", kind: "date", sorts: true, filters: true, given: true },
    { name: "unsubscribed", kind: "boolean", filters: true },
    { name: "complained", kind: "boolean", filters: true },
    { name: "permanent_failed", kind: "boolean", filters: true, given: true },
    { name: "avatar_url", kind: "url" },
    { name: "id", kind: "id", sorts: true, filters: true, given: true },
];

export function fieldInfo(field: string): FieldInfo {
    const found = FIELDS.find((one) => one.name === field);
    return found ?? { name: field, kind: keyOf(field) === null ? "text" : "attribute", filters: true };
}

/** What may be asked of a kind, the most usual first. */
export function operatorsOf(kind: Kind): readonly Operator[] {
    switch (kind) {
        case "boolean":
            return ["eq", "neq"];
        case "date":
            return ["gte", "lt", "gt", "lte", "eq", "neq", "in", "exists"];
        case "attribute":
            return ["eq", "neq", "in", "gte", "lte", "gt", "lt", "exists"];
        default:
            return ["eq", "neq", "in", "exists", "gte", "lte", "gt", "lt"];
    }
}
