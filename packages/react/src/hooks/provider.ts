import { Headway } from "@headway-run/client";
import { createContext, createElement, type ReactNode, useContext } from "react";

const Context = createContext<Headway | null>(null);
/** Where no provider says otherwise: Headway at the root of the page's own origin. */
let shared: Headway | undefined;

export interface HeadwayProviderProps {
  client: Headway;
  children?: ReactNode;
}

/** Say which Headway server the hooks below it talk to, and as whom. */
export function HeadwayProvider({ client, children }: HeadwayProviderProps): ReactNode {
  // React 18 knows no context that is its own provider.
  return createElement(Context.Provider, { value: client }, children);
}

/** Return the client of the nearest provider, or one for the page's own origin. */
export function useHeadway(): Headway {
  const client = useContext(Context);
  if (client) return client;
  shared ??= new Headway();
  return shared;
}
