import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The built console is embedded into the server, which serves it at "/" under
// a strict content security policy: it replaces the nonce below in index.html
// with a fresh one for each page, and Ant Design signs its styles with it.
export default defineConfig({
  plugins: [react()],
  html: { cspNonce: "__CSP_NONCE__" },
  build: {
    outDir: "../internal/server/console/dist",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
    rolldownOptions: {
      output: {
        // Libraries change less often than our code: browsers keep them. What draws
        // graphs comes with the pages that show some.
        manualChunks: (id) => (id.includes("@dagrejs") ? "graph" : id.includes("node_modules") ? "vendor" : undefined),
      },
    },
  },
  server: {
    proxy: {
      "/api": { target: process.env.BAIZE_URL ?? "https://127.0.0.1:8443", secure: false },
    },
  },
});
