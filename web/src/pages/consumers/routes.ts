// The customers: the list and each one's page.
import type { Route } from "../../lib/routes.ts";

export const consumers: Route[] = [
    { pattern: "/consumers", load: () => import("./list.svelte"), section: "customers", wide: true },
    { pattern: "/consumers/new", load: () => import("./new.svelte"), section: "customers", right: "write" },
    { pattern: "/consumers/exports", load: () => import("./exports.svelte"), section: "customers" },
    { pattern: "/consumers/{id}", load: () => import("./one.svelte"), section: "customers" },
];
