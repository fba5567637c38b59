// The company's tokens, and the keys of those that were shown: these stay in the memory of the page alone.
import { company, get, send, type Many, type One, type Result } from "../../lib/api.ts";

export interface Token {
    name: string;
    scopes: string[];
    created_at: string;
    expires_at: string | null;
    last_used_at: string | null;
    revoked_at: string | null;
    /** In the answer to who makes or reveals it. */
    key?: string;
}

export const SCOPES = ["consumers:read", "consumers:write", "imports", "exports", "admin"] as const;

export function listTokens(signal: AbortSignal): Promise<Result<Many<Token>>> {
    return get(company("tokens"), undefined, { signal });
}

export function createToken(attributes: {
    name: string;
    scopes: string[];
    expires_at: string | null;
}): Promise<Result<One<Token>>> {
    return send("POST", company("tokens"), { data: { type: "tokens", attributes } });
}

export function revealToken(id: string, password: string): Promise<Result<One<Token>>> {
    const attributes = { password };
    return send("POST", company(`tokens/${id}/reveal`), { data: { type: "tokens", id, attributes } });
}

export function revokeToken(id: string): Promise<Result<undefined>> {
    return send("DELETE", company(`tokens/${id}`));
}

export function isLive(token: Token): boolean {
    return !token.revoked_at && !(token.expires_at && Date.parse(token.expires_at) <= Date.now());
}
