import { texts } from "../lib/i18n.svelte.ts";
import { en } from "./en/settings.ts";
import { ru } from "./ru/settings.ts";

export const settings = texts({ ru, en });
