// The people of a company.
import { company, get, send, type Many, type One, type Result } from "../../lib/api.ts";
import type { Role } from "../../lib/session.svelte.ts";

export interface User {
    email: string;
    role: Role;
    disabled: boolean;
    /** He was invited, and did not come yet. */
    invited?: boolean;
    has_password?: boolean;
    created_at: string;
}
export interface Invited {
    link: string;
    expires_at?: string | null;
}

export const ROLES = ["company_moderator", "company_manager", "company_admin"] as const;

export function listUsers(signal: AbortSignal): Promise<Result<Many<User>>> {
    return get(company("users"), undefined, { signal });
}
export function createUser(attributes: { email: string; role: string }): Promise<Result<One<User>>> {
    return send("POST", company("users"), { data: { type: "users", attributes } });
}
export function changeUser(
    id: string,
    attributes: { role?: string; disabled?: boolean },
): Promise<Result<One<User>>> {
    return send("PATCH", company(`users/${id}`), { data: { type: "users", id, attributes } });
}
export function deleteUser(id: string): Promise<Result<undefined>> {
    return send("DELETE", company(`users/${id}`));
}
export function inviteUser(id: string): Promise<Result<One<Invited>>> {
    return send("POST", company(`users/${id}/invitation`));
}
export function stateOf(user: User): "active" | "invited" | "disabled" {
    if (user.disabled) return "disabled";
    return user.invited === true || user.has_password === false ? "invited" : "active";
}
