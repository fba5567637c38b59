// The server's JSON:API, typed.  Errors are values: nothing here throws but for a mistake of ours.
//
// A session that ended does not fail a request: the page stays as it is, a login is shown above it, and the request
// goes on afterwards.  A read that the server does not answer is asked again until it does; a write is not, for
// nobody can tell whether it was done: its error says `unreachable`.
import { isCut, noteAnswer, noteCut, pause } from "./connection.svelte.ts";
import { language } from "./i18n.svelte.ts";
import { session } from "./session.svelte.ts";

export interface ApiError {
    status: number;
    /** For programs: `email_taken`; `unreachable` when there was no answer at all. */
    code: string;
    title: string;
    /** For people, in the language of the page. */
    detail: string;
    /** Which member of the document, "/data/attributes/email". */
    pointer?: string;
    /** Which parameter of the query. */
    parameter?: string;
    meta?: Record<string, unknown>;
}

export type Result<T> =
    | { ok: true; value: T; status: number; headers: Headers }
    | {
          ok: false;
          /** The first of errors; there is always one. */
          error: ApiError;
          errors: ApiError[];
          status: number;
          /** What the server asks to wait, when it does. */
          retryAfterS?: number;
          requestId?: string;
          /** `meta` of the document. */
          meta?: Record<string, unknown>;
      };

export interface Identifier {
    type: string;
    id: string;
}
export interface Resource<
    A,
    R = Record<string, { data: Identifier | Identifier[] | null }>,
> extends Identifier {
    attributes: A;
    relationships?: R;
    links?: Record<string, string>;
    meta?: Record<string, unknown>;
}
export interface Document<D, M = Record<string, unknown>> {
    data: D;
    included?: Resource<Record<string, unknown>>[];
    links?: Record<string, string | null>;
    meta?: M;
}
/** One resource with attributes A. */
export type One<A> = Document<Resource<A>>;
/** A list of them. */
export type Many<A> = Document<Resource<A>[]>;

export type Query = Record<string, string | number | boolean | null | undefined>;

export interface Options {
    query?: Query;
    signal?: AbortSignal;
    headers?: Record<string, string>;
    /** A read that is not repeated when the server does not answer: polling asks again anyway. */
    once?: boolean;
    /** A 401 is an answer like others: login itself. */
    anonymous?: boolean;
    /** The value is the text of the answer, for who reads it in a way of his own. */
    text?: boolean;
}

export const ROOT = "/cabinet/api";

/** The address of something of the company that is shown: company("consumers/17"). */
export function company(path: string): string {
    return `${ROOT}/companies/${encodeURIComponent(session.companyId)}/${path}`;
}

/** An address with its query; what is null or undefined is left out. */
export function address(path: string, query?: Query): string {
    const given = new URLSearchParams();
    for (const [name, value] of Object.entries(query ?? {}))
        if (value !== null && value !== undefined) given.set(name, String(value));
    const text = given.toString();
    return text ? `${path}${path.includes("?") ? "&" : "?"}${text}` : path;
}

/** A document for a write: document("tokens", { name }). */
export function document(type: string, attributes: object, id?: string): object {
    return { data: id === undefined ? { type, attributes } : { type, id, attributes } };
}

function failure(status: number, code: string, detail: string): Result<never> {
    const error = { status, code, title: detail, detail };
    return { ok: false, error, errors: [error], status };
}

const words = {
    ru: {
        unreachable:
            "Сервер не ответил. Проверьте соединение и повторите: введённое сохранено на этой странице.",
        broken: (status: number) => `Сервер ответил кодом ${status} без пояснения. Повторите позже.`,
    },
    en: {
        unreachable:
            "The server did not answer. Check the connection and try again: what you typed is still on this page.",
        broken: (status: number) => `The server answered ${status} without saying why. Try again later.`,
    },
};

interface Raw {
    status?: string | number;
    code?: string;
    title?: string;
    detail?: string;
    source?: { pointer?: string; parameter?: string };
    meta?: Record<string, unknown>;
}

