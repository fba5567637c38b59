// What a company decides for itself, and each person about the account.
import type { Route } from "../../lib/routes.ts";

export const settings: Route[] = [
    { pattern: "/settings", load: () => import("./index.svelte"), section: "settings" },
    {
        pattern: "/settings/company",
        load: () => import("./company.svelte"),
        section: "settings",
        right: "company",
    },
    {
        pattern: "/settings/webhooks",
        load: () => import("./webhooks.svelte"),
        section: "settings",
        right: "company",
    },
    {
        pattern: "/settings/webhooks/{id}",
        load: () => import("./webhook.svelte"),
        section: "settings",
        right: "company",
    },
    {
        pattern: "/settings/users",
        load: () => import("./users.svelte"),
        section: "settings",
        right: "company",
    },
    {
        pattern: "/settings/companies",
        load: () => import("./companies.svelte"),
        section: "settings",
        right: "all",
    },
    { pattern: "/settings/account", load: () => import("./account.svelte"), section: "account" },
];
