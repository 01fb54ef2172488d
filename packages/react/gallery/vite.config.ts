import react from "@vitejs/plugin-react";
import { defaultClientConditions, defineConfig } from "vite";

/** All components in all their states: `npm run gallery -w @headway-run/react`. */
export default defineConfig({
  base: "./",
  plugins: [react()],
  resolve: { conditions: ["@headway-run/source", ...defaultClientConditions] },
  build: { target: "es2022" },
});