async function refusal(answer: Response): Promise<Result<never>> {
    let raw: Raw[] = [];
    let meta: Record<string, unknown> | undefined;
    try {
        const body = (await answer.json()) as { errors?: Raw[] | Raw; meta?: Record<string, unknown> };
        raw = Array.isArray(body.errors) ? body.errors : body.errors ? [body.errors] : [];
        meta = body.meta;
    } catch {
        // No document: the status alone has to do.
    }
    if (!raw.length) raw = [{}];
    const errors = raw.map((one): ApiError => {
        const detail = one.detail ?? one.title ?? words[language()].broken(answer.status);
        return {
            status: answer.status,
            code: one.code ?? "unknown",
            title: one.title ?? detail,
            detail,
            ...(one.source?.pointer !== undefined && { pointer: one.source.pointer }),
            ...(one.source?.parameter !== undefined && { parameter: one.source.parameter }),
            ...(one.meta && { meta: one.meta }),
        };
    });
    const wait = Number(answer.headers.get("Retry-After"));
    const requestId = answer.headers.get("X-Request-Id");
    return {
        ok: false,
        error: errors[0]!,
        errors,
        status: answer.status,
        ...(wait > 0 && { retryAfterS: wait }),
        ...(requestId && { requestId }),
        ...(meta && { meta }),
    };
}

function headersFor(method: string, body: unknown, options: Options): Record<string, string> {
    const headers: Record<string, string> = {
        Accept: "application/vnd.api+json",
        "Accept-Language": language(),
        ...options.headers,
    };
    if (method !== "GET" && method !== "HEAD") {
        headers["X-CSRF-Token"] = session.csrfToken || "1";
        // Also without a body: the server takes no request that a form could send.
        if (!(body instanceof Blob)) headers["Content-Type"] ??= "application/vnd.api+json";
    }
    return headers;
}

/** A text is a document that is written already. */
function bodyOf(body: unknown): BodyInit | null {
    if (body === undefined) return null;
    return body instanceof Blob || typeof body === "string" ? body : JSON.stringify(body);
}

/** Asks the server for anything; get() and send() are what pages use. */
export async function request<T>(
    method: string,
    path: string,
    body?: unknown,
    options: Options = {},
): Promise<Result<T>> {
    const reading = method === "GET" || method === "HEAD";
    for (let attempt = 0; ; attempt++) {
        let answer: Response;
        try {
            answer = await fetch(address(path, options.query), {
                method,
                headers: headersFor(method, body, options),
                body: bodyOf(body),
                credentials: "same-origin",
                redirect: "error",
                cache: "no-store",
                ...(options.signal && { signal: options.signal }),
            });
        } catch {
            if (options.signal?.aborted) return failure(0, "aborted", "");
            noteCut();
            if (!reading || options.once) return failure(0, "unreachable", words[language()].unreachable);
            await pause(attempt, options.signal);
            continue;
        }
        // A server that is being restarted stands behind a proxy that says so.
        if ([502, 503, 504].includes(answer.status) && reading && !options.once) {
            noteCut();
            await pause(attempt, options.signal);
            if (options.signal?.aborted) return failure(0, "aborted", "");
            continue;
        }
        if (isCut()) noteAnswer();
        if (answer.status === 401 && !options.anonymous && session.isOpen) {
            if (await session.again()) continue;
            return refusal(answer);
        }
        if (!answer.ok) return refusal(answer);
        try {
            const text = answer.status === 204 ? "" : await answer.text();
            const value = (options.text ? text : text ? JSON.parse(text) : undefined) as T;
            return { ok: true, value, status: answer.status, headers: answer.headers };
        } catch {
            if (options.signal?.aborted) return failure(0, "aborted", "");
            return failure(answer.status, "unreadable", words[language()].broken(answer.status));
        }
    }
}

export function get<T>(path: string, query?: Query, options: Options = {}): Promise<Result<T>> {
    return request<T>("GET", path, undefined, query ? { ...options, query } : options);
}

export function send<T = undefined>(
    method: "POST" | "PUT" | "PATCH" | "DELETE",
    path: string,
    body?: unknown,
    options: Options = {},
): Promise<Result<T>> {
    return request<T>(method, path, body, options);
}

/**
 * Errors by the field they are about, the last part of their pointer: { email: "is already taken" }.  Several of one
 * field are one text.  What is about no field of `known` stands under "".
 */
export function byField(errors: ApiError[], known: readonly string[]): Record<string, string> {
    const found: Record<string, string> = {};
    for (const error of errors) {
        const field = error.pointer?.split("/").pop() ?? "";
        const key = known.includes(field) ? field : "";
        found[key] = found[key] ? `${found[key]} ${error.detail}` : error.detail;
    }
    return found;
}
