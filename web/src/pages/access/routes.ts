// Who has no session yet.
import type { Route } from "../../lib/routes.ts";

export const access: Route[] = [
    { pattern: "/login", load: () => import("./login.svelte"), section: "account", open: true },
    { pattern: "/setup", load: () => import("./setup.svelte"), section: "account", open: true },
    { pattern: "/invite", load: () => import("./invite.svelte"), section: "account", open: true },
];
