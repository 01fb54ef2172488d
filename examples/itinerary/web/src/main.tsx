import { Headway } from "@headway-run/client";
import { HeadwayProvider } from "@headway-run/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App.tsx";
import { here } from "./api.ts";
import { createLine } from "./breaking/line.ts";
import "@headway-run/react/styles.css";
import "./styles.css";

const line = createLine();
const headway = new Headway({ baseUrl: here("headway"), fetch: line.fetch });

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <HeadwayProvider client={headway}>
        <App line={line} />
      </HeadwayProvider>
    </StrictMode>,
  );
}
