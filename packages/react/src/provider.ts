import { Headway } from "@headway-run/client";
import { createContext, createElement, type ReactNode, useContext } from "react";

const Context = createContext<Headway | null>(null);
/** Where no provider says otherwise: Headway as found from this file's address, or at the root of the page's origin. */
let shared: Headway | undefined;

/** Say which Headway server the hooks below it talk to. */
export function HeadwayProvider({ client, children }: { client: Headway; children?: ReactNode }): ReactNode {
  return createElement(Context, { value: client }, children);
}

/** Return the client of the nearest provider, or one for the page's own origin. */
export function useHeadway(): Headway {
  const client = useContext(Context);
  if (client) return client;
  shared ??= new Headway();
  return shared;
}
