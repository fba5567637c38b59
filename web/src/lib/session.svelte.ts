// Who is here, in which companies, with which rights.
import { setZone } from "./zone.svelte.ts";

export type Role = "company_moderator" | "company_manager" | "company_admin" | "admin";

export interface Company {
    id: string;
    name: string;
    zone: string;
    role: Role;
}
export interface SessionAttributes {
    csrf_token: string;
    user: { id: string; email: string; role: Role };
    companies: Company[];
    upload_limit_bytes: number;
    version: string;
}
/** read: customers, imports, exports; write: to change them; company: tokens, users, settings, the log; all: every company. */
export type Right = "read" | "write" | "company" | "all";

const RIGHTS: Record<Role, Right[]> = {
    company_moderator: ["read"],
    company_manager: ["read", "write"],
    company_admin: ["read", "write", "company"],
    admin: ["read", "write", "company", "all"],
};

const LAST = "company";

function lastCompany(): string {
    try {
        return localStorage.getItem(LAST) ?? "";
    } catch {
        return "";
    }
}

class Session {
    /** unknown: the server was not asked yet; none: nobody is logged in; ended: was, and a login is asked for. */
    state = $state<"unknown" | "none" | "setup" | "open" | "ended">("unknown");
    attributes = $state.raw<SessionAttributes | null>(null);
    id = $state("");
    #chosen = $state("");
    #waiting: ((again: boolean) => void)[] = [];

    get isOpen(): boolean {
        return this.state === "open" || this.state === "ended";
    }
    get csrfToken(): string {
        return this.attributes?.csrf_token ?? "";
    }
    get user() {
        return this.attributes?.user ?? null;
    }
    get companies(): Company[] {
        return this.attributes?.companies ?? [];
    }
    /** The company that is shown; null when there is none. */
    get company(): Company | null {
        return this.companies.find((one) => one.id === this.#chosen) ?? this.companies[0] ?? null;
    }
    get companyId(): string {
        return this.company?.id ?? "";
    }
    /** With several companies addresses name theirs. */
    get severalCompanies(): boolean {
        return this.companies.length > 1;
    }

    can(right: Right): boolean {
        const role = this.company?.role ?? this.user?.role;
        return role ? RIGHTS[role].includes(right) : false;
    }

    /** What the server said about who is here. */
    open(id: string, attributes: SessionAttributes): void {
        const other = this.attributes !== null && this.attributes.user.id !== attributes.user.id;
        this.id = id;
        this.attributes = attributes;
        if (!this.companies.some((one) => one.id === this.#chosen)) this.#chosen = lastCompany();
        if (this.company) setZone(this.company.zone);
        this.state = "open";
        // Somebody else logged in above this page: what it shows is not theirs.
        if (other) location.assign("/cabinet/");
        for (const go of this.#waiting.splice(0)) go(!other);
    }

    /** Shows another company from now on. */
    choose(id: string): void {
        if (!this.companies.some((one) => one.id === id)) return;
        this.#chosen = id;
        if (this.company) setZone(this.company.zone);
        try {
            localStorage.setItem(LAST, id);
        } catch {
            // The address still names it.
        }
    }

    /** A company's name or zone changed. */
    renamed(id: string, name: string, zone: string): void {
        if (!this.attributes) return;
        const companies = this.companies.map((one) => (one.id === id ? { ...one, name, zone } : one));
        this.attributes = { ...this.attributes, companies };
        if (this.company) setZone(this.company.zone);
    }

    nobody(setupNeeded: boolean): void {
        this.attributes = null;
        this.state = setupNeeded ? "setup" : "none";
        for (const go of this.#waiting.splice(0)) go(false);
    }

    /** The session ended while a page is open: resolves when somebody has logged in again. */
    again(): Promise<boolean> {
        this.state = "ended";
        return new Promise((resolve) => this.#waiting.push(resolve));
    }
}

export const session = new Session();
