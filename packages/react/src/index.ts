export { VERSION } from "@headway-run/client";
