import { VERSION } from "@headway-run/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <p>Headway {VERSION}</p>
    </StrictMode>,
  );
}
