/** Which page the address bar names. A trip is named by its run, so that a reload or another browser shows it, too. */

export type Route = { page: "home" } | { page: "trip"; id: string };

const TRIP = /^#\/trips\/([\w-]+)$/;

export function parseRoute(hash: string): Route {
  const id = TRIP.exec(hash)?.[1];
  return id ? { page: "trip", id } : { page: "home" };
}

export const HOME = "#/";

export function tripHref(id: string): string {
  return `#/trips/${id}`;
}
