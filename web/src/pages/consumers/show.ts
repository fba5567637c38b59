// Values of customers as people read them.
import { exact, number, when } from "../../lib/format.ts";
import { zone } from "../../lib/zone.svelte.ts";
import { words } from "../../messages/consumers.ts";
import { ExactNumber, isObject, writeJson, type Json } from "./exact.ts";
import { fieldInfo } from "./fields.ts";
import { keyOf, readFilter, type Condition } from "./filter.ts";

/** The name of a field for people: "E-mail"; an attribute's is its key. */
export function fieldLabel(field: string): string {
    return keyOf(field) ?? words.fields[field] ?? field;
}

/** A value in a line. */
export function valueText(field: string, value: Json | undefined): string {
    if (value === undefined || value === null) return "";
    if (typeof value === "boolean") return value ? words.yes : words.no;
    if (typeof value === "string")
        return fieldInfo(field).kind === "date" && isDate(value) ? when(value) : value;
    if (typeof value === "number") return String(value);
    return writeJson(value);
}

function isDate(text: string): boolean {
    return !Number.isNaN(Date.parse(text));
}

/** To the second and with the zone, for what a date is cut to. */
export function valueTitle(field: string, value: Json | undefined): string | undefined {
    return typeof value === "string" && fieldInfo(field).kind === "date" && isDate(value)
        ? exact(value)
        : undefined;
}

/** What a value is, in a word; of a text nothing needs to be said. */
export function typeName(value: Json): keyof typeof words.typeOf {
    if (typeof value === "boolean") return "boolean";
    if (typeof value === "number" || value instanceof ExactNumber) return "number";
    if (Array.isArray(value)) return "array";
    return isObject(value) ? "object" : "text";
}

function momentText(text: string): string {
    return isDate(text) ? exactShort(text) : text;
}

/** 25 сент. 2026 г., 14:03 in the company's zone, without seconds that are none. */
function exactShort(text: string): string {
    const at = new Date(text);
    const options: Intl.DateTimeFormatOptions = {
        day: "numeric",
        month: "short",
        year: "numeric",
        timeZone: zone(),
    };
    const local = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", timeZone: zone() }).format(at);
    if (local !== "00:00:00") options.hour = options.minute = "2-digit";
    if (!local.endsWith(":00")) options.second = "2-digit";
    return new Intl.DateTimeFormat(words.yes === "да" ? "ru-RU" : "en-GB", options).format(at);
}

/** A condition as a chip says it: "ltv ≥ 1000". */
export function conditionText(condition: Condition): string {
    const label = fieldLabel(condition.field);
    const kind = fieldInfo(condition.field).kind;
    if (condition.operator === "exists")
        return `${label}: ${condition.values[0] === "false" ? words.isNotThere : words.isThere}`;
    const values = condition.values.map((value) =>
        kind === "date"
            ? momentText(value)
            : kind === "boolean"
              ? value === "true"
                  ? words.yes
                  : value === "false"
                    ? words.no
                    : value
              : value === ""
                ? words.emptyText
                : value,
    );
    const signs = kind === "date" ? words.dateSigns : words.signs;
    if (kind === "boolean" && condition.operator === "eq") return `${label}: ${values.join(words.or)}`;
    const shown =
        values.length > 4
            ? `${values.slice(0, 3).join(words.or)} … (${number(values.length)})`
            : values.join(words.or);
    return `${label} ${signs[condition.operator]} ${shown}`;
}

/** All of a filter in a line. */
export function filterText(filter: string): string {
    return readFilter(filter)
        .map((one) => (one ? conditionText(one) : "?"))
        .join("; ");
}
