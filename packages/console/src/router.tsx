/** The pages of the app and their addresses. Each is loaded when it is first opened. */

import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { readJobsSearch } from "./jobs/search.ts";
import { consolePath } from "./place.ts";
import { readRunSearch } from "./run/search.ts";
import { readRunsSearch } from "./runs/search.ts";
import { parseSearch, stringifySearch } from "./search.ts";
import { Broken, NotFound } from "./shell/Broken.tsx";
import { part } from "./shell/parts.ts";
import { Shell } from "./shell/Shell.tsx";

const rootRoute = createRootRoute({ component: Shell, notFoundComponent: NotFound, errorComponent: Broken });

export const runsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/",
  validateSearch: readRunsSearch,
  component: lazyRouteComponent(
    part(() => import("./runs/RunsPage.tsx")),
    "RunsPage",
  ),
});

export const runRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/runs/$runId",
  validateSearch: readRunSearch,
  component: lazyRouteComponent(
    part(() => import("./run/RunPage.tsx")),
    "RunPage",
  ),
});

export const jobsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/jobs",
  validateSearch: readJobsSearch,
  component: lazyRouteComponent(
    part(() => import("./jobs/JobsPage.tsx")),
    "JobsPage",
  ),
});

/** What one guesses for the address of a job. */
const jobRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/jobs/$job",
  beforeLoad: ({ params: { job } }) => {
    throw redirect({ to: "/jobs", search: { job }, replace: true });
  },
});

export const systemRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/system",
  component: lazyRouteComponent(
    part(() => import("./system/SystemPage.tsx")),
    "SystemPage",
  ),
});

const routeTree = rootRoute.addChildren([runsRoute, runRoute, jobsRoute, jobRoute, systemRoute]);

export function makeRouter() {
  return createRouter({
    routeTree,
    basepath: consolePath(),
    parseSearch,
    stringifySearch,
    scrollRestoration: true,
    defaultPreload: "intent",
    defaultErrorComponent: Broken,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
