import react from "@vitejs/plugin-react";
import { defaultClientConditions, defineConfig } from "vite";

/** The benchmark builds it into a folder of its own. */
export default defineConfig({
  base: "./",
  plugins: [react()],
  resolve: { conditions: ["@headway-run/source", ...defaultClientConditions] },
  build: { target: "es2022", rolldownOptions: { input: ["headway.html", "naive.html"] } },
});
