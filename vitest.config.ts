import { fileURLToPath } from "node:url";
import { defaultClientConditions } from "vite";
import { defineConfig } from "vitest/config";

const conditions = ["@headway-run/source", ...defaultClientConditions];
const threshold = { statements: 90, branches: 90, functions: 90, lines: 90 };
const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    environment: "happy-dom",
    testTimeout: 30_000, // lint, types and these tests share two cores
    restoreMocks: true,
    unstubGlobals: true,
    projects: [
      {
        extends: true,
        test: {
          name: "all",
          include: ["packages/*/test/**/*.test.{ts,tsx}", "examples/*/web/test/**/*.test.{ts,tsx}"],
        },
      },
      {
        // The same tests with the oldest React there is for them.
        extends: true,
        resolve: {
          alias: {
            react: at("tests/react18/node_modules/react"),
            "react-dom": at("tests/react18/node_modules/react-dom"),
            // As a module: what it requires in its other form is always the newest React.
            "@testing-library/react": at("node_modules/@testing-library/react/dist/@testing-library/react.esm.js"),
          },
        },
        test: {
          name: "react 18",
          include: ["packages/react/test/**/*.test.tsx"],
          server: { deps: { inline: [/@testing-library/] } },
        },
      },
    ],
    coverage: {
      provider: "v8",
      include: ["packages/*/src/**/*.{ts,tsx}"],
      exclude: ["**/*.gen.ts"],
      reporter: ["text", "lcovonly"],
      thresholds: { "packages/client/src/**": threshold, "packages/react/src/**": threshold },
    },
  },
});
