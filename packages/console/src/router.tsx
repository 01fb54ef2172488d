/** The pages of the app and their addresses. Each is loaded when it is first opened. */

import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { readJobsSearch } from "./jobs/search.ts";
import { consolePath } from "./place.ts";
import { readRunSearch } from "./run/search.ts";
import { readRunsSearch } from "./runs/search.ts";
import { parseSearch, stringifySearch } from "./search.ts";
import { Broken, NotFound } from "./shell/Broken.tsx";
import { Shell } from "./shell/Shell.tsx";

const rootRoute = createRootRoute({ component: Shell, notFoundComponent: NotFound, errorComponent: Broken });

export const runsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/",
  validateSearch: readRunsSearch,
  component: lazyRouteComponent(() => import("./runs/RunsPage.tsx"), "RunsPage"),
});

export const runRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/runs/$runId",
  validateSearch: readRunSearch,
  component: lazyRouteComponent(() => import("./run/RunPage.tsx"), "RunPage"),
});

export const jobsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/jobs",
  validateSearch: readJobsSearch,
  component: lazyRouteComponent(() => import("./jobs/JobsPage.tsx"), "JobsPage"),
});

export const systemRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/system",
  component: lazyRouteComponent(() => import("./system/SystemPage.tsx"), "SystemPage"),
});

const routeTree = rootRoute.addChildren([runsRoute, runRoute, jobsRoute, systemRoute]);

export function makeRouter() {
  return createRouter({
    routeTree,
    basepath: consolePath(),
    parseSearch,
    stringifySearch,
    scrollRestoration: true,
    defaultPreload: "intent",
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
