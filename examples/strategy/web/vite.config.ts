import react from "@vitejs/plugin-react";
import { defaultClientConditions, defineConfig } from "vite";

/** Built into the example's Python side, which serves the page. */
export default defineConfig({
  base: "./",
  plugins: [react()],
  resolve: { conditions: ["@headway-run/source", ...defaultClientConditions] },
  build: { target: "es2022", outDir: "../static", emptyOutDir: true },
});
