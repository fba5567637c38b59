import type { Route } from "../../lib/routes.ts";

export const developers: Route[] = [];
