import { HeadwayProvider } from "@headway-run/react";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { headway } from "./client.ts";
import { makeRouter } from "./router.tsx";
import { applyTheme, storedTheme } from "./shell/theme.ts";
import "./styles/index.css";

applyTheme(storedTheme());

const root = document.getElementById("root");
if (!root) throw new Error("the page has no element #root");
createRoot(root).render(
  <StrictMode>
    <HeadwayProvider client={headway}>
      <RouterProvider router={makeRouter()} />
    </HeadwayProvider>
  </StrictMode>,
);
