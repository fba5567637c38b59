// The kinds of pages that an address can mean; each area's routes.ts lists its own.
import type { Component } from "svelte";
import type { Right } from "./session.svelte.ts";

export type Section = "overview" | "customers" | "imports" | "developers" | "audit" | "settings" | "account";

export interface Route {
    /** "/imports/{id}"; the page is given `id` as a property. */
    pattern: string;
    /** The page, loaded when it is first gone to. */
    load: () => Promise<{ default: Component<any> }>;
    /** What is marked in the rail. */
    section: Section;
    /** Who may see it; "read" unless said. */
    right?: Right;
    /** Shown to who has no session, without the rail. */
    open?: true;
    /** A table that takes all the width there is. */
    wide?: true;
}
