// Words about a file and its columns that several pages use.
import { get, company, type Result } from "../../lib/api.ts";
import { href } from "../../lib/router.svelte.ts";
import { check as t } from "../../messages/check.ts";
import { result } from "../../messages/result.ts";
import { PLACE, type Analysis, type ErrorGroup, type ImportColumn, type Settings } from "./types.ts";

/** "CSV, разделитель — точка с запятой, кодировка windows-1251, 12 колонок". */
export function readAs(a: Analysis): string {
    const columns = a.columns?.length ?? 0;
    switch (a.format) {
        case "xlsx":
            return t.read.xlsx(a.sheet ?? "", columns);
        case "jsonl":
            return t.read.jsonl;
        default:
            return t.read.csv(delimiterName(a.delimiter ?? ""), a.encoding ?? "", columns);
    }
}

export function delimiterName(delimiter: string): string {
    return t.delimiters[delimiter] ?? `«${delimiter}»`;
}

/** "custom_attributes.ltv" as people read it. */
export function fieldName(field: string): string {
    const attribute = field.startsWith("custom_attributes.")
        ? field.slice("custom_attributes.".length)
        : null;
    return attribute === null ? (t.targets[field] ?? field) : attribute;
}

/** The name of a column for people; i from 0. */
export function columnName(column: ImportColumn, i: number): string {
    return column.header || t.nameless(i + 1);
}

/** By what the settings name the column: its header, or its number where that names no single one. */
export function columnKey(columns: readonly ImportColumn[], i: number): string {
    const header = columns[i]!.header;
    const alone = header && columns.filter((one) => one.header === header).length === 1;
    return alone && !/^#\d+$/.test(header) ? header : `#${i + 1}`;
}

/** What the settings say of it, or what was understood: a target as a mapping has it. */
export function targetOf(column: ImportColumn): string {
    if (column.becomes === null) return "ignore";
    return column.becomes === "custom_attributes"
        ? `custom_attributes.${column.attribute ?? column.header}`
        : column.becomes;
}

/** What an error or a kept value is about; "": a whole row, or a whole customer. */
export function fieldOfError(about: { field: string; key?: string | null }): string {
    if (about.key) return about.key;
    return about.field === "custom_attributes" ? t.attributeGroup : about.field ? fieldName(about.field) : "";
}

/** «E-mail уже принадлежит другому клиенту»: a group of errors in words. */
export function nameOf(g: ErrorGroup): string {
    const field = fieldOfError(g);
    const where = field || (g.column ? result.inColumn(g.column) : "");
    const text = where ? `${where}: ${g.detail}` : g.detail;
    return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A value of JSON as a person reads it. */
export function shownValue(value: unknown): string {
    if (value === null || value === undefined || value === "") return "—";
    return typeof value === "string" ? value : JSON.stringify(value);
}

/** The way to a page of an import. */
export function pathTo(): { label: string; href?: string }[] {
    return [
        { label: t.placePath[0]!, href: href("/settings") },
        { label: t.placePath[1]! },
        { label: t.place, href: href(PLACE) },
    ];
}

export type Put = (settings: Settings) => Promise<void>;

/** A page of one of the task's lists. */
export function page<T>(
    id: string,
    list: string,
    query: Record<string, string | number | boolean | null | undefined>,
    signal?: AbortSignal,
): Promise<Result<{ data: T[]; links: { next: string | null }; meta?: Record<string, unknown> }>> {
    return get(company(`import_tasks/${id}/${list}`), query, signal ? { signal } : {});
}
