// One customer as the server tells of him, and the requests about him.
import { ATTRIBUTE, keyOf } from "./filter.ts";
import { isObject, readJson, writeJson, type Json, type JsonObject } from "./exact.ts";
import { company, get, request, type ApiError, type Query, type Result } from "../../lib/api.ts";

export interface Customer {
    id: string;
    attributes: JsonObject;
}
export interface Versioned extends Customer {
    /** For If-Match. */
    etag: string;
    /** What the server left out of a change, and why. */
    warnings: string[];
}

/** What he has in a field, also in one of custom attributes; undefined: nothing. */
export function valueOf(customer: Customer, field: string): Json | undefined {
    const key = keyOf(field);
    const value = key === null ? customer.attributes[field] : customAttributes(customer)[key];
    return value === null ? undefined : value;
}

export function customAttributes(customer: Customer): JsonObject {
    const custom = customer.attributes["custom_attributes"];
    return isObject(custom) ? custom : {};
}

/** Who it is, in a word. */
export function nameOf(customer: Customer): string {
    for (const field of ["name", "first_name", "email", "phone", "external_id"]) {
        const value = customer.attributes[field];
        if (typeof value === "string" && value) return value;
    }
    return customer.id;
}

/** Numbers in documents about customers are read exactly. */
export async function getExact<T>(path: string, query?: Query, signal?: AbortSignal): Promise<Result<T>> {
    return exactly(await get<string>(path, query, { text: true, ...(signal && { signal }) }));
}

function exactly<T>(result: Result<string>): Result<T> {
    if (!result.ok) return result;
    return { ...result, value: (result.value ? readJson(result.value) : undefined) as T };
}

interface Answer {
    data: Customer;
    meta?: { warnings?: { code: string; detail: string; field: string }[] };
}

function versioned(result: Result<string>): Result<Versioned> {
    const exact = exactly<Answer>(result);
    if (!exact.ok) return exact;
    const { data, meta } = exact.value;
    return {
        ...exact,
        value: {
            id: data.id,
            attributes: data.attributes,
            etag: exact.headers.get("ETag") ?? "",
            warnings: (meta?.warnings ?? []).map((one) => `${one.field}: ${one.detail}`),
        },
    };
}

export async function read(id: string, signal?: AbortSignal): Promise<Result<Versioned>> {
    return versioned(
        await get<string>(company(`consumers/${encodeURIComponent(id)}`), undefined, {
            text: true,
            ...(signal && { signal }),
        }),
    );
}

function documentOf(attributes: JsonObject, id?: string): string {
    return writeJson({ data: { type: "consumers", ...(id !== undefined && { id }), attributes } });
}

/** Changes what is named and nothing else, and only while he is as `etag` says: else 412. */
export async function change(id: string, etag: string, attributes: JsonObject): Promise<Result<Versioned>> {
    const path = company(`consumers/${encodeURIComponent(id)}`);
    return versioned(
        await request<string>("PATCH", path, documentOf(attributes, id), {
            text: true,
            headers: { "If-Match": etag },
        }),
    );
}

export async function create(attributes: JsonObject): Promise<Result<Versioned>> {
    return versioned(
        await request<string>("POST", company("consumers"), documentOf(attributes), { text: true }),
    );
}

/** The customer who has a value already, as the refusal names him. */
export function otherOf(error: ApiError): string | null {
    const other = error.meta?.["other_id"] ?? error.meta?.["id"];
    return typeof other === "string" ? other : null;
}

/** The document's attributes for changes by field: custom ones stand in an object of their own; undefined clears. */
export function attributesOf(changes: ReadonlyMap<string, Json | undefined>): JsonObject {
    const attributes = Object.create(null) as JsonObject;
    const custom = Object.create(null) as JsonObject;
    for (const [field, value] of changes) {
        const key = keyOf(field);
        if (key === null) attributes[field] = value ?? null;
        else custom[key] = value ?? null;
    }
    if (Object.keys(custom).length) attributes["custom_attributes"] = custom;
    return attributes;
}

/** All fields in which two of him differ. */
export function differing(a: Customer, b: Customer): string[] {
    const fields = new Set<string>();
    const own = (one: Customer) => {
        for (const field of Object.keys(one.attributes)) if (field !== "custom_attributes") fields.add(field);
        for (const key of Object.keys(customAttributes(one))) fields.add(ATTRIBUTE + key);
    };
    own(a);
    own(b);
    const text = (one: Customer, field: string) => {
        const value = valueOf(one, field);
        return value === undefined ? "" : writeJson(value);
    };
    return [...fields].filter((field) => field !== "updated_at" && text(a, field) !== text(b, field));
}

/** The field that an error is about; null: none. */
export function fieldOf(error: ApiError): string | null {
    const parts = error.pointer?.split("/").slice(1) ?? [];
    if (parts[0] !== "data" || parts[1] !== "attributes" || parts[2] === undefined) return null;
    if (parts[2] !== "custom_attributes") return parts[2];
    if (parts.length < 4) return null;
    return ATTRIBUTE + parts.slice(3).join("/").replaceAll("~1", "/").replaceAll("~0", "~");
}
