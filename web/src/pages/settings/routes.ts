import type { Route } from "../../lib/routes.ts";

export const settings: Route[] = [];
