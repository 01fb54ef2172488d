import type { Headway, RunState } from "@headway-run/client";
import { onScopeDispose, type ShallowRef, shallowRef } from "vue";

/** The state of a run as a ref. The connection is closed with the component, or whatever scope it is used in. */
export function useRun(headway: Headway, id: string): Readonly<ShallowRef<RunState>> {
  const run = headway.run(id);
  const state = shallowRef(run.getSnapshot()); // what did not change is the same object: no need to look into it
  const end = run.subscribe(() => {
    state.value = run.getSnapshot();
  });
  onScopeDispose(end);
  return state;
}
