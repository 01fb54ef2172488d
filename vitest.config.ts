import { defaultClientConditions } from "vite";
import { defineConfig } from "vitest/config";

const conditions = ["@headway-run/source", ...defaultClientConditions];
const threshold = { statements: 90, branches: 90, functions: 90, lines: 90 };

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    environment: "happy-dom",
    include: ["packages/*/test/**/*.test.{ts,tsx}", "examples/*/web/test/**/*.test.{ts,tsx}"],
    testTimeout: 30_000, // lint, types and these tests share two cores
    restoreMocks: true,
    unstubGlobals: true,
    coverage: {
      provider: "v8",
      include: ["packages/*/src/**/*.{ts,tsx}"],
      exclude: ["**/*.gen.ts"],
      reporter: ["text", "lcovonly"],
      thresholds: { "packages/client/src/**": threshold, "packages/react/src/**": threshold },
    },
  },
});
