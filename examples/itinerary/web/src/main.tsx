import { Headway } from "@headway-run/client";
import { createStatus } from "@headway-run/client/status";
import { HeadwayProvider } from "@headway-run/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App.tsx";
import { here } from "./api.ts";
import { createLine } from "./breaking/line.ts";
import "./styles/index.css";

const line = createLine();
const record = createStatus({ fetch: line.fetch });
const headway = new Headway({ baseUrl: here("headway"), fetch: record.fetch, observe: record.observe });

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <HeadwayProvider client={headway}>
        <App line={line} record={record} />
      </HeadwayProvider>
    </StrictMode>,
  );
}
