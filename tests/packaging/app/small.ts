import { watchRun } from "@headway-run/client";

watchRun("run_1", { onState: ({ status }) => document.body.append(`${status}`) });
