/** A run without a framework. */

import { wanted } from "./address.ts";

const { recorder, run } = wanted();
const main = document.querySelector("main") as HTMLElement;

recorder.listen(run);
run.subscribe(() => {
  const { connection, error, run: state } = run.getSnapshot();
  main.textContent = error?.message ?? `${state?.status ?? "nothing yet"}, event ${state?.seq}, ${connection.state}`;
});
