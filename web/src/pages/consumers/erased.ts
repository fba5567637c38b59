// What the server answers when a customer was erased everywhere.
export interface Erased {
    meta?: {
        removed?: Record<string, number>;
        later?: { what: string; count?: number; until: string | null }[];
    };
}
