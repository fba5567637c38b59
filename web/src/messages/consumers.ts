import { texts } from "../lib/i18n.svelte.ts";
import { en } from "./en/consumers.ts";
import { ru } from "./ru/consumers.ts";

export const words = texts({ ru, en });
