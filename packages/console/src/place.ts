/** Where this app is: known only at run time, because Headway may be mounted anywhere. */

/** Path of the app's root, ending with a slash: the server writes it into the page's `<base>`. */
export function consolePath(baseUri: string = document.baseURI): string {
  return new URL(".", baseUri).pathname;
}

/** Path Headway itself is mounted at, without a slash at its end; "" at the root. */
export function headwayPath(baseUri: string = document.baseURI): string {
  return new URL("..", new URL(".", baseUri)).pathname.replace(/\/$/, "");
}
