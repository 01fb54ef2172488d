import { HeadwayProvider } from "@headway-run/react";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { headway } from "./client.ts";
import { makeRouter } from "./router.tsx";
import { loadAll } from "./shell/parts.ts";
import { applyTheme, storedTheme } from "./shell/theme.ts";
import "./styles/index.css";

/** A page has asked for what it shows by then. */
const IDLE_MS = 1_000;

applyTheme(storedTheme());

const router = makeRouter();
const root = document.getElementById("root");
if (!root) throw new Error("the page has no element #root");
createRoot(root).render(
  <StrictMode>
    <HeadwayProvider client={headway}>
      <RouterProvider router={router} />
    </HeadwayProvider>
  </StrictMode>,
);

/** After the first page there is time for the others. */
const stop = router.subscribe("onResolved", () => {
  stop();
  setTimeout(() => void loadAll(), IDLE_MS);
});
