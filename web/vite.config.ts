import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, loadEnv } from "vite";

// Where a running server answers while the app is developed: ./dev web.
const server = loadEnv("", ".", "CLIENTELE_")["CLIENTELE_URL"] ?? "http://127.0.0.1:8080";

/** Which file a module goes into: its area's, or the one that every page needs. */
function areaOf(module: string): string | undefined {
    const area = /\/src\/(?:pages|messages\/(?:ru|en)|messages)\/(\w+)/.exec(module)?.[1];
    if (area === undefined || module.endsWith("/routes.ts"))
        return /\/src\/|\/svelte\//.test(module) ? "app" : undefined;
    if (["developers", "settings", "audit", "overview"].includes(area)) return "office";
    return ["consumers", "imports"].includes(area) ? area : "app";
}

export default defineConfig({
    base: "/cabinet/",
    plugins: [svelte()],
    build: {
        target: "es2022",
        // The page's policy forbids inline scripts, and nothing may come from a data: address but images.
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        reportCompressedSize: false,
        chunkSizeWarningLimit: 200,
        minify: "terser",
        terserOptions: { module: true, compress: { passes: 2 } },
        // One file for an area: many small ones pack badly.
        rollupOptions: { output: { manualChunks: areaOf } },
    },
    server: {
        // The server refuses what another site sends: it has to see the address that the browser sees.
        proxy: Object.fromEntries(
            ["/cabinet/api", "/v4", "/docs"].map((path) => [path, { target: server, changeOrigin: false }]),
        ),
    },
});
