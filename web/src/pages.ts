// All pages; the first pattern that fits wins.
import { match } from "./lib/router.svelte.ts";
import type { Route } from "./lib/routes.ts";
import { access } from "./pages/access/routes.ts";
import { audit } from "./pages/audit/routes.ts";
import { consumers } from "./pages/consumers/routes.ts";
import { developers } from "./pages/developers/routes.ts";
import { imports } from "./pages/imports/routes.ts";
import { overview } from "./pages/overview/routes.ts";
import { settings } from "./pages/settings/routes.ts";

const all: Route[] = [...access, ...overview, ...consumers, ...imports, ...developers, ...audit, ...settings];

export function find(path: string): { route: Route; params: Record<string, string> } | null {
    for (const route of all) {
        const params = match(route.pattern, path);
        if (params) return { route, params };
    }
    return null;
}
