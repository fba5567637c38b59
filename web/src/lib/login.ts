// The requests about sessions, and what they mean for the one of this page.
import { get, ROOT, send, type One, type Result } from "./api.ts";
import { session, type SessionAttributes } from "./session.svelte.ts";

const SESSION = `${ROOT}/session`;

function opened(result: Result<One<SessionAttributes>>): Result<One<SessionAttributes>> {
    if (result.ok) session.open(result.value.data.id, result.value.data.attributes);
    return result;
}

/** Asks who is here. */
export async function whoIsHere(): Promise<void> {
    const result = opened(await get<One<SessionAttributes>>(SESSION, undefined, { anonymous: true }));
    if (!result.ok) session.nobody((result.meta ?? result.error.meta)?.["setup_needed"] === true);
}

export async function login(
    email: string,
    password: string,
    companyId?: string,
): Promise<Result<One<SessionAttributes>>> {
    const attributes = { email, password, ...(companyId && { company_id: companyId }) };
    return opened(
        await send("POST", SESSION, { data: { type: "sessions", attributes } }, { anonymous: true }),
    );
}

export async function setUp(attributes: {
    code: string;
    company: string;
    zone: string;
    email: string;
    password: string;
}): Promise<Result<One<SessionAttributes>>> {
    return opened(
        await send("POST", `${ROOT}/setup`, { data: { type: "setups", attributes } }, { anonymous: true }),
    );
}

export interface Invitation {
    company: string;
    email: string;
    role: string;
    purpose?: string;
}

export function invitation(secret: string): Promise<Result<One<Invitation>>> {
    return send(
        "POST",
        `${ROOT}/invitation`,
        { data: { type: "invitations", attributes: { secret } } },
        { anonymous: true },
    );
}

export async function acceptInvitation(
    secret: string,
    password: string,
): Promise<Result<One<SessionAttributes>>> {
    return opened(
        await send(
            "POST",
            `${ROOT}/invitation/accept`,
            { data: { type: "invitations", attributes: { secret, password } } },
            { anonymous: true },
        ),
    );
}

export async function logout(): Promise<void> {
    await send("DELETE", SESSION, undefined, { anonymous: true });
    session.nobody(false);
}
