// A value on its way from what is typed to what is sent.
import { zone } from "../../lib/zone.svelte.ts";
import { words } from "../../messages/consumers.ts";
import { ExactNumber, isObject, readJson, writeJson, type Json } from "./exact.ts";
import { fieldInfo, type Kind } from "./fields.ts";
import { fromInputs, toInputs } from "./moment.ts";

export type Type = "text" | "number" | "boolean" | "json" | "date";

/** What is typed for a field; plain data, for it is kept as a draft. */
export interface Edit {
    field: string;
    type: Type;
    text: string;
    /** A date's time of day. */
    time: string;
    /** It is to be cleared, or an attribute to be taken away. */
    gone: boolean;
}

export type Outcome = { ok: true; value: Json | undefined } | { ok: false; error: string };

function typeFor(kind: Kind, value: Json | undefined): Type {
    if (kind === "date") return "date";
    if (kind === "boolean" || typeof value === "boolean") return "boolean";
    if (typeof value === "number" || value instanceof ExactNumber) return "number";
    return Array.isArray(value) || isObject(value) ? "json" : "text";
}

/** An edit that begins with what is there, and keeps its type. */
export function beginEdit(field: string, value: Json | undefined): Edit {
    const type = typeFor(fieldInfo(field).kind, value);
    const edit: Edit = { field, type, text: "", time: "", gone: false };
    if (type === "date") {
        const inputs = toInputs(typeof value === "string" ? value : "", zone());
        edit.text = inputs.date;
        edit.time = inputs.time;
    } else if (type === "boolean") edit.text = value === true ? "true" : "false";
    else if (type === "json" && value !== undefined) edit.text = writeJson(value, 2);
    else if (value instanceof ExactNumber) edit.text = value.text;
    else if (value !== undefined) edit.text = String(value);
    return edit;
}

/** The value that is meant.  `before`: what is there, for a date that was not touched keeps its fractions. */
export function valueOfEdit(edit: Edit, before?: Json): Outcome {
    const plain = fieldInfo(edit.field).kind !== "attribute";
    const text = edit.text.trim();
    if (edit.gone) return { ok: true, value: undefined };
    switch (edit.type) {
        case "boolean":
            return { ok: true, value: text === "true" };
        case "number": {
            const number = text.replace(/[\s\u00a0\u202f]/g, "").replace(",", ".");
            if (!/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(number))
                return { ok: false, error: words.notNumber };
            return { ok: true, value: readJson(number) };
        }
        case "json":
            try {
                return { ok: true, value: readJson(text) };
            } catch {
                return { ok: false, error: words.notJson };
            }
        case "date": {
            const was = typeof before === "string" ? toInputs(before, zone()) : null;
            if (was && was.date === text && was.time === (edit.time || "00:00:00"))
                return { ok: true, value: before };
            const at = fromInputs(text, edit.time, zone());
            return at ? { ok: true, value: at } : { ok: false, error: words.notDate };
        }
        default:
            // An attribute may be an empty text; a field of the customer's own is then cleared.
            return { ok: true, value: plain && !text ? undefined : plain ? text : edit.text };
    }
}
