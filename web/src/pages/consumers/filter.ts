// The language of ?filter= and of lists of fields, as docs/lists.md has it: read and written without losing a sign.

export type Operator = "eq" | "neq" | "gt" | "gte" | "lt" | "lte" | "in" | "exists";

export interface Condition {
    /** "email", or "custom_attributes.KEY" with the key as it is. */
    field: string;
    operator: Operator;
    /** One, but with `in`. */
    values: string[];
}

export const ATTRIBUTE = "custom_attributes.";
const OPERATORS: readonly string[] = ["eq", "neq", "gt", "gte", "lt", "lte", "in", "exists"];

function escaped(text: string, signs: RegExp): string {
    return text.replace(signs, "\\$&");
}

function unescaped(text: string): string {
    return text.replace(/\\([,|:\\])/g, "$1");
}

/** Splits where the sign stands without a backslash before it; at most `most` parts. */
function split(text: string, sign: string, most = Infinity): string[] {
    const parts: string[] = [];
    let start = 0;
    for (let i = 0; i < text.length && parts.length < most - 1; i++) {
        if (text[i] === "\\") i++;
        else if (text[i] === sign) {
            parts.push(text.slice(start, i));
            start = i + 1;
        }
    }
    parts.push(text.slice(start));
    return parts;
}

/** The conditions of a filter; what cannot be read is null, and the server will say what is wrong with it. */
export function readFilter(text: string): (Condition | null)[] {
    if (!text) return [];
    return split(text, ",").map((part) => {
        const [field, operator, value] = split(part, ":", 3);
        if (!field || !operator || value === undefined || !OPERATORS.includes(operator)) return null;
        return {
            field: unescaped(field),
            operator: operator as Operator,
            values: operator === "in" ? split(value, "|").map(unescaped) : [unescaped(value)],
        };
    });
}

export function writeCondition(condition: Condition): string {
    const values = condition.values.map((value) => escaped(value, /[,|\\]/g)).join("|");
    return `${escaped(condition.field, /[,|:\\]/g)}:${condition.operator}:${values}`;
}

/** A filter with one part put in place of another (at: its number; the end: a new one) or taken out (null). */
export function withCondition(filter: string, at: number, condition: Condition | null): string {
    const parts = filter ? split(filter, ",") : [];
    if (condition) parts[at] = writeCondition(condition);
    else parts.splice(at, 1);
    return parts.join(",");
}

/** "email,custom_attributes.ltv" */
export function readFields(text: string): string[] {
    return split(text, ",").map(unescaped).filter(Boolean);
}

export function writeFields(fields: readonly string[]): string {
    return fields.map((field) => escaped(field, /[,\\]/g)).join(",");
}

/** The key of a field of custom attributes; null for the others. */
export function keyOf(field: string): string | null {
    return field.startsWith(ATTRIBUTE) ? field.slice(ATTRIBUTE.length) : null;
}
