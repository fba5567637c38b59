// JSON that loses nothing: a number that JavaScript would round stays as it was written, and a member may have any name.

/** A number as its text, for one that a JavaScript number would change: 12345678901234567890, 1.10. */
export class ExactNumber {
    constructor(readonly text: string) {}
}

export type Json = null | boolean | number | ExactNumber | string | Json[] | JsonObject;
export interface JsonObject {
    [name: string]: Json;
}

export function isObject(value: Json | undefined): value is JsonObject {
    return (
        typeof value === "object" &&
        value !== null &&
        !Array.isArray(value) &&
        !(value instanceof ExactNumber)
    );
}

const NUMBER = /-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const DEPTH = 200;

class Reader {
    #at = 0;
    constructor(readonly text: string) {}

    all(): Json {
        const value = this.#value(0);
        this.#space();
        if (this.#at < this.text.length) this.#fail();
        return value;
    }
    #fail(): never {
        throw new SyntaxError(`JSON: ${this.#at}`);
    }
    #space(): void {
        while (" \t\r\n".includes(this.text[this.#at] ?? "x")) this.#at++;
    }
    #take(sign: string): boolean {
        this.#space();
        if (this.text[this.#at] !== sign) return false;
        this.#at++;
        return true;
    }
    #match(pattern: RegExp): string {
        pattern.lastIndex = this.#at;
        const found = pattern.exec(this.text);
        if (!found) this.#fail();
        this.#at += found[0].length;
        return found[0];
    }
    #value(depth: number): Json {
        this.#space();
        if (depth > DEPTH) this.#fail();
        const sign = this.text[this.#at];
        if (sign === '"') return JSON.parse(this.#match(STRING)) as string;
        if (sign === "{") return this.#object(depth);
        if (sign === "[") return this.#array(depth);
        for (const [word, value] of [
            ["true", true],
            ["false", false],
            ["null", null],
        ] as const)
            if (this.text.startsWith(word, this.#at)) {
                this.#at += word.length;
                return value;
            }
        const text = this.#match(NUMBER);
        return String(Number(text)) === text ? Number(text) : new ExactNumber(text);
    }
    #object(depth: number): JsonObject {
        // Without a prototype "__proto__" is a name like any other.
        const object = Object.create(null) as JsonObject;
        this.#at++;
        if (this.#take("}")) return object;
        do {
            this.#space();
            const name = JSON.parse(this.#match(STRING)) as string;
            if (!this.#take(":")) this.#fail();
            object[name] = this.#value(depth + 1);
        } while (this.#take(","));
        if (!this.#take("}")) this.#fail();
        return object;
    }
    #array(depth: number): Json[] {
        const array: Json[] = [];
        this.#at++;
        if (this.#take("]")) return array;
        do array.push(this.#value(depth + 1));
        while (this.#take(","));
        if (!this.#take("]")) this.#fail();
        return array;
    }
}

/** Throws a SyntaxError on what is no JSON. */
export function readJson(text: string): Json {
    return new Reader(text).all();
}

/** indent: how many spaces a level has; without it all stands in one line. */
export function writeJson(value: Json, indent = 0, margin = ""): string {
    if (value instanceof ExactNumber) return value.text;
    if (typeof value !== "object" || value === null) return JSON.stringify(value);
    const inner = indent ? `\n${margin}${" ".repeat(indent)}` : "";
    const outer = indent ? `\n${margin}` : "";
    const deeper = margin + " ".repeat(indent);
    if (Array.isArray(value))
        return value.length
            ? `[${value.map((one) => inner + writeJson(one, indent, deeper)).join(",")}${outer}]`
            : "[]";
    const members = Object.entries(value).map(
        ([name, one]) =>
            `${inner}${JSON.stringify(name)}:${indent ? " " : ""}${writeJson(one, indent, deeper)}`,
    );
    return members.length ? `{${members.join(",")}${outer}}` : "{}";
}

export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
    return a === b || (a !== undefined && b !== undefined && writeJson(a) === writeJson(b));
}
