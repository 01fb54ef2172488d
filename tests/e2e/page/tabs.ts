/** A run without a framework, watched by several tabs over one connection. */

import { share } from "@headway-run/client/share";
import { wanted } from "./address.ts";

const name = new URLSearchParams(location.search).get("run") ?? "";
const { recorder, run } = wanted({ stream: share({ name }) });
recorder.overhear(`headway ${name}`);
recorder.listen(run);
