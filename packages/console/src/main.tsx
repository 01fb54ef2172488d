import { HeadwayProvider } from "@headway-run/react";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { shouldRetry } from "./api.ts";
import { headway } from "./client.ts";
import { makeRouter } from "./router.tsx";
import { applyTheme, storedTheme } from "./shell/theme.ts";
import "./styles/index.css";

applyTheme(storedTheme());

const queries = new QueryClient({ defaultOptions: { queries: { retry: shouldRetry, staleTime: 5_000 } } });
const root = document.getElementById("root");
if (!root) throw new Error("the page has no element #root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <HeadwayProvider client={headway}>
        <RouterProvider router={makeRouter()} />
      </HeadwayProvider>
    </QueryClientProvider>
  </StrictMode>,
);
